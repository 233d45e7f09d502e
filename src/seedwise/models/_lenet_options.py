"""The options of the networks of handwritten digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LeNetOptions:
    """Options of ``models.lenet300`` and ``models.lenet5``.

    Args:
        bias: whether the layers have biases; networks whose weights are selected have none.
        init: how weights start: as torch's layers do, or ``glorot``.

    """

    bias: bool = True
    init: Literal["torch", "glorot"] = "torch"
