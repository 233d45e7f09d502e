"""The network of rows of a table."""

from __future__ import annotations

from torch import nn

from seedwise.losses._parameters import takes
from seedwise.models._options import MLPOptions


@takes(MLPOptions)
def mlp(features: int, outputs: int, *, options: MLPOptions) -> nn.Module:
    """Multilayer perceptron: hidden linear layers of one width, each with ReLU and dropout, and a linear layer.

    Args:
        features: numbers in a row.
        outputs: of the network: classes, labels, or values.
        options: ``width``, ``depth`` and ``dropout``, see :class:`MLPOptions`.

    Returns:
        A module from (B, features) to (B, outputs).

    Example:
        >>> sum(p.numel() for p in mlp(10, 1, width=64, depth=2).parameters())  # 10 x 64 + 64 + 64 x 64 + 64 + 64 + 1
        4929

    """
    layers: list[nn.Module] = []
    for k in range(options.depth):
        layers += [nn.Linear(options.width if k else features, options.width), nn.ReLU()]
        layers += [nn.Dropout(options.dropout)] if options.dropout else []
    return nn.Sequential(*layers, nn.Linear(options.width if options.depth else features, outputs))
