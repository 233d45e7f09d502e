"""What the runs say of the means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from seedwise.reporting._figures import Line, colour_of, few_enough, intervals_figure
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import ComparisonRow, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.core.formatting import decimals_for, interval, p_value

_NOTE: Final = (
    "Difference from the base, shares of examples in points, and its p-value, corrected (Holm). P: the probability "
    "that a run is better than the base's run with the same seeds (or than any run of the base, if runs are not "
    "paired), ties counting one half; the last column reads its interval as if it were the only one. The method that "
    "comes out best was chosen by these runs: its mean is optimistic until fresh seeds confirm it."
)
_CAPTION: Final = (
    "Difference from the mean of {base}, with its 95 % interval; {better} of the line is better. Green: resolved to be "
    "better, after a correction for all comparisons. Black (white on a dark screen): resolved to be worse."
)


def means_table(rows: Sequence[ComparisonRow], base: str) -> Table:
    """Lay out what the runs say of the means: difference, corrected p, and the probability that a run is better.

    Args:
        rows: the rows of a study.
        base: the method that the others are compared with.

    """
    table = []
    for row, name in zip(rows, names_of(rows), strict=True):
        difference, better = row.mean_difference, row.improvement
        if is_base(row, base) or not isinstance(difference, Interval):
            continue
        table.append(
            [
                name,
                interval(difference, max(decimals_for(difference.high - difference.low), 2)),
                p_value(row.mean_p_adjusted),
                row.mean_verdict.word if row.mean_verdict else "-",
                *(
                    ["-", "-"]
                    if isinstance(better, str)
                    else [interval(better.probability, 2, null=0.5), better.reading]
                ),
            ]
        )
    columns = [METHOD, "difference of means [95 %]", "p", "verdict on the mean"]
    return Table([*columns, "P(run better than base's) [95 %]", "P alone, uncorrected"], table)


def _show(found: Compared) -> Shown:
    table, metric = means_table(found.rows, found.base), found.rows[0].metric
    if not metric.is_percent and len({row.task for row in found.rows}) > 1:  # tasks may have scales of their own
        return Shown(table, _NOTE)
    lines = [
        (row, Line(name, d, colour_of(row.mean_verdict, is_good=(d.estimate > 0) == metric.higher_is_better)))
        for row, name in zip(found.rows, names_of(found.rows), strict=True)
        if isinstance(d := row.mean_difference, Interval)
    ]
    drawn, rest = few_enough(lines, at=0)
    if not drawn:
        return Shown(table, _NOTE)
    unit = {"%": " [points]", "": ""}.get(metric.unit, f" [{metric.unit}]")
    label = f"difference of mean {metric.title}{unit}"
    caption = _CAPTION.format(base=found.base, better="right" if metric.higher_is_better else "left")
    return Shown(table, _NOTE, [(partial(intervals_figure, drawn, label, at=0), caption + rest)])


TOPIC: Final = Topic("Do the means differ?", _show, needs_runs=False, short="Means")
