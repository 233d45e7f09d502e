"""Methods compared on how much their runs disagree: churn, and the variance of the error on single examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._figures import names_of
from seedwise.reporting._formatting import interval, p_value
from seedwise.reporting._table import Table
from seedwise.statistics import (
    Cell,
    Interval,
    churn_verdict,
    error_variance_verdict,
    holm,
)
from seedwise.statistics.disagreement import disagreement_ratios
from seedwise.statistics.pairing import base_of

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
            found.append((name, *disagreement_ratios(cell, against, truth)))
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


_VERDICTS: Final = (churn_verdict, error_variance_verdict)
