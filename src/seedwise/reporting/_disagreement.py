"""Methods compared on how much their runs disagree: churn, and the variance of the error on single examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._figures import names_of
from seedwise.reporting._table import Table
from seedwise.reporting._words import interval, p_value
from seedwise.statistics import (
    Cell,
    Interval,
    churn,
    churn_ratio,
    churn_verdict,
    error_variance,
    error_variance_ratio,
    error_variance_verdict,
    holm,
)
from seedwise.statistics.pairing import base_of, lined_up, prediction_rows

NOTE: Final = (
    "Ratios to the base, below 1 where runs differ less, with jackknife intervals over runs and corrected p (Holm, "
    "each question by itself). Churn: the share of test examples on which two runs disagree. Error variance: the "
    "variance over runs of being wrong, averaged over examples. The same runs say far more about both than about the "
    "SD of a metric, and they are other questions: less churn is no smaller SD."
)
EFFECT: Final = 0.9
"""The ratio that the plan in a verdict is for."""


def disagreement_table(
    cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None], base: str
) -> tuple[Table, str, list[str]]:
    """Compare every cell that kept predictions with the base; beside it a note with the plans, and why not.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    """
    found: list[tuple[str, list[Interval], list[Interval | None]]] = []
    reasons = []
    for cell, truth, name in zip(cells, labels, names_of(cells), strict=True):
        against = base_of(cell, cells, base)
        if against is None or truth is None or cell.predictions is None or against.predictions is None:
            continue
        try:
            found.append((name, *compared(cell, against, truth)))
        except ValueError as error:
            reasons.append(f"{name}: no comparison of churn: {error}")
    adjusted = [holm([ratios[k].p_value for _, ratios, _ in found]).tolist() for k in (0, 1)]
    rows = []
    plans: dict[str, None] = {}
    for k, (name, ratios, pilots) in enumerate(found):
        shown = []
        for question, (ratio, pilot) in enumerate(zip(ratios, pilots, strict=True)):
            verdict = _VERDICTS[question](
                ratio, p_adjusted=adjusted[question][k], effect=EFFECT, pilot=pilot, comparisons=len(found)
            )
            shown += [interval(ratio, 2), p_value(adjusted[question][k]), verdict.word]
            if verdict.short:
                plans.setdefault(verdict.short.removeprefix("not resolved: "), None)
        rows.append([name, *shown])
    columns = ["method", "churn / base's [95 %]", "p", "verdict on churn"]
    return (
        Table([*columns, "error variance / base's [95 %]", "p ", "verdict on error variance"], rows),
        " ".join([NOTE, *(f"F{plan[1:]}." for plan in plans)]),
        reasons,
    )


def churn_ratios(
    cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None], base: str, level: float
) -> list[tuple[str, Interval | None]]:
    """Return the ratio of churn of every cell to the base, None where it is not known.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.
        level: of the intervals.

    """
    found: list[tuple[str, Interval | None]] = []
    for cell, truth, name in zip(cells, labels, names_of(cells), strict=True):
        against = base_of(cell, cells, base)
        if against is None:
            continue
        known = truth is not None and cell.predictions is not None and against.predictions is not None
        try:
            found.append((name, compared(cell, against, truth, level)[0][0] if known and truth is not None else None))
        except ValueError:
            found.append((name, None))
    return found


_VERDICTS: Final = (churn_verdict, error_variance_verdict)


def compared(
    cell: Cell, base: Cell, truth: NDArray[np.int64], level: float = 0.95
) -> tuple[list[Interval], list[Interval | None]]:
    """Return the ratios of churn and of error variance, and those of the base that a plan goes by."""
    runs, paired = lined_up([cell, base])
    picked = [(c, at, prediction_rows(c, at)) for c, at in zip((cell, base), runs, strict=True)]
    groups = tuple(c.group[at] for c, at, _ in picked)
    predicted = [c.predictions[rows] for c, _, rows in picked if c.predictions is not None]
    ids: Any = tuple(None if c.example_ids is None else [c.example_ids[k] for k in rows] for c, _, rows in picked)
    wrong = [(labels != truth).astype(np.float64) for labels in predicted]
    ratios = [
        churn_ratio(*predicted, paired=paired, example_ids=ids, groups=groups, level=level),  # type: ignore[arg-type]
        error_variance_ratio(*wrong, paired=paired, example_ids=ids, groups=groups, level=level),  # type: ignore[arg-type]
    ]
    if len(set(base.group.tolist())) > 1:
        return ratios, [None, None]
    pilots = (churn(predicted[1], example_ids=ids[1]), error_variance(wrong[1], example_ids=ids[1]))
    # Where each two of a few runs disagree on equally many examples, there is no spread to plan by.
    return ratios, [pilot if pilot.low < pilot.high else None for pilot in pilots]
