"""Rows that are statistics of runs and no runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import by_value, factorized, texts
from seedwise.results._layout import Notes
from seedwise.results._metrics import counted
from seedwise.results._numbers import is_missing, plainly

if TYPE_CHECKING:
    import pandas as pd


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
        if plainly(factorized(data[column])[1]) is not None:
            continue
        summary = by_value(data[column], _names.is_statistic).astype(bool)
        if column == method or not summary.any():
            continue
        if column in seed or (not summary.all() and set(data[method][summary]) == set(data[method])):
            kinds = dict.fromkeys(str(cell).strip().lower() for cell in data[column][summary])
            notes.set_aside.append(f"{counted(int(summary.sum()), 'summary row')} ({column} {listed(kinds)})")
            data = data[~summary].reset_index(drop=True)
            if data.empty:
                raise SeedwiseError(f"the column '{column}' holds statistics alone: it needs runs, a row each")

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
