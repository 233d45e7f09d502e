"""A transformer that splits season from trend again and again, and attends to delays instead of steps."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.errors import SeedwiseError
from seedwise.losses._parameters import takes
from seedwise.models._dropout import Dropout
from seedwise.models._moving_average import check_kernel, moving_average
from seedwise.models._options import AutoformerOptions


def delay_correlation(query: Tensor, key: Tensor) -> Tensor:
    """Return how well a key fits a query at each delay, circularly and averaged over channels.

        c[tau] = mean_d sum_t query[t + tau, d] key[t, d]

    The Fourier transform makes a product of the sum; the mean over channels is taken before transforming back, which is
    the same and takes one transform instead of D.

    Args:
        query: (B, L, D).
        key: (B, S, D); zeros are appended or the end is cut off to make L steps of it.

    Returns:
        (B, L), for delays 0 to L - 1.

    Source: Wu et al. 2021 (arXiv 2106.13008), equations 5 and 8.

    """
    length = query.shape[1]
    # The copies bring the steps together in memory: a transform along far-apart steps takes half as long again.
    of_query = torch.fft.rfft(query.transpose(1, 2).contiguous())
    of_key = torch.fft.rfft(key[:, :length].transpose(1, 2).contiguous(), n=length)
    correlation: Tensor = torch.fft.irfft((of_query * of_key.conj()).mean(1), n=length)
    return correlation


def delay_weights(correlation: Tensor, count: int, *, shared: bool) -> Tensor:
    """Return the softmax over the ``count`` delays of highest correlation, 0 at all others.

    Args:
        correlation: (B, L).
        count: delays to keep, 1 to L.
        shared: whether all examples keep the same delays, those of the highest mean over the batch.

    Returns:
        (B, L); each row adds up to 1.

    Example:
        >>> delay_weights(torch.tensor([[0.0, 2.0, -1.0, 2.0]]), 2, shared=False).tolist()
        [[0.0, 0.5, 0.0, 0.5]]

    Source: Wu et al. 2021 (arXiv 2106.13008), equation 6; delays are shared in training, in their code.

    """
    ranked = correlation.mean(0, keepdim=True) if shared else correlation
    kept = torch.zeros_like(ranked, dtype=torch.bool).scatter(1, ranked.topk(count).indices, True)
    return correlation.masked_fill(~kept, -math.inf).softmax(1)


def aggregate(value: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of a value moved back by each delay, circularly.

        out[t] = sum_tau weights[tau] value[t + tau]

    One product with a matrix whose rows are the weights, each moved on by a step: the delays need not be known to the
    host, as they must be to copy a value once for each.

    Args:
        value: (B, S, D); zeros are appended or the end is cut off to make L steps of it.
        weights: (B, L).

    Returns:
        (B, L, D).

    Source: Wu et al. 2021 (arXiv 2106.13008), equation 6.

    """
    length = weights.shape[1]
    rows = torch.cat([weights, weights], 1).unfold(1, length, 1).flip(1)[:, :length]
    value = value[:, :length]
    return rows[:, :, : value.shape[1]] @ value


class _AutoCorrelation(nn.Module):
    """What stands in for attention.

    The published code splits its channels into heads, which changes nothing: the delays and their weights are those of
    the mean over all heads.
    """

    def __init__(self, d_model: int, factor: float) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(d_model, d_model) for _ in range(4))
        self.factor = factor

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        length = x.shape[1]
        count = min(max(int(self.factor * math.log(length)), 1), length)
        correlation = delay_correlation(self.query(x), self.key(memory))
        weights = delay_weights(correlation, count, shared=self.training)
        out: Tensor = self.out(aggregate(self.value(memory), weights))
        return out


class _CircularConv(nn.Linear):
    """Convolution over three steps, the last step beside the first; as a linear layer, with its initialisation."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(3 * in_channels, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.cat([x.roll(1, 1), x, x.roll(-1, 1)], 2))


class _Embedding(nn.Module):
    def __init__(self, variables: int, calendar: int, d_model: int, dropout: float) -> None:
        super().__init__()
        self.value = _CircularConv(variables, d_model)
        nn.init.kaiming_normal_(self.value.weight, nonlinearity="leaky_relu")
        self.calendar = nn.Linear(calendar, d_model, bias=False) if calendar else None
        self.dropout = Dropout(dropout)

    def forward(self, values: Tensor, calendar: Tensor) -> Tensor:
        embedded = self.value(values)
        if self.calendar is not None:
            embedded = embedded + self.calendar(calendar)
        dropped: Tensor = self.dropout(embedded)
        return dropped


class _SeasonalNorm(nn.LayerNorm):
    """Layer norm, less its mean over time: what is left is season."""

    def forward(self, x: Tensor) -> Tensor:
        x = super().forward(x)
        return x - x.mean(1, keepdim=True)


class _Block(nn.Module):
    """Auto-correlations and a feed-forward network, each added to its input and rid of the trend."""

    def __init__(self, attentions: int, d_model: int, d_ff: int, *, kernel: int, factor: float, dropout: float) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(_AutoCorrelation(d_model, factor) for _ in range(attentions))
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_ff, bias=False), nn.GELU(), Dropout(dropout), nn.Linear(d_ff, d_model, bias=False)
        )
        self.dropout = Dropout(dropout)
        self.kernel = kernel

    def forward(self, x: Tensor, *memories: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the season and the trends that were taken out; ``x`` attends to itself, then to the memories."""
        trends = []
        for attention, memory in zip(self.attentions, (None, *memories), strict=True):
            x = x + self.dropout(attention(x, x if memory is None else memory))
            trends.append(moving_average(x, self.kernel))
            x = x - trends[-1]
        x = x + self.dropout(self.feed_forward(x))
        trends.append(moving_average(x, self.kernel))
        return x - trends[-1], trends


