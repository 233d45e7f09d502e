"""Time series as a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.data import Series, Windows, load_series, read_series, series_from
from seedwise.declarations import Part
from seedwise.errors import SeedwiseError
from seedwise.losses import residual_variance
from seedwise.models import FORECASTERS
from seedwise.randomness import Randomness
from seedwise.registry import BASELINES
from seedwise.run import Run, note_imports
from seedwise.training._config import CSVSeries, ForecastingTask, OwnSeries, Validation
from seedwise.training._measures import OF_FORECASTS, evaluate, measures
from seedwise.training._networks import build_forecaster
from seedwise.training._own_data import loaded_by
from seedwise.training._parts import OwnDataset


class Forecasting:
    """Windows of a time series; mean squared error (primary) and mean absolute error of standardised values.

    Args:
        series: the values, their split and the calendar.
        lookback: rows that a network sees.
        horizon: rows that it forecasts.
        train_windows: how many are trained on, evenly spaced; None: all.
        test_windows: how many are tested on, evenly spaced; None: all.
        test: whether there is a test at all.
        metrics: what is recorded besides the two errors.

    """

    default_loss: ClassVar[Callable[..., Tensor]] = staticmethod(F.mse_loss)
    variance: ClassVar[Callable[..., Tensor]] = staticmethod(residual_variance)
    # What Autoformer holds of as many windows at the longest horizon is below a gigabyte.
    chunk: ClassVar[int] = 128
    augment = False

    def __init__(
        self,
        series: Series,
        lookback: int,
        horizon: int,
        train_windows: int | None = None,
        test_windows: int | None = None,
        *,
        test: bool = True,
        metrics: Sequence[str | Part] = (),
    ) -> None:
        self.series = series
        self.lookback = lookback
        self.horizon = horizon
        windows = {split: series.windows(split, lookback, horizon) for split in ("train", "validation", "test")}
        windows["train"] = _evenly_spaced(windows["train"], train_windows, "train")
        windows["test"] = _evenly_spaced(windows["test"], test_windows, "test")
        if not test:
            del windows["test"]
        self.windows = windows
        self.measures = measures(OF_FORECASTS, metrics)
        self.metrics = tuple(one.metric for one in self.measures)

    def split(self, validation: Validation | None, randomness: Randomness) -> dict[str, Windows]:
        """Return the windows to train on, those to validate on if asked for, and those to test on.

        Raises:
            SeedwiseError: if the source ``split`` varies, which would mix the past and the future.

        """
        if randomness.seeds["split"]:
            raise SeedwiseError(SPLIT_VARIES)
        return {split: part for split, part in self.windows.items() if split != "validation" or validation is not None}

    def table(self, slots: int, randomness: Randomness, epoch: int, device: str) -> None:
        """Return nothing: windows are not varied."""

    def batch(self, examples: Windows, at: Tensor | slice, table: Tensor | None = None) -> tuple[Tensor, ...]:  # noqa: ARG002
        """Return values (B, L, variables), calendar (B, L + H, features) and targets (B, H, targets)."""
        index = torch.arange(len(examples), device=examples.starts.device)[at] if isinstance(at, slice) else at
        return examples.gather(index)

    def build_model(self, model: Any) -> nn.Module:
        """Return a network that forecasts the target columns."""
        return self._of_target(build_forecaster(model, *self._shape))

    @property
    def _shape(self) -> tuple[int, int, int, int]:
        return self.series.values.shape[1], self.lookback, self.horizon, self.series.calendar.shape[1]

    def _of_target(self, network: nn.Module) -> nn.Module:
        target = list(self.series.target)
        return network if target == list(range(self.series.values.shape[1])) else _OfTarget(network, target)

    @staticmethod
    def output_shape(targets: Tensor) -> tuple[int, ...]:
        """Return (N, H, targets)."""
        return tuple(targets.shape)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return every metric of forecasts (N, H, C)."""
        return evaluate(self.measures, outputs, targets)

    def baselines(self, examples: Windows) -> dict[str, float]:
        """Return the errors of forecasts that need no training, such as ``naive/mse``; the season is a day of hours."""
        found: dict[str, float] = {}
        for name in BASELINES:
            try:
                network = self._of_target(FORECASTERS[name](*self._shape)).to(examples.starts.device)
            except SeedwiseError:  # the input is shorter than the season
                continue
            batches = [self.batch(examples, slice(k, k + 2048)) for k in range(0, len(examples), 2048)]
            outputs = torch.cat([network(*inputs) for *inputs, _ in batches])
            scores = self.evaluate(outputs, torch.cat([targets for *_, targets in batches]))
            found |= {f"{name}/{metric}": value for metric, value in scores.items()}
        return found

    def keep(
        self, run: Run[Any], examples: Windows, outputs: Tensor, targets: Tensor, split: str, **place: Any
    ) -> None:
        """Keep the errors, and a sample of the forecasts."""
        rows = examples.starts[:, None] + torch.arange(self.lookback, device=examples.starts.device)
        history = self.series.values[rows][:, :, list(self.series.target)]
        run.save_forecasts(
            outputs, targets, split, history=history, variables=self.series.target_columns, ids=examples.starts, **place
        )


