"""What a study that grows can be asked of every method: to add a question, add it to the table at the end."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import base_of, is_base
from seedwise.statistics.comparison.comparison import compare_study
from seedwise.statistics.comparison.disagreement import churn_ratio_of
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios._ratio_tests import default_p_values

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """Cells that are compared with the base.

    Attributes:
        cells: the cells, those of the base too.
        labels: for each the true classes of its examples, or None.
        base: the method that the others are compared with.
        level: of the intervals.

    """

    cells: Sequence[Cell]
    labels: Sequence[Labels | None]
    base: str
    level: float


@dataclass(frozen=True)
class GrowingQuestion:
    """What is to be resolved for every method.

    Attributes:
        heading: of what is found, in a table.
        in_percent: whether that is a percentage.
        effect: what an effect is, in a sentence.
        no_effect: the effect where there is no difference.
        least_effect: what an effect is above.
        with_effect: from values of runs and an effect to such values.
        p_values: the test, of arms of shape (studies, runs): (method, base, paired) to (studies,).
        find: from cells to what each but the base is compared by; None where that is not known.

    """

    heading: str
    in_percent: bool
    effect: str
    no_effect: float
    least_effect: float
    with_effect: Callable[[Array, float], Array]
    p_values: Callable[[Array, Array, bool], Array]
    find: Callable[[Asked], Iterator[tuple[Cell | ComparisonRow, Interval | None]]]


def _rows(asked: Asked) -> Iterator[ComparisonRow]:
    rows = compare_study(asked.cells, base=asked.base, level=asked.level)
    return (row for row in rows if not is_base(row, asked.base))


def _reductions(asked: Asked) -> Iterator[tuple[ComparisonRow, Interval | None]]:
    for row in _rows(asked):
        # A verdict that failures withhold is none at any look.
        withheld = row.failed and not row.verdict
        yield row, row.reduction if isinstance(row.reduction, Interval) and not withheld else None


def _differences(asked: Asked) -> Iterator[tuple[ComparisonRow, Interval | None]]:
    for row in _rows(asked):
        withheld = row.failed and not row.mean_verdict
        yield row, row.mean_difference if isinstance(row.mean_difference, Interval) and not withheld else None


def _churn(asked: Asked) -> Iterator[tuple[Cell, Interval | None]]:
    for cell, truth in zip(asked.cells, asked.labels, strict=True):
        against = base_of(cell, asked.cells, asked.base)
        if against is None:
            continue
        found = None if truth is None else churn_ratio_of(cell, against, asked.level)
        yield cell, found if isinstance(found, Interval) else None


def _ratio_test(x: Array, y: Array, paired: bool) -> Array:
    return default_p_values(x, y, paired=paired)


def _t_test(x: Array, y: Array, paired: bool) -> Array:
    n = x.shape[1]
    if paired:
        d = x - y
        return _two_sided_t(d.mean(axis=1) / (d.std(axis=1, ddof=1) / math.sqrt(n)), np.full(len(d), n - 1.0))
    v, w = (a.var(axis=1, ddof=1) / n for a in (x, y))
    return _two_sided_t((x.mean(axis=1) - y.mean(axis=1)) / np.sqrt(v + w), (n - 1) * (v + w) ** 2 / (v**2 + w**2))


def _two_sided_t(t: Array, df: Array) -> Array:
    from scipy import special

    p: Array = 2 * special.stdtr(df, -np.abs(t))
    return p


QUESTIONS: Final[Mapping[str, GrowingQuestion]] = {
    "spread": GrowingQuestion(
        "reduction", True, "a ratio of SDs", 1.0, 0.0, lambda x, ratio: ratio * x, _ratio_test, _reductions
    ),
    "mean": GrowingQuestion(
        "difference of means", False, "a difference of mean, in SDs,", 0.0, -math.inf, np.add, _t_test, _differences
    ),
    # The jackknife t of churn behaves as that of means does.
    "churn": GrowingQuestion(
        "churn / base's", False, "a difference of churn, in SDs,", 0.0, -math.inf, np.add, _t_test, _churn
    ),
}
