"""The plain convolutional networks of the studies of sparse and of selected weights."""

from __future__ import annotations

from torch import nn

from seedwise.errors import SeedwiseError


def conv2(
    in_channels: int, num_classes: int, *, image_size: tuple[int, int] = (32, 32), bias: bool = True, width: int = 64
) -> nn.Module:
    """Conv-2: two convolutions, three linear layers; 4 301 642 parameters for 3 x 32 x 32 and 10 classes.

    64, 64, pool, then 256, 256 and ``num_classes`` units: 3 x 3 convolutions with padding, 2 x 2 max pooling, ReLU.
    Layers start as torch's do.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 2; a study takes them from its dataset.
        bias: whether the layers have biases; networks whose weights are selected have none.
        width: channels of the first convolutions; all other layers are in proportion to it.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: if the images are too small.

    Example:
        >>> sum(p.numel() for p in conv2(3, 10).parameters())
        4301642

    Source: Frankle & Carbin 2019 (arXiv 1803.03635), figure 2; used by Aladago & Torresani 2021 (arXiv 2101.06475).

    """
    return _conv(1, in_channels, num_classes, image_size, bias=bias, width=width)


def conv4(
    in_channels: int, num_classes: int, *, image_size: tuple[int, int] = (32, 32), bias: bool = True, width: int = 64
) -> nn.Module:
    """Conv-4: ``conv2`` with 128, 128, pool after its pooling; 2 425 930 parameters for 3 x 32 x 32 and 10 classes.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 4; a study takes them from its dataset.
        bias: whether the layers have biases; networks whose weights are selected have none.
        width: channels of the first convolutions; all other layers are in proportion to it.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: if the images are too small.

    Example:
        >>> sum(p.numel() for p in conv4(3, 10).parameters())
        2425930

    Source: as of ``conv2``.

    """
    return _conv(2, in_channels, num_classes, image_size, bias=bias, width=width)


def conv6(
    in_channels: int, num_classes: int, *, image_size: tuple[int, int] = (32, 32), bias: bool = True, width: int = 64
) -> nn.Module:
    """Conv-6: ``conv4`` with 256, 256, pool after its pooling; 2 262 602 parameters for 3 x 32 x 32 and 10 classes.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 8; a study takes them from its dataset.
        bias: whether the layers have biases; networks whose weights are selected have none.
        width: channels of the first convolutions; all other layers are in proportion to it.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: if the images are too small.

    Example:
        >>> sum(p.numel() for p in conv6(3, 10).parameters())
        2262602

    Source: as of ``conv2``.

    """
    return _conv(3, in_channels, num_classes, image_size, bias=bias, width=width)


def _conv(
    stages: int, in_channels: int, num_classes: int, image_size: tuple[int, int], *, bias: bool, width: int
) -> nn.Module:
    scale = 2**stages
    if min(image_size) < scale:
        raise SeedwiseError(
            f"conv{2 * stages} needs images of at least {scale} x {scale}, not {image_size[0]} x {image_size[1]}: "
            "take lenet300 or small_cnn"
        )
    layers: list[nn.Module] = []
    channels = in_channels
    for stage in range(stages):
        wide = width * 2**stage
        for before in (channels, wide):
            layers += [nn.Conv2d(before, wide, 3, padding=1, bias=bias), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        channels = wide
    units = 4 * width
    features = channels * (image_size[0] // scale) * (image_size[1] // scale)
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(features, units, bias=bias),
        nn.ReLU(),
        nn.Linear(units, units, bias=bias),
        nn.ReLU(),
        nn.Linear(units, num_classes, bias=bias),
    )
