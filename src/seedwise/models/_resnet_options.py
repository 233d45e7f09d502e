"""The options of residual networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class ResNet14Options:
    """Options of ``models.resnet14``.

    Args:
        width: channels of the first stage; each later one has twice as many as the one before. With 64 it is the
            source's wide network, 2 736 330 parameters.

    """

    width: Annotated[int, ("ge", 1)] = 16


@dataclass(frozen=True)
class ResNet14WideOptions:
    """Options of ``models.resnet14_wide``.

    Args:
        width: channels of the first stage; each later one has twice as many as the one before.

    """

    width: Annotated[int, ("ge", 1)] = 64
