"""MobileNet-V2 for small images."""

from __future__ import annotations

from torch import Tensor, nn

_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks, stride of the first block."""


def _pointwise(in_channels: int, channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels)]


class _Block(nn.Module):
    """Widen, convolve each channel by itself, narrow without activation; an identity where the shape stays."""

    def __init__(self, in_channels: int, channels: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = expansion * in_channels
        widen = [*_pointwise(in_channels, wide), nn.ReLU6()] if expansion > 1 else []
        self.layers = nn.Sequential(
            *widen,
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            *_pointwise(wide, channels),
        )
        self.identity = stride == 1 and in_channels == channels

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return x + out if self.identity else out


class MobileNetV2(nn.Module):
    """A stem of 32 channels that keeps height and width, seven stages of inverted residuals, and a 1 x 1 head."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(in_channels, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
        channels = 32
        for expansion, width, count, first_stride in _STAGES:
            for stride in (first_stride, *[1] * (count - 1)):
                layers.append(_Block(channels, width, stride, expansion))
                channels = width
        self.features = nn.Sequential(*layers, *_pointwise(channels, 1280), nn.ReLU6())
        self.head = nn.Linear(1280, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        logits: Tensor = self.head(self.features(x).mean((2, 3)))
        return logits


def mobilenet_v2(in_channels: int, num_classes: int) -> nn.Module:
    """MobileNet-V2 for small images; 2 236 682 parameters for 3 channels and 10 classes.

    The published stages with a stem of stride 1: a 32 x 32 image ends at 2 x 2. As published, only blocks that keep the
    shape have a shortcut and the first stage widens nothing; forms that add 1 x 1 convolutions in both places have
    60 000 parameters more. No dropout. Layers start as torch's do.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in mobilenet_v2(3, 10).parameters())
        2236682

    Source: Sandler et al. 2018 (arXiv 1801.04381), tables 1 and 2.

    """
    return MobileNetV2(in_channels, num_classes)
