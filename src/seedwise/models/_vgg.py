"""VGG-16 for small images."""

from __future__ import annotations

from torch import Tensor, nn

from seedwise.losses._parameters import takes
from seedwise.models._options import VGGOptions
from seedwise.models._start import started

_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG(nn.Module):
    """Stages of 3 x 3 convolutions with batch norm, each followed by 2 x 2 max pooling, and one linear layer."""

    def __init__(self, in_channels: int, num_classes: int, *, bias: bool, affine: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = in_channels
        for stage in _STAGES:
            for width in stage:
                convolution = nn.Conv2d(channels, width, 3, padding=1, bias=bias)
                layers += [convolution, nn.BatchNorm2d(width, affine=affine), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2, ceil_mode=True))  # 28 x 28 would end at 0 x 0 otherwise
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, num_classes, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        logits: Tensor = self.head(self.features(x).mean((2, 3)))
        return logits


@takes(VGGOptions)
def vgg16(in_channels: int, num_classes: int, *, options: VGGOptions) -> nn.Module:
    """VGG-16 with batch norm and one linear layer; 14 728 266 parameters for 3 channels and 10 classes.

    The thirteen convolutions of configuration D, biases included, with batch norm after each. On 32 x 32 images the
    last pooling leaves one position, so that a single linear layer takes the place of the three of the network for
    ImageNet.

    Args:
        in_channels: channels of the images (B, C, H, W).
        num_classes: number of logits.
        options: ``bias``, ``affine`` and ``init``, see :class:`VGGOptions`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> sum(p.numel() for p in vgg16(3, 10).parameters())
        14728266

    Source: Simonyan & Zisserman 2015 (arXiv 1409.1556), table 1, column D; batch norm of Ioffe & Szegedy 2015.

    """
    return started(VGG(in_channels, num_classes, bias=options.bias, affine=options.affine), options.init)
