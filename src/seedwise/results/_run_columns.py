"""Tables with a column per seed, or per fold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._long import Notes, name_of_values
from seedwise.results._numbers import read_numbers
from seedwise.results._roles import Roles, known

if TYPE_CHECKING:
    import pandas as pd

_FOLD: Final = "fold"
_SEED: Final = "seed of column"
_LEAST_NUMBERS: Final = 3
_BY_CHANCE: Final = 0.02


@dataclass(frozen=True)
class RunColumns:
    """Columns that hold a run of each method.

    Attributes:
        number: of each column its seed or fold.
        metric: what they hold.
        are_folds: whether they are folds of a cross-validation.

    """

    number: dict[str, str]
    metric: str
    are_folds: bool

    @property
    def column(self) -> str:
        """The column that holds the numbers when each run has a row."""
        return _FOLD if self.are_folds else _SEED


def runs_in_columns(numeric: list[str], roles: Roles) -> RunColumns | None:
    """Return the columns of numbers that are named after seeds or folds, such as ``acc seed 0``; None without them.

    Args:
        numeric: the columns of numbers.
        roles: what the user says.

    Raises:
        SeedwiseError: if there are folds of several metrics.

    """
    seeds = {column: column for column in numeric if _names.is_seed_like(column) and column not in roles.seed}
    if len(seeds) >= 2:
        return RunColumns(seeds, "", False)
    named = {column: found for column in numeric if (found := _names.run_pattern(None).fullmatch(column))}
    numbers = {column: found["seed"] for column, found in named.items()}
    metrics = {found["method"] for found in named.values()}
    if len(metrics) == 1 and len(numbers) > 1 and not set(numbers.values()) & set(numeric):
        return RunColumns(numbers, metrics.pop(), False)
    folds = {column: fold for column in numeric if (fold := _names.fold_of(column))}
    metrics = {metric for _, metric in folds.values()}
    if len(metrics) > 1:
        metrics = {known("metric", roles.metric[0] if len(roles.metric) == 1 else _which(metrics), metrics)}
    numbers = {column: fold for column, (fold, metric) in folds.items() if metric in metrics}
    is_whole = len(numbers) > 1 and not roles.fold and not any(_names.one_of(c, _names.FOLDS) for c in numeric)
    return RunColumns(numbers, metrics.pop(), True) if is_whole else None


def _which(metrics: set[str]) -> str:
    names = sorted(metrics)
    raise SeedwiseError(f"which metric: {listed(names)}? Pass --metric '{names[-1]}' (metric='{names[-1]}')")


def melt_runs(
    data: pd.DataFrame, by_run: RunColumns, roles: Roles, notes: Notes
) -> tuple[pd.DataFrame, RunColumns, list[str]]:
    """Return the table with a row per run, what its columns are, and the columns that stay.

    Args:
        data: the table.
        by_run: its columns that hold runs.
        roles: what the user says.
        notes: where is said what was found.

    Raises:
        SeedwiseError: if the numbers of the columns seem to be steps or sizes, with which results rise.

    """
    titles = list(by_run.number)
    statistics = [column for column in data.columns if column not in titles and _is_statistic(column)]
    if statistics:
        notes.set_aside.append(f"column{'s' if len(statistics) > 1 else ''} {listed(statistics)}")
    keys = [column for column in data.columns if column not in (*titles, *statistics)]
    metric = by_run.metric if by_run.metric and by_run.metric not in keys else ""
    metric = name_of_values(roles, data.columns) if not metric or (roles.metric and not by_run.are_folds) else metric
    by_run = replace(by_run, metric=metric)
    notes.read_as.append(f"{_FOLD if by_run.are_folds else 'seed'}: columns {listed(titles, 3)}")
    _trends_are_refused(data, titles)
    renamed = data.rename(columns=by_run.number)
    melted = renamed.melt(
        id_vars=keys, value_vars=list(by_run.number.values()), var_name=by_run.column, value_name=metric
    )
    return melted, by_run, keys


def _is_statistic(column: str) -> bool:
    own = _names.words(column)
    return bool({*own[:1], *own[-1:]} & (_names.STATISTICS | {"rank"}))


def _trends_are_refused(data: pd.DataFrame, titles: list[str]) -> None:
    """Refuse columns named by numbers, such as 1, 5, 10, with which the results of every method rise or fall."""
    if len(titles) < _LEAST_NUMBERS or not all(title.isdecimal() for title in titles):
        return
    ordered = sorted(titles, key=int)
    try:
        values = np.stack([read_numbers(data[title]).values for title in ordered])
    except SeedwiseError:  # refused where the numbers are read
        return
    steps = np.diff(values, axis=0)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        return
    count = int(ordered[-1]) - int(ordered[0]) + 1 == len(ordered)
    by_chance = 2 / math.factorial(len(ordered)) ** len(data)
    if not count or by_chance < _BY_CHANCE:
        move = "rise" if steps[0, 0] > 0 else "fall"
        raise SeedwiseError(
            f"are the columns {listed(ordered, 3)} seeds? The results of every method {move} with them: if they are, "
            f"call them 'seed {ordered[0]}', 'seed {ordered[1]}' and so on"
        )
