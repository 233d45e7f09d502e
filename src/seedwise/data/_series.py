"""A multivariate time series, and the windows that are cut from it by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seedwise.data._calendar import calendar_features
from seedwise.data._table import Table
from seedwise.errors import SeedwiseError


@dataclass(frozen=True)
class Series:
    """A time series with its split, standardised by the mean and SD of its training rows.

    Attributes:
        name: as in a study file.
        values: (rows, variables) float32, standardised.
        calendar: (rows, features) float32 in [-.5, .5].
        times: (rows,) datetime64.
        columns: names of the variables.
        mean: (variables,) float64, of the training rows; ``values * scale + mean`` are the published ones.
        scale: (variables,) float64, the population SD of the training rows; 1 where that is 0.
        splits: rows of ``train``, ``validation`` and ``test``.
        target: the variables that are forecast and scored, as column numbers.

    """

    name: str
    values: Tensor
    calendar: Tensor
    times: NDArray[np.datetime64]
    columns: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    splits: Mapping[str, range]
    target: tuple[int, ...]

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Names of the variables that are forecast and scored."""
        return tuple(self.columns[number] for number in self.target)

    def windows(self, split: str, lookback: int, horizon: int) -> Windows:
        """Return all windows whose targets lie in a split; none is dropped.

        The inputs of validation and test windows reach back into the split before, as published.

        Args:
            split: ``train``, ``validation`` or ``test``.
            lookback: rows that a network sees, at least 1.
            horizon: rows that it forecasts, at least 1.

        Raises:
            SeedwiseError: if the split has too few rows for one window.

        """
        rows = self.splits[split]
        first = max(rows.start - lookback, 0)
        count = rows.stop - first - lookback - horizon + 1
        if min(lookback, horizon) < 1:
            raise SeedwiseError(f"lookback {lookback} and horizon {horizon} must be at least 1")
        if count < 1:
            raise SeedwiseError(
                f"{self.name} has too few rows: {len(rows)} for {split} hold no window of {lookback} + {horizon} rows; "
                "take more rows, a shorter lookback or horizon, or another split"
            )
        return Windows(self, torch.arange(first, first + count, device=self.values.device), lookback, horizon)

    def to(self, device: str) -> Series:
        """Return the series on ``device``."""
        return replace(self, values=self.values.to(device), calendar=self.calendar.to(device))


@dataclass(frozen=True)
class Windows:
    """Windows of a series; they hold row numbers, the series is not copied.

    Attributes:
        series: what they are cut from.
        starts: (N,) int64, the first row of each.
        lookback: L, rows of input.
        horizon: H, rows to forecast, which follow the input.

    """

    series: Series
    starts: Tensor
    lookback: int
    horizon: int

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, index: Tensor) -> Windows:
        """Return the windows at ``index`` (M,), in that order."""
        return replace(self, starts=self.starts[index])

    def gather(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return a batch.

        Args:
            index: (B,) int64, numbers of windows.

        Returns:
            Values (B, L, variables), calendar (B, L + H, features) and target (B, H, targets): the following values of
            the variables in ``series.target``.

        Example:
            >>> times = np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]")
            >>> table = Table(times, ("load",), np.arange(10.0)[:, None])
            >>> series = make_series("example", table, {"train": range(10)})
            >>> values, calendar, target = series.windows("train", 3, 2).gather(torch.tensor([0, 5]))
            >>> values.shape, calendar.shape, target.shape
            (torch.Size([2, 3, 1]), torch.Size([2, 5, 3]), torch.Size([2, 2, 1]))

        """
        rows = self.starts[index][:, None] + torch.arange(self.lookback + self.horizon, device=self.starts.device)
        values = self.series.values[rows]
        target = values[:, self.lookback :]
        if self.series.target != tuple(range(values.shape[2])):
            target = target[:, :, list(self.series.target)]
        return values[:, : self.lookback], self.series.calendar[rows], target


def make_series(name: str, table: Table, splits: Mapping[str, range], target: Sequence[str] | None = None) -> Series:
    """Standardise a table on its training rows and add the calendar.

    Args:
        name: what messages call it.
        table: times, columns and values.
        splits: rows of ``train``, ``validation`` and ``test``.
        target: columns that are forecast and scored; by default all.

    Raises:
        SeedwiseError: if there is no such column, or no training row.

    """
    for column in target or ():
        if column not in table.columns:
            raise SeedwiseError(f"{name} has no column '{column}': its columns are {', '.join(table.columns)}")
    rows = splits["train"]
    if not len(rows):
        raise SeedwiseError(f"{name} has too few rows: {len(table.values)} leave none for training")
    train = table.values[rows.start : rows.stop]
    mean, scale = train.mean(0), train.std(0)
    scale = np.where(scale > 0, scale, 1.0)
    return Series(
        name=name,
        values=torch.from_numpy(((table.values - mean) / scale).astype(np.float32)),
        calendar=torch.from_numpy(calendar_features(table.times)),
        times=table.times,
        columns=table.columns,
        mean=mean,
        scale=scale,
        splits=splits,
        target=tuple(table.columns.index(column) for column in target or table.columns),
    )
