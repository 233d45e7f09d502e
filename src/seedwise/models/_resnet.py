"""Residual networks for small images."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class _Block(nn.Module):
    """Two 3 x 3 convolutions around an identity; the shortcut has no convolution."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride = stride
        self.extra = channels - in_channels
        self.bn_shortcut = nn.BatchNorm2d(in_channels) if self.extra or stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        residual = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.bn_shortcut is not None:
            x = F.pad(self.bn_shortcut(x[:, :, :: self.stride, :: self.stride]), (0, 0, 0, 0, 0, self.extra))
        return F.relu(x + residual)


class ResNet(nn.Module):
    """Residual network with parameter-free strided shortcuts (but for a batch norm) and zero-padded channels.

    Convolutions start from Kaiming's normal distribution (fan out), and the last batch-norm scale of each block from 0,
    so that every block starts as the identity.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        blocks: blocks per stage.
        widths: channels per stage; every stage but the first halves height and width.

    Source: He et al. 2016; shortcuts and initialisation as in Summers & Dinneen 2021 (arXiv 2103.04514).

    """

    def __init__(self, in_channels: int, num_classes: int, blocks: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, widths[0], 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(widths[0])
        layers = []
        channels = widths[0]
        for stage, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            for k in range(count):
                layers.append(_Block(channels, width, 2 if stage > 0 and k == 0 else 1))
                channels = width
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, _Block):
                nn.init.zeros_(module.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        x = self.blocks(F.relu(self.bn(self.conv(x))))
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


def resnet14(in_channels: int, num_classes: int) -> nn.Module:
    """ResNet-14: three stages of two blocks, 16, 32 and 64 channels; 172 602 parameters for 3 channels and 10 classes.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in resnet14(3, 10).parameters())
        172602

    Source: Summers & Dinneen 2021 (arXiv 2103.04514).

    """
    return ResNet(in_channels, num_classes, (2, 2, 2), (16, 32, 64))
