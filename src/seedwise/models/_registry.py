"""Networks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import nn

from seedwise.registry import BASELINES, NETWORKS, Table, resolve
from seedwise.registry import FORECASTERS as FORECASTING


def _functions(table: Table) -> dict[str, Callable[..., nn.Module]]:
    return {name: resolve(entry.make) for name, entry in table.items()}


MODELS: Final = _functions(NETWORKS)
"""Each is called as ``make(in_channels, num_classes, **options)``; one with a parameter ``image_size`` gets it too."""

FORECASTERS: Final = _functions({**BASELINES, **FORECASTING})
"""Each is called as ``make(variables, lookback, horizon, calendar, **options)``; the module takes values
(B, lookback, variables) and the calendar (B, lookback + horizon, calendar) and returns (B, horizon, variables)."""
