"""The options of the plain convolutional networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True)
class ConvOptions:
    """Options of ``models.conv2``, ``models.conv4`` and ``models.conv6``.

    Args:
        bias: whether the layers have biases; networks whose weights are selected have none.
        width: channels of the first convolutions; all other layers are in proportion to it.
        padding: whether every convolution keeps height and width; if not, the first four of a network lose a pixel on
            each side, and only later ones keep them.
        dropout: share of features dropped before the first linear layer, and of units before the second; 0 to less
            than 1.
        init: how weights start: as torch's layers do, or ``glorot``.

    """

    bias: bool = True
    width: Annotated[int, ("ge", 1)] = 64
    padding: bool = True
    dropout: Annotated[float, ("ge", 0), ("lt", 1)] = 0.0
    init: Literal["torch", "glorot"] = "torch"
