"""The options of the plain loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class CrossEntropy:
    """The plain base loss; ``label_smoothing`` spreads that share of each target over all classes."""

    label_smoothing: Annotated[float, ("ge", 0), ("lt", 1)] = 0.0
