"""ShuffleNet-V2 for small images."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _shuffle(x: Tensor) -> Tensor:
    """Interleave the two halves of the channels (B, C, H, W)."""
    # With channels last in between, so that the copy keeps that order in memory.
    batch, channels, height, width = x.shape
    halves = x.permute(0, 2, 3, 1).reshape(batch, height, width, 2, channels // 2)
    return halves.transpose(3, 4).flatten(3).permute(0, 3, 1, 2)


def _pointwise(in_channels: int, channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
    ]


class _Unit(nn.Module):
    """Half of the channels pass through, the other half is convolved; then both are mixed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(*_pointwise(half, half), *_depthwise(half, 1), *_pointwise(half, half))

    def forward(self, x: Tensor) -> Tensor:
        kept, changed = x.chunk(2, dim=1)
        return _shuffle(torch.cat((kept, self.branch(changed)), dim=1))


class _StridedUnit(nn.Module):
    """Both branches convolve all channels at half the height and width."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.left = nn.Sequential(*_depthwise(in_channels, 2), *_pointwise(in_channels, half))
        self.right = nn.Sequential(*_pointwise(in_channels, half), *_depthwise(half, 2), *_pointwise(half, half))

    def forward(self, x: Tensor) -> Tensor:
        return _shuffle(torch.cat((self.left(x), self.right(x)), dim=1))


class ShuffleNetV2(nn.Module):
    """A stem of 24 channels that keeps height and width, three stages that halve them, and a 1 x 1 head."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 24, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(24)
        self.relu = nn.ReLU()
        units: list[nn.Module] = []
        channels = 24
        for width, count in ((116, 4), (232, 8), (464, 4)):
            units += [_StridedUnit(channels, width), *(_Unit(width) for _ in range(count - 1))]
            channels = width
        self.units = nn.Sequential(*units)
        self.last = nn.Sequential(*_pointwise(channels, 1024))
        self.head = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        x = self.last(self.units(self.relu(self.bn(self.conv(x)))))
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


def shufflenet_v2(in_channels: int, num_classes: int) -> nn.Module:
    """ShuffleNet-V2 1x for small images; 1 263 854 parameters for 3 channels and 10 classes.

    Stem of stride 1 without pooling; stages of 4, 8 and 4 units with 116, 232 and 464 channels, the first unit of each
    strided; 1024 channels before the linear layer. Layers start as torch's do.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in shufflenet_v2(3, 10).parameters())
        1263854

    Source: Ma et al. 2018 (arXiv 1807.11164), table 5 and figure 3 (c, d).

    """
    return ShuffleNetV2(in_channels, num_classes)
