"""Rows that are statistics of runs and no runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import by_value, different, factorized, texts
from seedwise.results._curves import Rows
from seedwise.results._long import Notes
from seedwise.results._metrics import counted
from seedwise.results._numbers import is_missing, plainly

if TYPE_CHECKING:
    import pandas as pd

_LEAST: Final = 3
_ROUNDED: Final = 0.02
"""In SDs of the runs: of two methods with normal runs, both last ones are so near to the mean in 1 of 4000 tables."""


def without_summaries(
    data: pd.DataFrame, method: str, seed: Sequence[str], task: str | None, notes: Notes, *, seeds_in_layout: bool
) -> pd.DataFrame:
    """Leave out rows that are statistics of others, and say it.

    These are rows whose seed is a statistic, rows that every method has under the name of one, and rows without a seed
    whose method or task is named after one and has no row with a seed. Where the layout says the seeds, or nothing
    does, rows without a task are taken for rows without a seed.

    Args:
        data: a row per run or step.
        method: the column of the method.
        seed: the columns of the seed.
        task: the column of the task, if the user names it.
        notes: where is said what was left out.
        seeds_in_layout: whether the seeds come from the layout, so that none is empty.

    Raises:
        SeedwiseError: if nothing is left.

    """
    for column in data.columns:
        if column == method or plainly(factorized(data[column])[1]) is not None:
            continue
        data = _without_statistics(data, column, method, seed, notes, seeds_in_layout=seeds_in_layout)

    tasks = [column for column in data.columns if column == task or _names.one_of(column, _names.TASKS)]
    keys = seed if seed and not seeds_in_layout else tasks
    if not keys:
        return data
    empty = np.all([by_value(texts(data[column]), is_missing).astype(bool) for column in keys], axis=0)
    for column in () if empty.all() else dict.fromkeys((method, *tasks)):
        names = texts(data[column]).astype(str)
        summaries = sorted({name for name in names[empty] if _names.is_summary(name)} - set(names[~empty]))
        chosen = np.isin(names, summaries)
        if chosen.any() and not chosen.all():
            notes.set_aside.append(f"{counted(int(chosen.sum()), 'summary row')} ({column} {listed(summaries)})")
            data, empty = data[~chosen].reset_index(drop=True), empty[~chosen]
    return data


def _without_statistics(
    data: pd.DataFrame, column: str, method: str, seed: Sequence[str], notes: Notes, *, seeds_in_layout: bool
) -> pd.DataFrame:
    """Leave out the rows that a column calls statistics of others: of seeds, or of each method's rows."""
    labels = different(data[column])
    told = {label for label in labels if _names.is_statistic(label)}
    numbered = column in seed and any(_names.is_seed_like(label) for label in labels)
    if told or numbered:
        told |= {label for label in labels if _names.is_average(label)}
    summary = by_value(texts(data[column]), told.__contains__).astype(bool)
    if column not in seed:
        if seed and not seeds_in_layout:  # what has a seed is a run
            has_seed = np.any([_are_numbered(data[one]) for one in seed], axis=0)
            summary &= ~has_seed
        if summary.all() and len(told) > 1:
            raise SeedwiseError(f"the column '{column}' holds statistics alone: it needs runs, a row each")
        if summary.all() or set(data[method][summary]) != set(data[method]):
            return data
    if not summary.any():
        return data
    kinds = dict.fromkeys(str(cell).strip().lower() for cell in data[column][summary])
    notes.set_aside.append(
        f"{counted(int(summary.sum()), 'summary row')} ({column or 'without a title'} {listed(kinds)})"
    )
    if summary.all():
        raise SeedwiseError(f"the column '{column}' holds statistics alone: it needs runs, a row each")
    return data[~summary].reset_index(drop=True)


def _are_numbered(column: pd.Series[str]) -> NDArray[np.bool_]:
    return by_value(texts(column), _names.is_seed_like).astype(bool)


def averages_are_refused(rows: Rows) -> None:
    """Refuse a last row of every method that is the mean of those above it, or their SD, where no label says so.

    Args:
        rows: a row per run, in the order of the table.

    Raises:
        SeedwiseError: if there is one.

    """
    cells = dict.fromkeys(zip(rows.task, rows.method, strict=True))
    if len(cells) < 2:
        return
    for name, numbers in rows.numbers.items():
        runs = [numbers.values[(rows.task == task) & (rows.method == method)] for task, method in cells]
        for end, what in ((1, "row of every method is the mean"), (2, "two rows of every method are mean and SD")):
            if all(_ends_in_mean(of_method, end) for of_method in runs):
                raise SeedwiseError(f"the last {what} of the rows above in '{name}': leave out what is no run")


def _ends_in_mean(values: NDArray[np.float64], end: int) -> bool:
    own, last = values[:-end], values[-end:]
    if own.size < _LEAST or not np.all(np.isfinite(values)):
        return False
    spread = own.std(ddof=1)
    near = [abs(last[0] - own.mean()) <= _ROUNDED * spread]
    near += [min(abs(last[1] - spread), abs(last[1] - own.std())) <= _ROUNDED * spread] if end == 2 else []
    return spread > 0 and all(near)
