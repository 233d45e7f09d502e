"""The networks."""

from seedwise.models._registry import MODELS, build
from seedwise.models._resnet import ResNet, resnet14
from seedwise.models._small_cnn import small_cnn

__all__ = ["MODELS", "ResNet", "build", "resnet14", "small_cnn"]
