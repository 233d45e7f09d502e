"""Forecasting networks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import nn

from seedwise.models._autoformer import autoformer
from seedwise.models._dlinear import dlinear
from seedwise.models._itransformer import itransformer
from seedwise.models._naive import naive, seasonal_naive

FORECASTERS: Final[dict[str, Callable[..., nn.Module]]] = {
    "naive": naive,
    "seasonal_naive": seasonal_naive,
    "dlinear": dlinear,
    "itransformer": itransformer,
    "autoformer": autoformer,
}
"""Each is called as ``make(variables, lookback, horizon, calendar, **options)``; the module takes values
(B, lookback, variables) and the calendar (B, lookback + horizon, calendar) and returns (B, horizon, variables)."""
