"""The options of two linear layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class DLinearOptions:
    """Options of ``models.dlinear``.

    Args:
        kernel: steps of the moving average, odd.

    """

    kernel: Annotated[int, ("ge", 1)] = 25
