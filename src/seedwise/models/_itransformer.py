"""A transformer whose tokens are variables."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.errors import SeedwiseError
from seedwise.losses._parameters import takes
from seedwise.models._dropout import Dropout
from seedwise.models._options import ITransformerOptions


class _Layer(nn.Module):
    """Attention over the tokens and a feed-forward network, each followed by a layer norm."""

    def __init__(self, d_model: int, d_ff: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)
        self.norm1 = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_ff), nn.GELU(), Dropout(dropout), nn.Linear(d_ff, d_model), Dropout(dropout)
        )
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout = Dropout(dropout)

    def attention(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        # Written out: torch's fused form has no deterministic gradient on some GPUs. Keys before queries, because a
        # softmax over the last axis takes three times as long where that is as short as a list of variables.
        query, key, value = self.query_key_value(x).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = F.softmax(key @ query.transpose(2, 3) * query.shape[3] ** -0.5, 2)
        mixed = (self.dropout(weights).transpose(2, 3) @ value).transpose(1, 2).reshape(batch, tokens, width)
        out: Tensor = self.out(mixed)
        return out

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.dropout(self.attention(x)))
        out: Tensor = self.norm2(x + self.feed_forward(x))
        return out


class _ITransformer(nn.Module):
    def __init__(self, lookback: int, horizon: int, d_model: int, d_ff: int, options: ITransformerOptions) -> None:
        super().__init__()
        self.embedding = nn.Linear(lookback, d_model)
        self.dropout = Dropout(options.dropout)
        layers = (_Layer(d_model, d_ff, options.heads, options.dropout) for _ in range(options.layers))
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, horizon)

    def forward(self, values: Tensor, calendar: Tensor) -> Tensor:
        variance, mean = torch.var_mean(values, 1, correction=0, keepdim=True)
        scale = (variance + 1e-5).sqrt()
        tokens = torch.cat([(values - mean) / scale, calendar[:, : values.shape[1]]], 2).transpose(1, 2)
        encoded = self.norm(self.layers(self.dropout(self.embedding(tokens))))
        # The tokens of the calendar are only listened to.
        forecast: Tensor = self.head(encoded[:, : values.shape[2]]).transpose(1, 2)
        return forecast * scale + mean


@takes(ITransformerOptions)
def itransformer(
    variables: int,  # noqa: ARG001
    lookback: int,
    horizon: int,
    calendar: int,  # noqa: ARG001
    *,
    options: ITransformerOptions,
) -> nn.Module:
    """iTransformer: attention among variables, each one token; 841 568 parameters for 96 steps to 96.

    Every variable is normalised by mean and SD of its own input, which are put back at the end. The calendar's features
    are tokens too. A linear layer makes a token of a whole input, another a whole forecast of a token.

    Args:
        variables: number of variables; any number shares the parameters.
        lookback: steps of input.
        horizon: steps to forecast.
        calendar: number of calendar features.
        options: ``d_model``, ``d_ff``, ``heads``, ``layers`` and ``dropout``, see :class:`ITransformerOptions`.

    Returns:
        A module from values (B, lookback, variables) and calendar (B, lookback + horizon, calendar) to
        (B, horizon, variables).

    Raises:
        SeedwiseError: if the heads do not divide ``d_model``, or ``dropout`` is no share.

    Example:
        >>> sum(p.numel() for p in itransformer(7, 96, 96, 4).parameters())
        841568

    Source: Liu et al. 2024 (arXiv 2310.06625), figure 2 and appendix A.2; sizes of their scripts for ETTh1.

    """
    d_model, d_ff = options.d_model, options.d_ff
    if d_model is None:
        d_model = 256 if horizon <= 192 else 512
    if d_model % options.heads:
        raise SeedwiseError(f"itransformer: {options.heads} heads do not divide d_model {d_model}")
    return _ITransformer(lookback, horizon, d_model, d_model if d_ff is None else d_ff, options)
