"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import nn

from seedwise.models._conv import conv2, conv4, conv6
from seedwise.models._lenet import lenet5, lenet300
from seedwise.models._mobilenet import mobilenet_v2
from seedwise.models._resnet import resnet14, resnet14_wide, resnet18, resnet32
from seedwise.models._resnet9 import resnet9, resnet9_ffcv
from seedwise.models._shufflenet import shufflenet_v2
from seedwise.models._small_cnn import small_cnn
from seedwise.models._vgg import vgg16

MODELS: Final[dict[str, Callable[..., nn.Module]]] = {
    "small_cnn": small_cnn,
    "lenet300": lenet300,
    "lenet5": lenet5,
    "conv2": conv2,
    "conv4": conv4,
    "conv6": conv6,
    "resnet9": resnet9,
    "resnet9_ffcv": resnet9_ffcv,
    "resnet14": resnet14,
    "resnet14_wide": resnet14_wide,
    "resnet18": resnet18,
    "resnet32": resnet32,
    "vgg16": vgg16,
    "shufflenet_v2": shufflenet_v2,
    "mobilenet_v2": mobilenet_v2,
}
"""Each is called as ``make(in_channels, num_classes, **options)``; one with a parameter ``image_size`` gets it too."""
