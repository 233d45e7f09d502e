"""The intervals that hold for normal values alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import ComparisonRow, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.core.formatting import interval, reduction

_NOTE: Final = (
    "The chi-square interval of an SD and the Pitman-Morgan (paired) or F interval of a ratio: the familiar ones, "
    "right for normal values only."
)


def normal_table(rows: Sequence[ComparisonRow], decimals: Mapping[str, int]) -> Table:
    """Lay out the intervals that hold for normal values alone, and the correlation of paired runs.

    Args:
        rows: the rows of a study.
        decimals: of the SD, by task.

    """
    table = []
    for row, name in zip(rows, names_of(rows), strict=True):
        if not isinstance(row.spread_normal, Interval):
            continue
        correlation = row.correlation_interval
        table.append(
            [
                name,
                f"{interval(row.spread_normal, decimals[row.task])}",
                reduction(row.reduction_normal) if isinstance(row.reduction_normal, Interval) else "",
                interval(correlation, 2) if correlation else "",
            ]
        )
    columns = [METHOD, "SD [95 %, if normal]", "reduction [95 %, if normal]", "correlation of pairs [95 %]"]
    return Table(columns, table)


def _show(found: Compared) -> Shown:
    return Shown(normal_table(found.rows, found.results.decimals), _NOTE)


TOPIC: Final = Topic("What if values were normal?", _show, short="Normal values")
