"""How often runs failed, compared with the base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedwise.reporting._table import FAILED, METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import ComparisonRow
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.families import failure_comparisons
from seedwise.statistics.core.formatting import interval, p_value

_NOTE: Final = (
    "Runs that diverged, crashed, or ran out of memory or time, of all that ended; compared with the base by Fisher's "
    "exact test, corrected (Holm), with Newcombe's interval of the difference."
)


def failures_table(rows: Sequence[ComparisonRow]) -> Table:
    """Lay out how often runs failed, compared with the base by the exact test; empty if none failed.

    Args:
        rows: the rows of a study.

    """
    if not any(row.failed for row in rows):
        return Table([], [])
    table = []
    for row, found, name in zip(rows, failure_comparisons(rows), names_of(rows), strict=True):
        shown = ["", ""] if found is None else [interval(found.difference, 0, 100), p_value(found.p_adjusted)]
        table.append([name, f"{row.failed} of {row.n + row.failed}", *shown])
    return Table([METHOD, FAILED, "difference of rates, points [95 %]", "p"], table)


def _show(found: Compared) -> Shown:
    return Shown(failures_table(found.rows), _NOTE)


TOPIC: Final = Topic("How often did runs fail?", _show, short="Failures")
