"""Forecasts without parameters, which every network has to beat."""

from __future__ import annotations

from torch import Tensor, nn

from seedwise.errors import SeedwiseError


class _Repeat(nn.Module):
    def __init__(self, period: int, horizon: int) -> None:
        super().__init__()
        self.period = period
        self.horizon = horizon

    def forward(self, values: Tensor, calendar: Tensor) -> Tensor:  # noqa: ARG002
        periods = -(-self.horizon // self.period)
        return values[:, -self.period :].repeat(1, periods, 1)[:, : self.horizon]


def naive(variables: int, lookback: int, horizon: int, calendar: int) -> nn.Module:  # noqa: ARG001
    """Repeat the last value: no parameters, no seed.

    Args:
        variables: number of variables.
        lookback: steps of input.
        horizon: steps to forecast.
        calendar: not used.

    Returns:
        A module from values (B, lookback, variables) and a calendar, which it leaves aside, to (B, horizon, variables).

    Example:
        >>> import torch
        >>> naive(1, 3, 2, 0)(torch.tensor([[[1.0], [2.0], [3.0]]]), torch.empty(1, 5, 0)).flatten().tolist()
        [3.0, 3.0]

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, section 5.2.

    """
    return _Repeat(1, horizon)


def seasonal_naive(variables: int, lookback: int, horizon: int, calendar: int, *, period: int = 24) -> nn.Module:  # noqa: ARG001
    """Repeat the last period: no parameters, no seed.

    Args:
        variables: number of variables.
        lookback: steps of input.
        horizon: steps to forecast.
        calendar: not used.
        period: steps after which the series resembles itself; 24 is a day of hourly values.

    Returns:
        A module from values (B, lookback, variables) and a calendar, which it leaves aside, to (B, horizon, variables).

    Raises:
        SeedwiseError: if the period is longer than the input.

    Example:
        >>> import torch
        >>> values = torch.tensor([[[1.0], [2.0], [3.0]]])
        >>> seasonal_naive(1, 3, 5, 0, period=2)(values, torch.empty(1, 8, 0)).flatten().tolist()
        [2.0, 3.0, 2.0, 3.0, 2.0]

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, section 5.2.

    """
    if not 1 <= period <= lookback:
        raise SeedwiseError(f"seasonal_naive: period {period} must be from 1 to the lookback of {lookback} steps")
    return _Repeat(period, horizon)
