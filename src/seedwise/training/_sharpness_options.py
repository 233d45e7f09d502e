"""The options of sharpness-aware minimisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Sharpness:
    """Sharpness-aware minimisation: gradients at the weights plus ``rho`` times the direction of steepest ascent."""

    rho: Annotated[float, ("gt", 0)]
