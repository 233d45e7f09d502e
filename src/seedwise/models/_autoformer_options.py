"""The options of the transformer of season and trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

Count = Annotated[int, ("ge", 1)]


@dataclass(frozen=True)
class AutoformerOptions:
    """Options of ``models.autoformer``.

    Args:
        label: steps of the input that the decoder sees again, 0 to ``lookback``; by default half of them (48 of 96 as
            published).
        d_model: width of a step.
        d_ff: width of the feed-forward networks; by default four times ``d_model``.
        encoder_layers: number of layers.
        decoder_layers: number of layers.
        kernel: steps of the moving average, odd.
        factor: how many delays are kept, above 0.
        dropout: share of features dropped, 0 to less than 1.

    """

    label: Annotated[int, ("ge", 0)] | None = None
    d_model: Count = 512
    d_ff: Count | None = None
    encoder_layers: Count = 2
    decoder_layers: Count = 1
    kernel: Count = 25
    factor: Annotated[float, ("gt", 0)] = 3
    dropout: Annotated[float, ("ge", 0), ("lt", 1)] = 0.05
