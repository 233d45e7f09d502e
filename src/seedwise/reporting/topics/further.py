"""What the runs say by the metrics that are not the primary one, calibration among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from seedwise.reporting._figures import Line, colour_of, few_enough, intervals_figure
from seedwise.reporting._table import METHOD, ON_SPREAD, SD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import ComparisonRow, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.further import compare_further
from seedwise.statistics.core.formatting import decimals_for, interval, number, reduction

_DRAWN: Final = "ece"
_NOTE: Final = (
    "Every other metric that the runs recorded, each a question of its own: verdicts are corrected (Holm) for the "
    "comparisons of one metric, not for the number of metrics."
)
_CALIBRATION: Final = (
    " Calibration: brier and loss (the negative log-likelihood) are lower the better the probabilities are, right "
    "classes and trust together; ece, the expected calibration error, asks about trust alone: how far, in 15 bins of "
    "equal width, the probability of the predicted class lies from how often it is right."
)
_CAPTION: Final = (
    "Difference from the expected calibration error of {base}, with its 95 % interval; left of the line is better. "
    "Green: resolved to be better, after a correction for all comparisons. Black (white on a dark screen): resolved to "
    "be worse."
)


def further_table(rows: Sequence[ComparisonRow], base: str) -> Table:
    """Lay out means and SDs by other metrics, and how they compare with the base's.

    Args:
        rows: what ``compare_further`` gave.
        base: the method that the others are compared with.

    """
    table = []
    for row, name in zip(rows, names_of(rows), strict=True):
        spread, difference, smaller = row.spread, row.mean_difference, row.reduction
        decimals = decimals_for(spread.high - spread.low) if isinstance(spread, Interval) else 3
        of_mean = of_spread = ["", ""]
        if not is_base(row, base):
            between = isinstance(difference, Interval) and interval(difference, decimals)
            of_mean = [between or "-", row.mean_verdict.word if row.mean_verdict else "-"]
            less = isinstance(smaller, Interval) and reduction(smaller)
            of_spread = [less or "-", row.verdict.word if row.verdict else "-"]
        own = interval(spread, decimals) if isinstance(spread, Interval) else "-"
        mean = "-" if row.mean is None else number(row.mean, decimals)
        table.append([row.metric.axis.removeprefix("test/"), name, mean, *of_mean, own, *of_spread])
    columns = ["metric", METHOD, "mean", "difference of means [95 %]", "verdict on the mean", SD, "reduction [95 %]"]
    return Table([*columns, ON_SPREAD], table)


def _show(found: Compared) -> Shown:
    description = found.study.description
    rows: list[ComparisonRow] = []
    for task, metrics in description.metrics.items():
        own = [part for part in found.study.parts if part.cell.task == task]
        primary = own[0].cell.metric.name if own else ""
        others = [one for metric in metrics if (one := metric.on(primary.partition("/")[0])).name != primary]
        of_runs = [part.metrics for part in own]
        rows += compare_further([part.cell for part in own], of_runs, others, found.base, description.look)
    shown = [row for row in rows if row.metric.name.rpartition("/")[2] == _DRAWN]
    unit = next((f" [{row.metric.unit_of_differences}]" for row in shown if row.metric.unit_of_differences), "")
    lines = [
        (row, Line(name, d, colour_of(row.mean_verdict, is_good=d.estimate < 0)))
        for row, name in zip(shown, names_of(shown), strict=True)
        if isinstance(d := row.mean_difference, Interval)
    ]
    drawn, rest = few_enough(lines, at=0)
    figure = partial(intervals_figure, drawn, f"difference of mean {_DRAWN}{unit}", at=0)
    figures = [(figure, _CAPTION.format(base=found.base) + rest)] if drawn else []
    return Shown(further_table(rows, found.base), _NOTE + (_CALIBRATION if lines else ""), figures)


TOPIC: Final = Topic("What do the other metrics say?", _show, short="Other metrics")
