"""From curves to one value per run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.results._numbers import Numbers


@dataclass(frozen=True)
class Rows:
    """The rows of a table as arrays of one length.

    Attributes:
        task, method: names.
        seed, fold: in one spelling, or None where there is no such column.
        numbers: by metric.
        failed: whether the run that a row belongs to failed.
        place: the rows' places in the table.

    """

    task: NDArray[np.object_]
    method: NDArray[np.object_]
    seed: NDArray[np.object_] | None
    fold: NDArray[np.object_] | None
    numbers: dict[str, Numbers]
    failed: NDArray[np.bool_]
    place: NDArray[np.int64]

    @property
    def run(self) -> NDArray[np.int64]:
        """The number of the run that each row belongs to."""
        import pandas as pd

        code = np.zeros(len(self.place), dtype=np.int64)
        for column in (self.task, self.method, self.seed, self.fold):
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
            {name: found.take(rows) for name, found in self.numbers.items()},
            self.failed[rows],
            self.place[rows],
        )


def ends(rows: Rows, step: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the last row of each run, and which of these runs end before the longest of their task.

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
    return last, np.array([step[k] < longest[rows.task[k]] for k in last], dtype=bool)


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
