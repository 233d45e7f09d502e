"""The networks of handwritten digits."""

from __future__ import annotations

from torch import nn

from seedwise.errors import SeedwiseError
from seedwise.losses._parameters import takes
from seedwise.models._options import LeNetOptions
from seedwise.models._start import started


@takes(LeNetOptions)
def lenet300(
    in_channels: int,
    num_classes: int,
    *,
    options: LeNetOptions,
    image_size: tuple[int, int] = (28, 28),
) -> nn.Module:
    """LeNet-300-100: two hidden linear layers with ReLU; 266 610 parameters for 1 x 28 x 28 and 10 classes.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images; a study takes them from its dataset.
        options: ``bias`` and ``init``, see :class:`LeNetOptions`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in lenet300(1, 10).parameters())
        266610

    Source: LeCun et al. 1998, section III.C (there with sigmoidal units).

    """
    height, width = image_size
    network = nn.Sequential(
        nn.Flatten(),
        nn.Linear(in_channels * height * width, 300, bias=options.bias),
        nn.ReLU(),
        nn.Linear(300, 100, bias=options.bias),
        nn.ReLU(),
        nn.Linear(100, num_classes, bias=options.bias),
    )
    return started(network, options.init)


@takes(LeNetOptions)
def lenet5(
    in_channels: int,
    num_classes: int,
    *,
    options: LeNetOptions,
    image_size: tuple[int, int] = (28, 28),
) -> nn.Module:
    """LeNet-5: two 5 x 5 convolutions and three linear layers; 61 706 parameters for 1 x 28 x 28 and 10 classes.

    6 and 16 channels, 120, 84 and ``num_classes`` units, with ReLU and max pooling. Images are padded by 2 on each
    side, as the 28 x 28 digits were to 32 x 32. The paper's own has 60 000 parameters: its second convolution sees only
    some of the channels, and its subsampling and output layers are others.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        image_size: height and width of the images, at least 12; a study takes them from its dataset.
        options: ``bias`` and ``init``, see :class:`LeNetOptions`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Raises:
        SeedwiseError: if the images are too small.

    Example:
        >>> sum(p.numel() for p in lenet5(1, 10).parameters())
        61706

    Source: LeCun et al. 1998, figure 2.

    """
    height, width = ((side // 2 - 4) // 2 for side in image_size)
    if min(height, width) < 1:
        raise SeedwiseError(
            f"lenet5 needs images of at least 12 x 12, not {image_size[0]} x {image_size[1]}: "
            "take lenet300 or small_cnn"
        )
    network = nn.Sequential(
        nn.Conv2d(in_channels, 6, 5, padding=2, bias=options.bias),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, bias=options.bias),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * height * width, 120, bias=options.bias),
        nn.ReLU(),
        nn.Linear(120, 84, bias=options.bias),
        nn.ReLU(),
        nn.Linear(84, num_classes, bias=options.bias),
    )
    return started(network, options.init)
