"""Single runs that make the spread of their method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from seedwise.results._arrange import Arranged
from seedwise.results._understand import Runs
from seedwise.statistics import Influence, Metric, influence

_ALPHA: Final = 0.01
_LEAST_RUNS: Final = 4
_LEAST_EQUAL: Final = 6
"""Of fewer runs all but one are easily equal where the metric is coarse."""


@dataclass(frozen=True)
class NamedRun:
    """A run without which the SD of its method would be far smaller.

    Attributes:
        task, method: of the run.
        run: what it is called, such as ``seed 7``.
        metric: in whose unit the SDs are.
        influence: the SD with it and without it.

    """

    task: str
    method: str
    run: str
    metric: Metric
    influence: Influence


def named_runs(runs: Runs, made: Arranged) -> tuple[NamedRun, ...]:
    """Return the runs that make the spread of their method, by Grubbs' test; none of a cross-validation.

    Where all results are normal one is named in at most 1 % of comparisons, all tasks and methods together.

    Args:
        runs: the runs.
        made: the same as cells.

    """
    several = [
        (cell, places[cell.finished_mask[: places.size]])
        for cell, places in zip(made.cells, made.places, strict=True)
        if cell.finished >= _LEAST_RUNS and cell.folds is None
    ]
    found = []
    for cell, places in several:
        one = influence(runs.values[cell.metric.name][places], alpha=_ALPHA / len(several))
        if one.makes_the_spread and (one.sd_without > 0 or cell.finished >= _LEAST_EQUAL):
            place = places[one.run]
            called = f"{runs.seed_name} {runs.seed[place]}" if runs.seed is not None else f"run {place + 1}"
            found.append(NamedRun(cell.task, cell.method, called, cell.metric, one))
    return tuple(found)
