"""A study that was looked at while it grew: what each look may resolve, and why it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from seedwise.reporting._disagreement import churn_ratios
from seedwise.reporting._figures import names_of
from seedwise.reporting._table import Table
from seedwise.reporting._words import decimals_for, interval, p_value, reduction
from seedwise.statistics import Cell, ComparisonRow, Interval, Look, compare_study, holm
from seedwise.statistics.pairing import is_base

NOTE: Final = (
    "The study was looked at while it grew. A comparison is resolved where its p, corrected (Holm), is below the limit "
    "of this look; the limits spend the error rate as runs come in (Lan & DeMets, O'Brien & Fleming's type). The "
    "repeated intervals hold the truth at all looks together; all other intervals of this report are those of a study "
    "of fixed size. A study that stops because it found something found it too large: take the estimates as optimistic."
)
_SMALLEST: Final = 1e-12
"""Stands for a limit of 0: no test of ours tells anything apart from it."""


def limit_of(look: Look, comparisons: int) -> float:
    """Return the limit of a look for p-values that are corrected over so many comparisons."""
    return max(min(look.limits[look.look] * comparisons, 0.999), _SMALLEST)


def looks_table(
    look: Look,
    cells: Sequence[Cell],
    labels: Sequence[Any],
    base: str,
) -> Table:
    """Lay out every comparison of the question at a look, with its repeated interval.

    Args:
        look: the look.
        cells: the cells, in the unit that is shown.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    """
    found = _compared(look, cells, labels, base)
    adjusted = holm([None if r is None else r.p_value for _, r in found]).tolist()
    rows = []
    for (name, r), p in zip(found, adjusted, strict=True):
        if r is None:
            rows.append([name, "-", "", "no"])
            continue
        shown = reduction(r) if look.question == "spread" else interval(r, max(decimals_for(r.high - r.low), 2))
        rows.append([name, shown, p_value(p), "yes" if p < limit_of(look, len(found)) else "no"])
    what = {"spread": "reduction", "mean": "difference of means", "churn": "churn / base's"}[look.question]
    return Table(["method", f"{what} [repeated interval]", "p", "resolved"], rows)


def is_resolved(table: Table) -> bool:
    """Return whether every comparison is."""
    return all(row[-1] == "yes" for row in table.rows)


def why_it_stopped(look: Look, table: Table) -> str:
    """Return one sentence on a look and what follows from it."""
    limit = limit_of(look, len(table.rows))
    limit_text = "no p is small enough this early" if limit <= _SMALLEST else f"limit of p {p_value(limit)}"
    now, most = look.looks[look.look], look.looks[-1]
    where = f"look {look.look + 1} of {len(look.looks)}, at {now} of at most {most} runs per method ({limit_text})"
    open_ones = [row[0] for row in table.rows if row[-1] == "no"]
    if not open_ones:
        return f"stopped at {where}: every comparison of {look.question} is resolved; the estimates are optimistic"
    if look.is_last:
        return f"stopped at {where}, the maximum: not resolved: {', '.join(open_ones)}"
    return f"{where}: not resolved yet: {', '.join(open_ones)}"


def _compared(look: Look, cells: Sequence[Cell], labels: Sequence[Any], base: str) -> list[tuple[str, Interval | None]]:
    level = 1 - max(look.limits[look.look], _SMALLEST)
    if look.question == "churn":
        return churn_ratios(cells, labels, base, level)
    rows: list[ComparisonRow] = compare_study(cells, baseline=base, level=level)
    field = "reduction" if look.question == "spread" else "mean_difference"
    found = []
    for row, name in zip(rows, names_of(rows), strict=True):
        value = getattr(row, field)
        # A verdict that failures withhold is none at any look.
        withheld = row.failed and not (row.verdict if look.question == "spread" else row.mean_verdict)
        if not is_base(row, base):
            found.append((name, value if isinstance(value, Interval) and not withheld else None))
    return found
