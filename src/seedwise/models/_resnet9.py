"""ResNet-9, the small residual network of fast training on CIFAR-10."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def _convolution(in_channels: int, channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]


class _Residual(nn.Module):
    """Two convolutions beside the identity, without an activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_convolution(channels, channels), *_convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.layers(x)
        return out


class ResNet9(nn.Module):
    """Eight convolutions, three of them followed by 2 x 2 max pooling, and a linear layer on the channels' maxima."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_convolution(in_channels, 64),
            *_convolution(64, 128),
            nn.MaxPool2d(2),
            _Residual(128),
            *_convolution(128, 256),
            nn.MaxPool2d(2),
            *_convolution(256, 512),
            nn.MaxPool2d(2),
            _Residual(512),
        )
        self.head = nn.Linear(512, num_classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        x = self.features(x)
        logits: Tensor = self.head(F.max_pool2d(x, x.shape[2:]).flatten(1)) / 8
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

    Source: Page 2018, "How to train your ResNet", part 4; the kind of network in Jordan 2023 (arXiv 2304.01910).

    """
    return ResNet9(in_channels, num_classes)
