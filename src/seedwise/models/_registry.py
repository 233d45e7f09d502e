"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from torch import nn

from seedwise.models._resnet import resnet14
from seedwise.models._small_cnn import small_cnn

MODELS: Final[dict[str, Callable[..., nn.Module]]] = {"small_cnn": small_cnn, "resnet14": resnet14}


def build(name: str, in_channels: int, num_classes: int, options: Mapping[str, Any]) -> nn.Module:
    """Return a freshly initialised network.

    Args:
        name: a key of ``MODELS``.
        in_channels: channels of the images.
        num_classes: number of logits.
        options: keyword arguments of the network.

    """
    return MODELS[name](in_channels, num_classes, **options)
