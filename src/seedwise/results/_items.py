"""Runs of which the table has a row per example."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results._curves import Rows
from seedwise.results._numbers import Numbers


def averaged(rows: Rows) -> tuple[Rows, dict[str, list[NDArray[np.float64]]]]:
    """Return a row per run, its value the mean over its examples, and by metric the scores of each run's examples.

    Args:
        rows: an example of a run each, none twice.

    Raises:
        SeedwiseError: if a run lacks an example that another run of its task has, or an example has no score.

    """
    assert rows.item is not None
    assert rows.seed is not None
    run = replace(rows, item=None).run
    _, first = np.unique(run, return_index=True)
    of_run = rows.take(first)
    items = np.empty(len(run), dtype=np.int64)
    sizes = np.empty(len(first), dtype=np.int64)
    for task in dict.fromkeys(rows.task):
        here = rows.task == task
        names, items[here] = np.unique(rows.item[here].astype(str), return_inverse=True)
        sizes[of_run.task == task] = len(names)
        short = np.flatnonzero((of_run.task == task) & (np.bincount(run) < len(names)))
        if short.size:
            lacking = np.setdiff1d(names, names[items[run == short[0]]])[0]
            raise SeedwiseError(
                f"{_called(of_run, short[0])} has no example {lacking}, which another run has: every run is scored on "
                "the same examples; write 0 where an answer is missing"
            )
    failed = np.zeros(len(first), dtype=bool)
    np.logical_or.at(failed, run, rows.failed)
    scores: dict[str, list[NDArray[np.float64]]] = {}
    numbers: dict[str, Numbers] = {}
    ends = np.cumsum(sizes)
    order = np.lexsort((items, run))
    for name, found in rows.numbers.items():
        bad = np.flatnonzero(~np.isfinite(found.values) & ~failed[run])
        if bad.size:
            k = bad[0]
            raise SeedwiseError(
                f"{_called(rows, k)} has no {name} on example {rows.item[k]}: write 0 where an answer is missing, "
                "or leave out all rows of a run that failed"
            )
        scores[name] = np.split(found.values[order], ends[:-1])
        means = np.array([np.mean(of) for of in scores[name]])
        numbers[name] = Numbers(np.where(failed, np.nan, means), np.zeros(len(first), dtype=bool), found.percent)
    return replace(of_run, item=None, numbers=numbers, failed=failed), scores


def _called(rows: Rows, k: int) -> str:
    assert rows.seed is not None
    return f"method {rows.method[k]}, seed {rows.seed[k]}"
