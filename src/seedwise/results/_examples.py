"""What holds on other examples, where every run is scored on the same ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.results._arrange import Arranged
from seedwise.statistics import Cell, Crossed, Metric, Verdict, crossed_difference, crossed_mean, holm, mean_verdict
from seedwise.statistics.cells.pairing import base_of, lined_up
from seedwise.statistics.core._checks import MINIMUM_RUNS


@dataclass(frozen=True)
class ExampleComparison:
    """A method on a task, its runs crossed with the examples. Where a number cannot be given, a sentence says why.

    Attributes:
        task, method: names.
        metric: in whose unit the numbers are.
        runs: finished runs.
        examples: how many there are.
        mean: over runs, for other runs on these examples and for other runs on other examples.
        error_of_examples: standard error of the mean over examples: the SD of their scores, each a mean over the runs,
            over the root of their number.
        difference: from the base, likewise; None for the base itself.
        p_adjusted: of the difference on other examples, Holm-corrected over tasks and methods; None without one.
        verdict: on the difference on other examples, or the reason why there is none; None for the base.

    """

    task: str
    method: str
    metric: Metric
    runs: int
    examples: int
    mean: Crossed | str
    error_of_examples: float
    difference: Crossed | str | None
    p_adjusted: float | None
    verdict: Verdict | str | None


def compare_examples(made: Arranged, scores: Sequence[NDArray[np.float64]], base: str) -> tuple[ExampleComparison, ...]:
    """Compare methods with a base on other examples than those that their runs were scored on.

    Args:
        made: the runs as cells.
        scores: for each run the scores of its examples.
        base: the method that the others are compared with.

    """
    tables = {id(cell): np.stack([scores[k] for k in at]) for cell, at in zip(made.cells, made.places, strict=True)}
    against = [(cell, base_of(cell, made.cells, base)) for cell in made.cells]
    differences = [None if of_base is None else _difference(cell, of_base, tables) for cell, of_base in against]
    compared = [k for k, one in enumerate(differences) if one is not None]
    p_values = [_p_value(differences[k]) for k in compared]
    adjusted = dict(zip(compared, holm(p_values).tolist(), strict=True))
    return tuple(
        _example_comparison(cell, tables[id(cell)], differences[k], adjusted.get(k))
        for k, cell in enumerate(made.cells)
    )


def _example_comparison(
    cell: Cell, scores: NDArray[np.float64], difference: Crossed | str | None, p_adjusted: float | None
) -> ExampleComparison:
    own = scores[cell.finished_mask[: len(scores)]]
    verdict: Verdict | str | None = difference if isinstance(difference, str) else None
    if isinstance(difference, Crossed) and p_adjusted is not None:
        better = cell.metric.higher_is_better
        verdict = mean_verdict(difference.on_new_data, p_adjusted=p_adjusted, higher_is_better=better)
    error = math.nan
    if len(own) and own.shape[1] > 1:
        error = float(np.std(own.mean(axis=0), ddof=1)) / math.sqrt(own.shape[1])
    return ExampleComparison(
        cell.task,
        cell.method,
        cell.metric,
        len(own),
        scores.shape[1],
        _mean(own),
        error,
        difference,
        p_adjusted if isinstance(difference, Crossed) else None,
        verdict,
    )


def _mean(scores: NDArray[np.float64]) -> Crossed | str:
    if len(scores) < MINIMUM_RUNS:
        return f"{len(scores)} finished runs: it takes {MINIMUM_RUNS}"
    try:
        return crossed_mean(scores)
    except ValueError as error:
        return str(error)


def _difference(cell: Cell, base: Cell, tables: dict[int, NDArray[np.float64]]) -> Crossed | str:
    (at, at_base), paired = lined_up([cell, base])
    if min(at.size, at_base.size) < MINIMUM_RUNS:
        return f"{min(at.size, at_base.size)} finished runs to compare: it takes {MINIMUM_RUNS}"
    try:
        return crossed_difference(tables[id(cell)][at], tables[id(base)][at_base], paired=paired)
    except ValueError as error:
        return str(error)


def _p_value(difference: Crossed | str | None) -> float | None:
    return difference.on_new_data.p_value if isinstance(difference, Crossed) else None
