"""Tables of what the comparisons with the base found, beyond the table of results."""

from __future__ import annotations

from collections.abc import Sequence

from seedwise.reporting._figures import names_of
from seedwise.reporting._formatting import decimals_for, interval, p_value, reduction
from seedwise.reporting._table import Table
from seedwise.statistics import ComparisonRow, Interval, holm
from seedwise.statistics.cells.pairing import is_base


def verdict_table(rows: Sequence[ComparisonRow], base: str) -> Table:
    """Lay out the verdicts on spread and mean, as sentences.

    Args:
        rows: the rows of a study.
        base: the method that the others are compared with.

    """
    table = [
        [
            name,
            row.verdict.sentence if row.verdict else row.verdict_reason,
            row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason,
        ]
        for row, name in zip(rows, names_of(rows), strict=True)
        if not is_base(row, base)
    ]
    return Table(["method", "verdict on spread", "verdict on the mean"], table)


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
                *(["-", "-"] if isinstance(better, str) else [interval(better.probability, 2), better.reading]),
            ]
        )
    return Table(["method", "difference of means [95 %]", "p", "P(run better than base's) [95 %]", "which is"], table)


def normal_table(rows: Sequence[ComparisonRow], decimals: int) -> Table:
    """Lay out the intervals that hold for normal values alone, beside the correlation of paired runs.

    Args:
        rows: the rows of a study.
        decimals: of the SD.

    """
    table = []
    for row, name in zip(rows, names_of(rows), strict=True):
        if not isinstance(row.spread_normal, Interval):
            continue
        correlation = row.correlation_interval
        table.append(
            [
                name,
                f"{interval(row.spread_normal, decimals)}",
                reduction(row.reduction_normal) if isinstance(row.reduction_normal, Interval) else "",
                interval(correlation, 2) if correlation else "",
            ]
        )
    columns = ["method", "SD [95 %, if normal]", "reduction [95 %, if normal]", "correlation of pairs [95 %]"]
    return Table(columns, table)


def failures_table(rows: Sequence[ComparisonRow]) -> Table:
    """Lay out how often runs failed, compared with the base by the exact test; empty if none failed.

    Args:
        rows: the rows of a study.

    """
    if not any(row.failed for row in rows):
        return Table([], [])
    tested = {id(row): row.failure_difference.p_value for row in rows if isinstance(row.failure_difference, Interval)}
    p = dict(zip(tested, holm(list(tested.values())).tolist(), strict=True))
    table = []
    for row, name in zip(rows, names_of(rows), strict=True):
        difference = row.failure_difference
        shown = (
            [f"{interval(difference, 0, 100)}", p_value(p[id(row)])] if isinstance(difference, Interval) else ["", ""]
        )
        table.append([name, f"{row.failed} of {row.n + row.failed}", *shown])
    return Table(["method", "failed", "difference of rates, points [95 %]", "p"], table)
