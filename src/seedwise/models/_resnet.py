"""Residual networks for small images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.losses._parameters import takes
from seedwise.models._options import ResNet14Options, ResNet14WideOptions

Shortcut = Callable[[int, int, int], nn.Module]
"""From input channels, channels and stride to what stands in for the identity where the shape changes."""


class _Subsample(nn.Module):
    """Every ``stride``-th row and column, normalised if asked for, and zeros for the channels that are new."""

    def __init__(
        self, in_channels: int, channels: int, stride: int, norm: Callable[[int], nn.Module] = nn.Identity
    ) -> None:
        super().__init__()
        self.norm = norm(in_channels)
        self.stride = stride
        self.extra = channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(self.norm(x[:, :, :: self.stride, :: self.stride]), (0, 0, 0, 0, 0, self.extra))


def _projection(in_channels: int, channels: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))


class _Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, in_channels: int, channels: int, stride: int, shortcut: Shortcut) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        same = in_channels == channels and stride == 1
        self.shortcut = nn.Identity() if same else shortcut(in_channels, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out: Tensor = self.relu(self.shortcut(x) + inner)
        return out


class ResNet(nn.Module):
    """Residual network of basic blocks, with a 3 x 3 stem that keeps height and width.

    Convolutions start from Kaiming's normal distribution (fan out), and the last batch-norm scale of each block from 0,
    so that every block starts as its shortcut.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        blocks: blocks per stage.
        widths: channels per stage; every stage but the first halves height and width.
        shortcut: makes the shortcut of the blocks that change the shape.

    Source: He et al. 2016 (arXiv 1512.03385); initialisation as in Summers & Dinneen 2021 (arXiv 2103.04514).

    """

    def __init__(
        self, in_channels: int, num_classes: int, blocks: Sequence[int], widths: Sequence[int], shortcut: Shortcut
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, widths[0], 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU()
        layers = []
        channels = widths[0]
        for stage, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            for k in range(count):
                layers.append(_Block(channels, width, 2 if stage > 0 and k == 0 else 1, shortcut))
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
        x = self.blocks(self.relu(self.bn(self.conv(x))))
        logits: Tensor = self.head(x.mean((2, 3)))
        return logits


@takes(ResNet14Options)
def resnet14(in_channels: int, num_classes: int, *, options: ResNet14Options) -> nn.Module:
    """ResNet-14: three stages of two blocks, 16, 32 and 64 channels; 172 602 parameters for 3 channels and 10 classes.

    Where the shape changes, the shortcut is a strided subsample, a batch norm and zeros for the new channels.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        options: ``width``, see :class:`ResNet14Options`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in resnet14(3, 10).parameters())
        172602

    Source: Summers & Dinneen 2021 (arXiv 2103.04514).

    """
    shortcut = partial(_Subsample, norm=nn.BatchNorm2d)
    return ResNet(in_channels, num_classes, (2, 2, 2), _doubled(options.width), shortcut)


@takes(ResNet14WideOptions)
def resnet14_wide(in_channels: int, num_classes: int, *, options: ResNet14WideOptions) -> nn.Module:
    """ResNet-14 with 64, 128 and 256 channels; 2 777 674 parameters for 3 channels and 10 classes.

    Where the shape changes, the shortcut is a strided 1 x 1 convolution and a batch norm.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        options: ``width``, see :class:`ResNet14WideOptions`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in resnet14_wide(3, 10).parameters())
        2777674

    Source: the first three stages of the ResNet-18 of He et al. 2016 (arXiv 1512.03385, table 1), with a stem for small
    images.

    """
    return ResNet(in_channels, num_classes, (2, 2, 2), _doubled(options.width), _projection)


def _doubled(width: int) -> tuple[int, int, int]:
    return width, 2 * width, 4 * width


def resnet18(in_channels: int, num_classes: int) -> nn.Module:
    """ResNet-18 with a stem for small images; 11 173 962 parameters for 3 channels and 10 classes.

    Four stages of two blocks, 64 to 512 channels, 1 x 1 convolutions as shortcuts where the shape changes. The stem is
    one 3 x 3 convolution of stride 1 without pooling, where the network for ImageNet has 7 x 7, stride 2 and pooling.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in resnet18(3, 10).parameters())
        11173962

    Source: He et al. 2016 (arXiv 1512.03385), table 1, shortcuts of option B.

    """
    return ResNet(in_channels, num_classes, (2, 2, 2, 2), (64, 128, 256, 512), _projection)


def resnet32(in_channels: int, num_classes: int) -> nn.Module:
    """ResNet-32: three stages of five blocks, 16, 32 and 64 channels; 464 154 parameters for 3 channels and 10 classes.

    Where the shape changes, the shortcut is a strided subsample with zeros for the new channels: no parameters.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in resnet32(3, 10).parameters())
        464154

    Source: He et al. 2016 (arXiv 1512.03385), section 4.2 (n = 5), shortcuts of option A.

    """
    return ResNet(in_channels, num_classes, (5, 5, 5), (16, 32, 64), _Subsample)
