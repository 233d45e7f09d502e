"""The two networks called ResNet-9, the small residual networks of fast training on CIFAR-10."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.errors import SeedwiseError


def _convolution(
    in_channels: int, channels: int, kernel: int = 3, stride: int = 1, padding: int | None = None
) -> list[nn.Module]:
    padding = kernel // 2 if padding is None else padding
    convolution = nn.Conv2d(in_channels, channels, kernel, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU()]


class _Residual(nn.Module):
    """Two convolutions beside the identity, without an activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_convolution(channels, channels), *_convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out


class ResNet9(nn.Module):
    """Eight convolutions, two pairs of them residual, and a linear layer on the channels' maxima, times ``scale``."""

    def __init__(self, features: list[nn.Module], channels: int, num_classes: int, scale: float) -> None:
        super().__init__()
        self.features = nn.Sequential(*features)
        self.head = nn.Linear(channels, num_classes, bias=False)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        x = self.features(x)
        logits: Tensor = self.head(F.max_pool2d(x, x.shape[2:]).flatten(1)) * self.scale
        return logits


def resnet9(in_channels: int, num_classes: int) -> nn.Module:
    """ResNet-9: eight convolutions and a linear layer; 6 573 120 parameters for 3 channels and 10 classes.

    64, 128, pool, residual 128, 256, pool, 512, pool, residual 512, global max pooling; the logits are divided by 8.
    Layers start as torch's do.

    Args:
        in_channels: channels of the images (B, C, H, W), height and width at least 8.
        num_classes: number of logits.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in resnet9(3, 10).parameters())
        6573120

    Source: Page 2018, "How to train your ResNet", part 4.

    """
    features = [
        *_convolution(in_channels, 64),
        *_convolution(64, 128),
        nn.MaxPool2d(2),
        _Residual(128),
        *_convolution(128, 256),
        nn.MaxPool2d(2),
        *_convolution(256, 512),
        nn.MaxPool2d(2),
        _Residual(512),
    ]
    return ResNet9(features, 512, num_classes, 1 / 8)


def resnet9_ffcv(in_channels: int, num_classes: int, *, image_size: tuple[int, int] = (32, 32)) -> nn.Module:
    """FFCV's ResNet-9: eight convolutions and a linear layer; 2 274 880 parameters for 3 channels and 10 classes.

    64, 128 (5 x 5, stride 2), residual 128, 256, pool, residual 256, 128 (without padding), global max pooling; the
    logits are multiplied by .2. Layers start as torch's do.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 11; a study takes them from its dataset.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: if the images are too small.

    Example:
        >>> sum(p.numel() for p in resnet9_ffcv(3, 10).parameters())
        2274880

    Source: the CIFAR-10 example of FFCV (Leclerc et al. 2023, arXiv 2306.12517); the network of the program that Jordan
        published, CIFAR-isolated-randomness.

    """
    if min(image_size) < 11:
        raise SeedwiseError(
            f"resnet9_ffcv needs images of at least 11 x 11, not {image_size[0]} x {image_size[1]}: "
            "take resnet9 or small_cnn"
        )
    features = [
        *_convolution(in_channels, 64),
        *_convolution(64, 128, kernel=5, stride=2),
        _Residual(128),
        *_convolution(128, 256),
        nn.MaxPool2d(2),
        _Residual(256),
        *_convolution(256, 128, padding=0),
    ]
    return ResNet9(features, 128, num_classes, 0.2)
