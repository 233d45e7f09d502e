"""The options of the transformer whose tokens are variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

Count = Annotated[int, ("ge", 1)]


@dataclass(frozen=True)
class ITransformerOptions:
    """Options of ``models.itransformer``.

    Args:
        d_model: width of a token; by default as published for ETTh1, 256 up to 192 steps and 512 for more.
        d_ff: width of the feed-forward networks; by default that of a token.
        heads: attention heads; they divide ``d_model``.
        layers: number of layers.
        dropout: share of features dropped, 0 to less than 1.

    """

    d_model: Count | None = None
    d_ff: Count | None = None
    heads: Count = 8
    layers: Count = 2
    dropout: Annotated[float, ("ge", 0), ("lt", 1)] = 0.1
