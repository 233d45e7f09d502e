"""A network for minutes on a laptop."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.losses._parameters import takes
from seedwise.models._options import SmallCNNOptions


class _PoolToGrid(nn.Module):
    """Max pooling to (4, 4); torch's adaptive form has no deterministic gradient on a GPU."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2] // 4, x.shape[3] // 4
        return F.max_pool2d(x, (height, width))[:, :, :4, :4]


@takes(SmallCNNOptions)
def small_cnn(in_channels: int, num_classes: int, *, options: SmallCNNOptions) -> nn.Module:
    """Two 3 x 3 convolutions, a max pool to 4 x 4, dropout and a linear layer.

    Args:
        in_channels: channels of the images (B, C, H, W); any height and width of at least 4.
        num_classes: number of logits.
        options: ``width`` and ``dropout``, see :class:`SmallCNNOptions`.

    Returns:
        A module from (B, C, H, W) to logits (B, num_classes).

    Example:
        >>> import torch
        >>> small_cnn(1, 10)(torch.zeros(5, 1, 8, 8)).shape
        torch.Size([5, 10])

    """
    width = options.width
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        _PoolToGrid(),
        nn.Flatten(),
        nn.Dropout(options.dropout),
        nn.Linear(2 * width * 16, num_classes),
    )
