"""The methods of foreign runs, compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results._runs import ForeignRuns
from seedwise.results._understand import no_such
from seedwise.statistics import Cell, ComparisonRow, Question, compare_study

_BASE: Final = "base"


@dataclass(frozen=True)
class ComparedRuns:
    """Methods of another tool compared with a base.

    Attributes:
        cells: the runs of each method, the base first.
        rows: the numbers of each, in the unit of the data.
        base: the method that the others are compared with.
        question: what was asked.
        notes: sentences on how runs were paired.

    """

    cells: tuple[Cell, ...]
    rows: tuple[ComparisonRow, ...]
    base: str
    question: Question
    notes: tuple[str, ...]


def compare_runs(runs: ForeignRuns, base: str | None, question: Question) -> ComparedRuns:
    """Compare the methods of foreign runs with one of them.

    Runs with equal seeds are pairs if at least half of all the seeds are in every method. A run without a partner then
    counts in its own method's numbers and not in a comparison, and a note names it.

    Args:
        runs: the runs.
        base: the method that the others are compared with; None: the one that is called ``base``.
        question: what is asked; its margin is in the unit of the metric.

    Raises:
        SeedwiseError: one line, for a base that is no method, or a question out of its range.

    """
    if base is None and _BASE not in runs.methods:
        raise SeedwiseError(
            f"no method is called '{_BASE}': say with base (--base) which of {', '.join(runs.methods[:20])} the others "
            "are compared with"
        )
    base = base or _BASE
    if base not in runs.methods:
        raise SeedwiseError(no_such("method", base, runs.methods, "base"))
    names = np.array(runs.method, dtype=object)
    codes, missing, notes = _paired(runs, names)
    cells = []
    for method in [base, *(m for m in runs.methods if m != base)]:
        own, absent = runs.values[names == method], missing.get(method, np.array([], dtype=np.int64))
        status = ["finished" if ok else "crashed" for ok in np.isfinite(own)] + ["pending"] * absent.size
        cells.append(
            Cell(
                task="results",
                method=method,
                regime="as given",
                group=np.zeros(len(status), dtype=np.int64),
                replicate=np.concatenate([codes[names == method], absent]),
                values=np.concatenate([own, np.full(absent.size, np.nan)]),
                status=tuple(status),
                metric=runs.metric,
            )
        )
    try:
        rows = compare_study(cells, base=base, factor=question.factor, margin=question.margin)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    return ComparedRuns(tuple(cells), tuple(rows), base, question, notes)


def _paired(
    runs: ForeignRuns, names: NDArray[np.object_]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]], tuple[str, ...]]:
    """Number the runs, equal seeds alike; return also the numbers that each method lacks, and notes on pairing."""
    if runs.seed is None:
        return np.arange(len(names)), {}, ()  # every run has a number of its own
    seeds, codes = np.unique(np.array(runs.seed, dtype=str), return_inverse=True)
    lacks = {method: np.setdiff1d(np.arange(seeds.size), codes[names == method]) for method in runs.methods}
    lacks = {method: absent for method, absent in lacks.items() if absent.size}
    shared = seeds.size - np.unique(np.concatenate(list(lacks.values()))).size if lacks else seeds.size
    if not shared or not lacks:
        return codes, {}, ()
    if 2 * shared < seeds.size:
        note = (
            f"not paired: {shared} of {seeds.size} seeds ({runs.seed_name}) are in every method, too few to keep to "
            "them: leave out the rows of the others to compare pairs"
        )
        return codes, {}, (note,)
    gaps = "; ".join(
        f"{method} has no {runs.seed_name} {', '.join(seeds[absent][:5])}{', ...' if absent.size > 5 else ''}"
        for method, absent in lacks.items()
    )
    note = (
        f"{gaps}: a comparison leaves out runs without a partner. Add the missing rows (an empty value is a failed "
        "run), or compare all runs as independent: unpaired=True (--unpaired)"
    )
    return codes, lacks, (note,)
