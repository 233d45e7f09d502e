"""Methods compared with the base on how much their runs disagree: churn, and the variance of the error on examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import base_of, lined_up, predictions_of, several_groups
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.disagreement.churn import churn
from seedwise.statistics.disagreement.churn_comparison import churn_ratio
from seedwise.statistics.disagreement.error_variance import error_variance
from seedwise.statistics.disagreement.error_variance_comparison import error_variance_ratio
from seedwise.statistics.verdicts.churn import churn_verdict, error_variance_verdict
from seedwise.statistics.verdicts.verdict import Verdict

Labels = Sequence[NDArray[np.int64] | None]
"""For each cell the true classes of its examples, or None."""


@dataclass(frozen=True)
class RatioToBase:
    """A ratio to the base with the conclusion.

    Attributes:
        ratio: method to base.
        p_adjusted: its p-value, Holm-corrected over the cells.
        verdict: the conclusion.

    """

    ratio: Interval
    p_adjusted: float
    verdict: Verdict


@dataclass(frozen=True)
class Disagreement:
    """How much the runs of a cell disagree, compared with those of the base; each question is corrected by itself."""

    churn: RatioToBase
    error_variance: RatioToBase


def disagreements(cells: Sequence[Cell], labels: Labels, base: str, effect: float) -> list[Disagreement | str | None]:
    """Compare every cell that kept predictions with the base's.

    Args:
        cells: the cells of a study.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.
        effect: the ratio that a plan is for.

    Returns:
        For each cell the comparison, or why there is none; None for the base, and without predictions.

    """
    found = [_ratios_of(cell, truth, cells, base) for cell, truth in zip(cells, labels, strict=True)]
    known = [one for one in found if isinstance(one, _Ratios)]

    def judged(ratios: Sequence[Interval], pilots: Sequence[Interval | None], verdict: Any) -> list[RatioToBase]:
        adjusted = holm([ratio.p_value for ratio in ratios]).tolist()
        return [
            RatioToBase(r, p, verdict(r, p_adjusted=p, effect=effect, pilot=pilot, comparisons=len(ratios)))
            for r, p, pilot in zip(ratios, adjusted, pilots, strict=True)
        ]

    churns = judged([one.churn for one in known], [one.churn_pilot for one in known], churn_verdict)
    variances = judged(
        [one.error_variance for one in known], [one.error_variance_pilot for one in known], error_variance_verdict
    )
    both = iter(map(Disagreement, churns, variances))
    return [next(both) if isinstance(one, _Ratios) else one for one in found]


def churn_ratio_of(cell: Cell, base: Cell, level: float = 0.95) -> Interval | str | None:
    """Return the churn of a cell relative to that of the base; why not, or None where a cell kept no predictions."""
    if cell.predictions is None or base.predictions is None:
        return None
    labels, given = _lined_up(cell, base)
    try:
        return churn_ratio(*labels, level=level, **given)
    except ValueError as error:
        return str(error)


@dataclass(frozen=True)
class _Ratios:
    churn: Interval
    error_variance: Interval
    churn_pilot: Interval | None
    error_variance_pilot: Interval | None


def _ratios_of(cell: Cell, truth: NDArray[np.int64] | None, cells: Sequence[Cell], base: str) -> _Ratios | str | None:
    against = base_of(cell, cells, base)
    if against is None or truth is None or cell.predictions is None or against.predictions is None:
        return None
    labels, given = _lined_up(cell, against)
    ids = given["example_ids"][1]
    try:
        churned = churn_ratio(*labels, **given)  # first: it says so where the two predict other examples
        wrong = [(predicted != truth).astype(np.float64) for predicted in labels]
        ratios = churned, error_variance_ratio(*wrong, **given)
        if several_groups(against):
            return _Ratios(*ratios, None, None)
        pilots = (churn(labels[1], example_ids=ids), error_variance(wrong[1], example_ids=ids))
    except ValueError as error:
        return str(error)
    # Where each two of a few runs disagree on equally many examples, there is no spread to plan by.
    return _Ratios(*ratios, *(pilot if pilot.low < pilot.high else None for pilot in pilots))


def _lined_up(cell: Cell, base: Cell) -> tuple[list[NDArray[np.int64]], dict[str, Any]]:
    """Return the predictions of both arms, and the arguments of a comparison of them: pairing, examples, groups."""
    runs, paired = lined_up([cell, base])
    labels, ids = zip(*(predictions_of(c, at) for c, at in zip((cell, base), runs, strict=True)), strict=True)
    groups = tuple(c.group[at] for c, at in zip((cell, base), runs, strict=True))
    return list(labels), {"paired": paired, "example_ids": ids, "groups": groups}