SPLIT_VARIES = (
    "the source 'split' draws training examples at random, and a time series is split by time, the same for every run: "
    "leave 'split' out"
)


class _OfTarget(nn.Module):
    """A network of which only some variables are scored."""

    def __init__(self, network: nn.Module, target: list[int]) -> None:
        super().__init__()
        self.network = network
        self.target = target

    def forward(self, values: Tensor, calendar: Tensor) -> Tensor:
        forecast: Tensor = self.network(values, calendar)
        return forecast[:, :, self.target]


def load_forecasting(config: ForecastingTask, device: str) -> Forecasting:
    """Return the task of a study file with its data on ``device``.

    Raises:
        MissingDataError: if the file of a published series is not there.
        SeedwiseError: if a CSV cannot be read, has changed since the study was planned, or has too few rows, or if a
            function of the user's fails or returns no time series.

    """
    dataset = config.dataset
    if isinstance(dataset, CSVSeries):
        dataset.check_unchanged()
        series = read_series(dataset.csv, time=dataset.time, target=dataset.target, split=dataset.split).to(device)
    elif isinstance(dataset, OwnSeries):
        options = json.dumps(dataset.given, sort_keys=True)
        series, imported = _load(dataset.name, options, dataset.split, tuple(dataset.target or ()), device)
        note_imports(imported)
    else:
        series = load_series(dataset.name, device, target=dataset.target)
    return Forecasting(
        series,
        dataset.lookback,
        dataset.horizon,
        config.train_windows,
        config.test_windows,
        test=config.test != "none",
        metrics=config.metrics,
    )


@lru_cache(maxsize=4)
def _load(
    name: str, options: str, split: tuple[float, float, float], target: tuple[str, ...], device: str
) -> tuple[Series, frozenset[str]]:
    import pandas as pd

    def series(made: Any) -> Series:
        if not isinstance(made, pd.DataFrame):
            raise SeedwiseError(
                f"'{name}' returned {type(made).__name__}: of a time series a pandas.DataFrame is needed, a row per "
                "time; a dataset of images has no 'horizon'"
            )
        return series_from(made, f"'{name}'", split, target or None)

    loaded, imported = loaded_by(OwnDataset.model_validate({"name": name, **json.loads(options)}), series)
    return loaded.to(device), imported


def _evenly_spaced(windows: Windows, count: int | None, split: str) -> Windows:
    if count is None:
        return windows
    if count > len(windows):
        raise SeedwiseError(f"{windows.series.name} has {len(windows)} windows for {split}, not {count}")
    index = torch.linspace(0, len(windows) - 1, count, dtype=torch.float64).round().long()
    return windows.take(index.to(windows.starts.device))
