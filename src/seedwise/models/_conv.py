"""The plain convolutional networks of the studies of sparse and of selected weights."""

from __future__ import annotations

from torch import nn

from seedwise.errors import SeedwiseError
from seedwise.losses._parameters import takes
from seedwise.models._dropout import Dropout
from seedwise.models._options import ConvOptions
from seedwise.models._start import started


@takes(ConvOptions)
def conv2(
    in_channels: int,
    num_classes: int,
    *,
    options: ConvOptions,
    image_size: tuple[int, int] = (32, 32),
) -> nn.Module:
    """Conv-2: two convolutions, three linear layers; 4 301 642 parameters for 3 x 32 x 32 and 10 classes.

    64, 64, pool, then 256, 256 and ``num_classes`` units: 3 x 3 convolutions, 2 x 2 max pooling, ReLU. Without padding
    and biases, as in the program of the slot machines' authors, there are 3 317 952 parameters.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 2, without padding 6; a study takes them from its dataset.
        options: ``bias``, ``width``, ``padding``, ``dropout`` and ``init``, see :class:`ConvOptions`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: if the images are too small, or for a share that is none.

    Example:
        >>> sum(p.numel() for p in conv2(3, 10).parameters())
        4301642

    Source: Frankle & Carbin 2019 (arXiv 1803.03635), figure 2; used by Aladago & Torresani 2021 (arXiv 2101.06475).

    """
    return started(_conv(1, in_channels, num_classes, image_size, options), options.init)


@takes(ConvOptions)
def conv4(
    in_channels: int,
    num_classes: int,
    *,
    options: ConvOptions,
    image_size: tuple[int, int] = (32, 32),
) -> nn.Module:
    """Conv-4: ``conv2`` with 128, 128, pool after its pooling; 2 425 930 parameters for 3 x 32 x 32 and 10 classes.

    Without padding and biases there are 1 147 072.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 4, without padding 16; a study takes them from its dataset.
        options: as of ``conv2``.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: as ``conv2`` does.

    Example:
        >>> sum(p.numel() for p in conv4(3, 10).parameters())
        2425930

    Source: as of ``conv2``.

    """
    return started(_conv(2, in_channels, num_classes, image_size, options), options.init)


@takes(ConvOptions)
def conv6(
    in_channels: int,
    num_classes: int,
    *,
    options: ConvOptions,
    image_size: tuple[int, int] = (32, 32),
) -> nn.Module:
    """Conv-6: ``conv4`` with 256, 256, pool after its pooling; 2 262 602 parameters for 3 x 32 x 32 and 10 classes.

    Without padding and biases there are 1 474 752.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 8, without padding 20; a study takes them from its dataset.
        options: as of ``conv2``.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: as ``conv2`` does.

    Example:
        >>> sum(p.numel() for p in conv6(3, 10).parameters())
        2262602

    Source: as of ``conv2``.

    """
    return started(_conv(3, in_channels, num_classes, image_size, options), options.init)


def _conv(
    stages: int, in_channels: int, num_classes: int, image_size: tuple[int, int], options: ConvOptions
) -> nn.Module:
    bias, width, dropout = options.bias, options.width, options.dropout
    padded = [options.padding or stage > 1 for stage in range(stages)]
    smallest = 1
    for pads in reversed(padded):
        smallest = 2 * smallest + (0 if pads else 4)
    if min(image_size) < smallest:
        raise SeedwiseError(
            f"conv{2 * stages} needs images of at least {smallest} x {smallest}, not {image_size[0]} x "
            f"{image_size[1]}: take lenet300 or small_cnn"
        )
    layers: list[nn.Module] = []
    channels = in_channels
    height, breadth = image_size
    for stage, pads in enumerate(padded):
        wide = width * 2**stage
        for before in (channels, wide):
            layers += [nn.Conv2d(before, wide, 3, padding=int(pads), bias=bias), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        channels = wide
        height, breadth = ((side - (0 if pads else 4)) // 2 for side in (height, breadth))
    units = 4 * width
    # Without a share there are no such layers, and the others have the names that they always had.
    drop = [[Dropout(dropout)] if dropout else [] for _ in range(2)]
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        *drop[0],
        nn.Linear(channels * height * breadth, units, bias=bias),
        nn.ReLU(),
        *drop[1],
        nn.Linear(units, units, bias=bias),
        nn.ReLU(),
        nn.Linear(units, num_classes, bias=bias),
    )
