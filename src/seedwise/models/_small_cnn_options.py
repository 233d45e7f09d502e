"""The options of the small network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class SmallCNNOptions:
    """Options of ``models.small_cnn``: two convolutions and a linear layer.

    Args:
        width: channels of the first convolution; the second has twice as many.
        dropout: share of features dropped before the linear layer, 0 to less than 1.

    """

    width: Annotated[int, ("ge", 1)] = 16
    dropout: Annotated[float, ("ge", 0), ("lt", 1)] = 0.25
