"""A choice against the base on fresh seeds, by which nothing was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.question import Question
from seedwise.statistics.comparison.answer import answer
from seedwise.statistics.comparison.disagreement import churn_ratio_of
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.comparison.runs_to_resolve import RunsToResolve
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios.ratios import as_reduction
from seedwise.statistics.verdicts.churn import churn_verdict
from seedwise.statistics.verdicts.verdict import Verdict

Quantity = Literal["mean", "sd", "churn"]


@dataclass(frozen=True)
class Confirmation:
    """What fresh seeds and test data say of a choice.

    Attributes:
        runs: of the choice, and of the base.
        sd: the verdict on the SD, or why there is none.
        mean: the verdict on the mean, or why there is none.
        churn: the verdict on churn; None where it cannot be compared.
        gains: by which the choice is better, with intervals, as far as they are known: of ``sd`` and ``churn`` the
            reduction in percent, of the ``mean`` the difference in the unit shown.
        plan: the runs that what is not resolved takes, or None.

    """

    runs: int
    sd: Verdict | str
    mean: Verdict | str
    churn: Verdict | None
    gains: Mapping[Quantity, Interval]
    plan: RunsToResolve | None


def confirm(cells: Sequence[Cell], base: str, question: Question) -> Confirmation:
    """Compare the choice of a search with the base, on runs by which nothing was chosen.

    The verdicts on SD and mean are those of :func:`compare_study`, corrected for the readouts that the study asks for;
    that on churn is of a single comparison.

    Args:
        cells: of the choice and the base, with any readouts; each holds its runs axis.
        base: the base's method.
        question: what the study is to find.

    Returns:
        Confirmation.

    Raises:
        ValueError: without a cell of the base or of the choice, or as for :func:`compare_study`.

    Example:
        >>> from seedwise.statistics import Metric
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 6, replicate=range(6), values=values,
        ...         status=("finished",) * 6, metric=Metric("test/accuracy", unit="share"),
        ...     )
        >>> cells = [
        ...     cell("base", [0.978, 0.981, 0.983, 0.979, 0.986, 0.980]),
        ...     cell("tuned", [0.9804, 0.9810, 0.9812, 0.9806, 0.9816, 0.9808]),
        ... ]
        >>> found = confirm(cells, "base", Question())
        >>> found.sd.word, found.mean.word, round(found.gains["sd"].estimate)
        ('reduced', 'not resolved', 85)

    Source:
        Cawley & Talbot (2010), On over-fitting in model selection and subsequent selection bias in performance
        evaluation, JMLR 11, 2079-2107, on why the runs that chose cannot also judge.

    """
    plain = [cell for cell in cells if cell.readout == "plain"]
    against = next((cell for cell in plain if cell.method == base), None)
    chosen = next((cell for cell in plain if cell.method != base), None)
    if against is None or chosen is None:
        raise ValueError(f"cells are of {[cell.method for cell in cells]}; pass those of {base!r} and of the choice")
    found = answer(cells, base, question)
    row = next(row for row in found.rows if (row.method, row.readout) == (chosen.method, "plain"))
    of_churn = churn_ratio_of(chosen, against)
    ratio = of_churn if isinstance(of_churn, Interval) else None
    p = None if ratio is None or ratio.p_value is None else ratio.p_value
    return Confirmation(
        runs=max(cell.n for cell in cells),
        sd=row.verdict or row.verdict_reason,
        mean=row.mean_verdict or row.mean_verdict_reason,
        churn=None if ratio is None else churn_verdict(ratio, p_adjusted=1.0 if p is None else p),
        gains=_gains(row, ratio, higher_is_better=chosen.metric.higher_is_better),
        plan=found.plan,
    )


def _gains(row: ComparisonRow, ratio: Interval | None, *, higher_is_better: bool) -> dict[Quantity, Interval]:
    found: dict[Quantity, Interval] = {}
    mean = row.mean_difference
    if isinstance(row.reduction, Interval):
        found["sd"] = row.reduction
    if isinstance(mean, Interval):
        turned = replace(mean, estimate=-mean.estimate, low=-mean.high, high=-mean.low)
        found["mean"] = mean if higher_is_better else turned
    if ratio is not None:
        found["churn"] = as_reduction(ratio)
    return found
