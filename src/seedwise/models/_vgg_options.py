"""The options of VGG-16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class VGGOptions:
    """Options of ``models.vgg16``.

    Args:
        bias: whether convolutions and the linear layer have biases; networks whose weights are selected have none.
        affine: whether batch norms have a scale and a shift; those of networks whose weights are selected have none.
        init: how weights start: as torch's layers do, or ``glorot``.

    """

    bias: bool = True
    affine: bool = True
    init: Literal["torch", "glorot"] = "torch"
