"""From curves to one value per run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seedwise.results._numbers import Numbers


@dataclass(frozen=True)
class Rows:
    """The rows of a table as arrays of one length.

    Attributes:
        task, method: names.
        seed, fold, item: in one spelling, or None where there is no such column.
        numbers: by metric.
        finished, failed: whether the run that a row belongs to is known to have ended well, and to have failed.
        place: the rows' places in the table.

    """

    task: NDArray[np.object_]
    method: NDArray[np.object_]
    seed: NDArray[np.object_] | None
    fold: NDArray[np.object_] | None
    item: NDArray[np.object_] | None
    numbers: dict[str, Numbers]
    finished: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    place: NDArray[np.int64]

    @cached_property
    def run(self) -> NDArray[np.int64]:
        """The number of the run, or of the example of a run, that each row belongs to."""
        import pandas as pd

        code = np.zeros(len(self.place), dtype=np.int64)
        for column in (self.task, self.method, self.seed, self.fold, self.item):
            if column is not None:
                one, values = pd.factorize(column)
                code = pd.factorize(code * max(len(values), 1) + one)[0].astype(np.int64)
        return code

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.task[rows],
            self.method[rows],
            None if self.seed is None else self.seed[rows],
            None if self.fold is None else self.fold[rows],
            None if self.item is None else self.item[rows],
            {name: found.take(rows) for name, found in self.numbers.items()},
            self.finished[rows],
            self.failed[rows],
            self.place[rows],
        )


def everywhere(rows: Rows) -> tuple[Rows, bool]:
    """Return the rows with what each run has written once, such as a final test, in all rows of the run.

    Args:
        rows: steps of runs.

    Returns:
        The rows, and whether every metric is such: then there are no curves.

    """
    run, numbers, once = rows.run, {}, True
    for name, found in rows.numbers.items():
        written = np.flatnonzero(~found.missing)
        if len(np.unique(run[written])) < len(written):
            numbers[name], once = found, False
            continue
        source = np.full(run.max(initial=0) + 1, -1)
        source[run[written]] = written
        nowhere = source[run] < 0
        numbers[name] = Numbers(np.where(nowhere, np.nan, found.values[source[run]]), nowhere, found.percent)
    return replace(rows, numbers=numbers), once


def ends(rows: Rows, step: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the last row of each run, and which of these runs end before the longest of their task.

    What is missing is at least as long as a step of the run: programs that count differently end a little apart. A run
    that is known to have finished was stopped on purpose, one that failed is known to have.

    A row without any value is no step of the metric: programs write several curves into one table.

    Args:
        rows: steps of runs.
        step: shape (rows,).

    """
    run = rows.run
    written = np.any([~found.missing for found in rows.numbers.values()], axis=0)
    order = np.lexsort((step, written, run))
    last = order[np.append(np.diff(run[order]) != 0, True)]
    longest = {task: step[last][rows.task[last] == task].max() for task in dict.fromkeys(rows.task[last])}
    order = order[written[order]]
    same = np.diff(run[order]) == 0
    widest = np.zeros(run.max(initial=0) + 1)
    np.maximum.at(widest, run[order][1:][same], np.diff(step[order])[same])
    missing = np.array([longest[rows.task[k]] - step[k] for k in last])
    # A run of one step is compared with the steps of the others.
    short = (missing > 0) & (missing >= np.where(widest[run[last]] > 0, widest[run[last]], 0))
    return last, short & ~rows.finished[last] & ~rows.failed[last]


def best(rows: Rows, step: NDArray[np.float64], score: Numbers, *, higher: bool) -> NDArray[np.int64]:
    """Return the row of each run, in the order of ``ends``, where the score is best, the first of them.

    Args:
        rows: steps of runs.
        step: shape (rows,).
        score: shape (rows,).
        higher: whether a higher score is better.

    """
    run = rows.run
    value = np.where(np.isfinite(score.values), score.values if higher else -score.values, -np.inf)
    order = np.lexsort((-step, value, run))
    found: NDArray[np.int64] = order[np.append(np.diff(run[order]) != 0, True)]
    return found