class _Autoformer(nn.Module):
    def __init__(self, variables: int, horizon: int, calendar: int, label: int, options: AutoformerOptions) -> None:
        super().__init__()
        self.horizon, self.label, self.kernel = horizon, label, options.kernel
        d_model, dropout = options.d_model, options.dropout

        def block(attentions: int) -> _Block:
            d_ff = 4 * d_model if options.d_ff is None else options.d_ff
            return _Block(attentions, d_model, d_ff, kernel=options.kernel, factor=options.factor, dropout=dropout)

        self.encoder_embedding = _Embedding(variables, calendar, d_model, dropout)
        self.encoder = nn.ModuleList(block(1) for _ in range(options.encoder_layers))
        self.encoder_norm = _SeasonalNorm(d_model)
        self.decoder_embedding = _Embedding(variables, calendar, d_model, dropout)
        self.decoder = nn.ModuleList(block(2) for _ in range(options.decoder_layers))
        self.trends = nn.ModuleList(_CircularConv(d_model, variables) for _ in range(options.decoder_layers))
        self.decoder_norm = _SeasonalNorm(d_model)
        self.head = nn.Linear(d_model, variables)

    def forward(self, values: Tensor, calendar: Tensor) -> Tensor:
        lookback = values.shape[1]
        encoded = self.encoder_embedding(values, calendar[:, :lookback])
        for block in self.encoder:
            encoded, _ = block(encoded)
        encoded = self.encoder_norm(encoded)

        # The decoder begins with what is known of the last steps, and with the mean and no season for those to come.
        known = moving_average(values, self.kernel)
        mean = values.mean(1, keepdim=True).expand(-1, self.horizon, -1)
        trend = torch.cat([known[:, lookback - self.label :], mean], 1)
        season = F.pad((values - known)[:, lookback - self.label :], (0, 0, 0, self.horizon))
        decoded = self.decoder_embedding(season, calendar[:, lookback - self.label :])
        for block, projection in zip(self.decoder, self.trends, strict=True):
            decoded, trends = block(decoded, encoded)
            trend = trend + projection(sum(trends[1:], trends[0]))
        forecast: Tensor = (trend + self.head(self.decoder_norm(decoded)))[:, self.label :]
        return forecast


@takes(AutoformerOptions)
def autoformer(variables: int, lookback: int, horizon: int, calendar: int, *, options: AutoformerOptions) -> nn.Module:
    """Autoformer: series decomposition and auto-correlation; 10 535 943 parameters for 7 variables and 4 features.

    The encoder works out the season of the input. The decoder forecasts season and trend apart: every layer takes the
    moving average out of what it made and adds it to the trend. In place of attention, the values of the input are
    summed over the int(factor ln L) delays at which query and key correlate best.

    Args:
        variables: number of variables.
        lookback: steps of input.
        horizon: steps to forecast.
        calendar: number of calendar features.
        options: sizes, ``label``, ``kernel``, ``factor`` and ``dropout``, see :class:`AutoformerOptions`.

    Returns:
        A module from values (B, lookback, variables) and calendar (B, lookback + horizon, calendar) to
        (B, horizon, variables). In training all examples of a batch share their delays, as published; in evaluation
        each has its own.

    Raises:
        SeedwiseError: if ``label``, ``kernel`` or ``dropout`` cannot be.

    Example:
        >>> sum(p.numel() for p in autoformer(7, 96, 96, 4).parameters())
        10535943

    Source: Wu et al. 2021 (arXiv 2106.13008), section 3; sizes of their scripts for ETTh1.

    """
    check_kernel(options.kernel)
    label = lookback // 2 if options.label is None else options.label
    if not 0 <= label <= lookback:
        raise SeedwiseError(f"autoformer: label {label} must be from 0 to the lookback of {lookback} steps")
    return _Autoformer(variables, horizon, calendar, label, options)
