"""The methods of foreign runs, compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results import _names
from seedwise.results._roles import known, listed
from seedwise.results._understand import Runs
from seedwise.statistics import Cell, ComparisonRow, Metric, Question, compare_study
from seedwise.statistics.cells.cell import AS_GIVEN


@dataclass(frozen=True)
class ComparedRuns:
    """Methods of another tool compared with a base, by one metric.

    Attributes:
        cells: the runs of each task and method, the base first.
        rows: the numbers of each, in the unit of the data.
        base: the method that the others are compared with.
        question: what was asked.
        notes: sentences on how runs were paired, and on what does not vary.

    """

    cells: tuple[Cell, ...]
    rows: tuple[ComparisonRow, ...]
    base: str
    question: Question
    notes: tuple[str, ...]


def base_of(methods: list[str], given: str | None) -> str:
    """Return the method that the others are compared with: the one named, or the one that is called so.

    Raises:
        SeedwiseError: one line, if there is no such method or nothing says which it is.

    Example:
        >>> base_of(["ours", "Baseline"], None)
        'Baseline'

    """
    if given is not None:
        return known("method", given, methods)
    called = [method for method in methods if method.lower() in _names.BASES]
    if len(called) != 1:
        raise SeedwiseError(f"which method is the base: {listed(methods)}? Pass --base '{methods[0]}' (base=...)")
    return called[0]


def compare_runs(
    runs: Runs, base: str | None, question: Question, *, unpaired: bool = False, chance: float | None = None
) -> tuple[ComparedRuns, ...]:
    """Compare the methods of foreign runs with one of them, by each metric; every metric is a family of its own.

    Runs with equal seeds are pairs if at least half of all the seeds of a task are in every method. A run without a
    partner then counts in its own method's numbers and not in a comparison, and a note names it.

    Args:
        runs: the runs.
        base: the method that the others are compared with; None: the one that is called base, baseline or the like.
        question: what is asked; its margin is in the unit of the metric.
        unpaired: whether to ignore that seeds correspond.
        chance: the metric at chance level, so that failed runs can be counted.

    Raises:
        SeedwiseError: one line, for a base that is no method, one method alone, folds, or a question out of its range.

    """
    base = base_of(runs.methods, base)
    if len(runs.methods) < 2:
        raise SeedwiseError(f"there is one method, '{base}': a comparison needs two")
    if runs.fold is not None:
        raise SeedwiseError(
            "the runs are folds of a cross-validation, which share training examples and are not independent: keep one "
            "fold (--where), or average each seed over its folds"
        )
    if chance is not None and not np.isfinite(100 * chance):  # it may be shown in percent
        raise SeedwiseError(f"chance is {chance}: it is the metric of guessing, a finite number")
    if unpaired:
        runs = replace(runs, seed=None)
    return tuple(_by_metric(runs, replace(metric, chance=chance), base, question) for metric in runs.metrics)


def _by_metric(runs: Runs, metric: Metric, base: str, question: Question) -> ComparedRuns:
    values = runs.values[metric.name]
    order = [base, *(method for method in runs.methods if method != base)]
    tasks = list(dict.fromkeys(runs.task))
    cells: list[Cell] = []
    notes: list[str] = []
    for task in tasks:
        here = runs.task == task
        methods = [method for method in order if np.any(here & (runs.method == method))]
        if base not in methods:
            raise SeedwiseError(f"the base '{base}' has no run on the task '{task}': keep the others (--where)")
        codes, lacks, said = _paired(runs, here, methods)
        where = f"{task}: " if len(tasks) > 1 else ""
        notes += [where + sentence for sentence in said]
        for method in methods:
            chosen = here & (runs.method == method)
            own, absent = values[chosen], lacks.get(method, np.array([], dtype=np.int64))
            status = ["finished" if ok else "crashed" for ok in np.isfinite(own)] + ["pending"] * absent.size
            finite = own[np.isfinite(own)]
            if finite.size > 2 and np.all(finite == finite[0]):
                notes.append(
                    f"{where}all {finite.size} values of {method} are {finite[0]:g}: it is deterministic, or the seed "
                    "has no effect on it"
                )
            cells.append(
                Cell(
                    task=task,
                    method=method,
                    regime=AS_GIVEN,
                    group=np.zeros(len(status), dtype=np.int64),
                    replicate=np.concatenate([codes[chosen[here]], absent]),
                    values=np.concatenate([own, np.full(absent.size, np.nan)]),
                    status=tuple(status),
                    metric=metric,
                )
            )
    try:
        rows = compare_study(cells, base=base, factor=question.factor, margin=question.margin)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    return ComparedRuns(tuple(cells), tuple(rows), base, question, tuple(notes))


def _paired(
    runs: Runs, here: NDArray[np.bool_], methods: list[str]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]], list[str]]:
    """Number the runs of a task, equal seeds alike; return also the numbers that methods lack, and notes on pairing."""
    names = runs.method[here]
    if runs.seed is None:
        return np.arange(len(names)), {}, []  # every run has a number of its own
    seeds, codes = np.unique(runs.seed[here].astype(str), return_inverse=True)
    codes = codes.astype(np.int64)
    have = {method: np.unique(codes[names == method]) for method in methods}
    lacks = {m: np.setdiff1d(np.arange(seeds.size), own) for m, own in have.items() if own.size < seeds.size}
    if not lacks:
        return codes, {}, []
    shared = seeds.size - np.unique(np.concatenate(list(lacks.values()))).size
    if 2 * shared < seeds.size:
        few = f"only {shared} of {seeds.size} seeds are" if shared else "no seed is"
        advice = ", too few to keep to them: leave out the rows of the others to compare pairs" if shared else ""
        return codes, {}, [f"not paired: {few} in every method (column {runs.seed_name}){advice}"]
    gaps = "; ".join(f"{method} has no {runs.seed_name} {listed(seeds[absent], 5)}" for method, absent in lacks.items())
    note = (
        f"{gaps}: a comparison leaves out runs without a partner. Add the missing rows (an empty value is a failed "
        "run), or compare all runs as independent: unpaired=True (--unpaired)"
    )
    return codes, lacks, [note]
