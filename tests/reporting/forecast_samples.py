"""Forecasts to report on: two networks, each with a base and a method."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics import Cell, Cost, Metric
from seedwise.study import Network, Published, PublishedResults, StudyResults
from seedwise.study._fans import fans_of

from .samples import cell, description, section

MSE = Metric("mse", higher_is_better=False)
RUNS, WINDOWS, HORIZON, LOOKBACK, VARIABLES = 8, 5, 12, 6, ("load", "wind")


def forecast(seed: int, scale: float = 0.1) -> SimpleNamespace:
    """Return forecasts that differ most in the second variable and in the fourth window."""
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(0).normal(size=(WINDOWS, HORIZON, 2)).astype(np.float32)
    noise = rng.normal(size=(RUNS, WINDOWS, HORIZON, 2)) * scale
    noise *= np.array([1, 2])  # variables
    noise *= np.array([0.5, 0.8, 1, 3, 1.5])[:, None, None]  # windows: the third is the usual one
    error = 1 + noise
    return SimpleNamespace(
        by_step=np.stack([(error**2).mean((1, 3)), np.abs(error).mean((1, 3))], axis=1),
        by_variable=np.stack([(error**2).mean((1, 2)), np.abs(error).mean((1, 2))], axis=1),
        windows=np.arange(100, 100 + WINDOWS),
        sampled=np.arange(WINDOWS),
        sample=(truth + error).astype(np.float16),
        truth=truth,
        history=np.random.default_rng(1).normal(size=(WINDOWS, LOOKBACK, 2)).astype(np.float32),
        variables=VARIABLES,
    )


def forecasting(method: str, found: SimpleNamespace, task: str = "linear-network-12") -> Cell:
    mse = found.by_step[:, 0].mean(1)
    return cell(method, mse, task=task, metric=MSE.on("test"))


FORECASTS = [forecast(k) for k in range(4)]
CELLS = [
    forecasting(method, found, task)
    for (task, method), found in zip(
        [
            ("linear-network-12", "base"),
            ("linear-network-12", "clf"),
            ("transformer-12", "base"),
            ("transformer-12", "clf"),
        ],
        FORECASTS,
        strict=True,
    )
]
PUBLISHED = [
    {"task": "linear-network-12", "method": "base", "mean": 1.02, "means": {"mae": 0.95}},
    {"task": "transformer-12", "method": "base", "mean": 1.1},
]


def metrics_of(found: SimpleNamespace) -> dict[str, NDArray[np.float64]]:
    mse, mae = found.by_step.mean(2).T
    return {"test/mse": mse, "test/mae": mae, "naive/mse": np.full(RUNS, 2.5), "naive/mae": np.full(RUNS, 1.25)}


def forecasts_section(cells: list[Cell] | None = None, **changes: Any) -> StudyResults:
    given: dict[str, Any] = {
        "description": description(
            models={"linear-network-12": "dlinear", "transformer-12": "itransformer"},
            published=PublishedResults(tuple(map(Published.model_validate, PUBLISHED))),
            metrics=dict.fromkeys(("linear-network-12", "transformer-12"), (MSE,)),
        ),
        "metrics": [metrics_of(found) for found in FORECASTS],
        "networks": [Network("series-12", "dlinear")] * 2 + [Network("series-12", "itransformer")] * 2,
        "forecasts": FORECASTS,
        "fans": fans_of(CELLS, FORECASTS, "base"),
        "costs": [Cost(1.0, 1.0), Cost(2.0, 1.0)] * 2,  # so that there is a figure of costs
    }
    return section(cells or CELLS, **(given | changes))
