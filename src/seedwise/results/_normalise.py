"""Scores that tasks of different scales have in common, and one number for a method on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import texts
from seedwise.results._layout import is_numeric
from seedwise.results._numbers import numbers_of
from seedwise.results._options import Normalize
from seedwise.results._read import read_table
from seedwise.results._understand import Runs
from seedwise.statistics import (
    Cell,
    Interval,
    PerformanceProfile,
    interquartile_mean,
    optimality_gap,
    performance_profile,
)
from seedwise.statistics.core._checks import MINIMUM_RUNS

if TYPE_CHECKING:
    import pandas as pd

Bounds = Mapping[str, tuple[float, float]]
"""By task the scores that count as 0 and as 1; empty: the worst and the best of the base's runs."""
_THRESHOLDS: Final = tuple(k / 20 for k in range(21))


@dataclass(frozen=True)
class MethodAggregates:
    """One number for a method on all tasks. Where it cannot be given, a sentence says why.

    Attributes:
        method: its name.
        interquartile_mean: of its normalised scores.
        optimality_gap: how far they fall short of 1 on average; None where lower scores are better.
        profile: the share of them above each threshold from 0 to 1.

    """

    method: str
    interquartile_mean: Interval | str
    optimality_gap: Interval | str | None
    profile: PerformanceProfile | str


@dataclass(frozen=True)
class Aggregates:
    """Methods on all tasks, by normalised scores.

    Attributes:
        methods: the base first.
        bounds: by task the scores that count as 0 and as 1.
        by_base: whether they are the worst and the best of the base's runs.
        higher_is_better: direction of the normalised scores.

    """

    methods: tuple[MethodAggregates, ...]
    bounds: Bounds
    by_base: bool
    higher_is_better: bool


def bounds_asked(normalize: Normalize, runs: Runs) -> Bounds | None:
    """Return the bounds that the user names; None if there are none.

    Args:
        normalize: what the user says.
        runs: the runs, with the bounds that columns say.

    Raises:
        SeedwiseError: if a file of bounds is no such table.

    """
    if normalize is None or isinstance(normalize, Mapping):
        return normalize
    if not isinstance(normalize, str):
        return runs.bounds
    return {} if normalize == "base" else bounds_of(read_table(Path(normalize)).data, normalize)


def bounds_of(data: pd.DataFrame, source: str) -> Bounds:
    """Return the bounds of each task from a table with a column of tasks and two of numbers: what is 0, what is 1.

    Raises:
        SeedwiseError: if it is no such table.

    """
    tasks = next((c for c in data.columns if _names.one_of(str(c), _names.TASKS)), data.columns[0])
    numeric = [column for column in data.columns if column != tasks and is_numeric(data[column])]
    if len(numeric) != 2:
        raise SeedwiseError(
            f"{source} needs a column of tasks and two of numbers, the score that counts as 0 and the one that counts "
            f"as 1: it has {listed(data.columns)}"
        )
    zero, one = (numbers_of(data, column).values.tolist() for column in numeric)
    return dict(zip(texts(data[tasks]), zip(zero, one, strict=True), strict=True))


def aggregates(cells: Sequence[Cell], base: str, bounds: Bounds) -> Aggregates:
    """Return the interquartile mean, optimality gap and performance profile of each method.

    Normalised is (x - zero) / (one - zero), so that a bound of 1 below that of 0 turns the direction round. A failed
    run counts with the metric at chance level; where that is unknown, a method with a failed run has no number.

    Args:
        cells: the runs of each task and method.
        base: the method that the others are compared with.
        bounds: see ``Bounds``.

    Raises:
        SeedwiseError: if a task has no bounds, or they are not two numbers.

    """
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    found = dict(bounds) or {task: _of_base(cells, task, base) for task in tasks}
    missing = [task for task in tasks if task not in found]
    if missing:
        raise SeedwiseError(f"--normalize has no bounds for the task {listed(missing)}: it has {listed(found)}")
    for task in tasks:
        zero, one = found[task]
        if not (np.isfinite(zero) and np.isfinite(one) and zero != one):
            raise SeedwiseError(f"--normalize needs two numbers for the task {task}: they are {zero:g} and {one:g}")
    rising = {bool(found[task][1] > found[task][0]) for task in tasks}
    if len(rising) > 1:
        raise SeedwiseError("--normalize has bounds that rise on some tasks and fall on others: write one direction")
    higher = cells[0].metric.higher_is_better == rising.pop()
    methods = list(dict.fromkeys(cell.method for cell in cells))
    by_method = {method: [cell for cell in cells if cell.method == method] for method in methods}
    return Aggregates(
        tuple(_of_method(by_method[method], tasks, found, higher) for method in methods),
        {task: found[task] for task in tasks},
        not bounds,
        higher,
    )


def _of_base(cells: Sequence[Cell], task: str, base: str) -> tuple[float, float]:
    (own,) = (cell for cell in cells if (cell.task, cell.method) == (task, base))
    values = own.values[own.finished_mask]
    if values.size == 0 or values.min() == values.max():
        raise SeedwiseError(f"--normalize base needs runs of {base} that vary on {task}: pass a file of bounds")
    low, high = float(values.min()), float(values.max())
    return (low, high) if own.metric.higher_is_better else (high, low)


def _of_method(own: Sequence[Cell], tasks: Sequence[str], bounds: Bounds, higher: bool) -> MethodAggregates:
    method = own[0].method
    reason = _why_not(own, tasks)
    if reason:
        return MethodAggregates(method, reason, reason if higher else None, reason)
    columns: list[NDArray[np.float64]] = []
    for cell in own:
        zero, one = bounds[cell.task]
        values = np.where(cell.failed_mask, cell.metric.chance or 0.0, cell.values)
        columns.append((values[cell.finished_mask | cell.failed_mask] - zero) / (one - zero))
    scores = np.stack(columns, axis=1)
    gap = optimality_gap(scores) if higher else None
    return MethodAggregates(method, interquartile_mean(scores), gap, performance_profile(scores, _THRESHOLDS))


def _why_not(own: Sequence[Cell], tasks: Sequence[str]) -> str:
    missing = set(tasks) - {cell.task for cell in own}
    if missing:
        return f"no run on {listed(sorted(missing))}"
    failed = sum(cell.failed for cell in own)
    if failed and own[0].metric.chance is None:
        return f"{failed} of its runs failed: count them with --chance"
    sizes = {cell.task: cell.finished + cell.failed for cell in own}
    if min(sizes.values()) < MINIMUM_RUNS:
        return f"it takes {MINIMUM_RUNS} runs on each task"
    if len(set(sizes.values())) > 1:
        return f"it takes as many runs on each task: there are {listed(f'{n} on {task}' for task, n in sizes.items())}"
    return ""
