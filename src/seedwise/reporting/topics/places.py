"""Base and method side by side by source of randomness and network, as in papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seedwise.reporting._table import METHOD, TASK, Column, Kind, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import ComparisonRow, Interval, as_reduction
from seedwise.statistics.cells.names import method_and_readout
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.pooled import pooled_comparisons
from seedwise.statistics.core.formatting import interval, number, reduction

_NOTE: Final = (
    "Mean and SD [95 %] over runs, as tables of papers have them, which give no intervals: by source of randomness, or "
    "by network and dataset. "
)
_POOLED: Final = (
    "All tasks: the ratios of SDs pooled with random effects on their logarithm (Hartung-Knapp); this interval is what "
    "a claim about several networks rests on. p is that of one ratio for all (Cochran's Q)."
)


def place_table(rows: Sequence[ComparisonRow], base: str, decimals: Mapping[str, int]) -> Table:
    """Lay out base and method side by side, one row per task, regime and method; empty where there is one place only.

    Args:
        rows: the rows of a study.
        base: the method that the others are compared with.
        decimals: of the SD, by task.

    """
    tasks, regimes = (list(dict.fromkeys(getattr(row, key) for row in rows)) for key in ("task", "regime"))
    columns = ([TASK] if len(tasks) > 1 else []) + (["what varies"] if len(regimes) > 1 else [])
    columns += [
        METHOD,
        f"{base}: mean \u00b1 SD [95 %]",
        Column(f"n of {base}", Kind.COUNT),
        "method: mean \u00b1 SD [95 %]",
        N,
        "reduction [95 %]",
    ]
    if len(tasks) * len(regimes) == 1:
        return Table(columns, [])
    bases = {(row.task, row.regime): row for row in rows if is_base(row, base)}

    def lead(task: str, regime: str) -> list[str]:
        return ([task] if len(tasks) > 1 else []) + ([regime] if len(regimes) > 1 else [])

    table = []
    for row in rows:
        against = bases.get((row.task, row.regime))
        if is_base(row, base) or against is None:
            continue
        sides = [text for side in (against, row) for text in (_mean_and_sd(side, decimals[row.task]), str(side.n))]
        shown = reduction(row.reduction) if isinstance(row.reduction, Interval) else "-"
        table.append([*lead(row.task, row.regime), method_and_readout(row), *sides, shown])
    for one in pooled_comparisons(rows):
        p = f"(p of one ratio {number(one.pooled.heterogeneity_p, 2)})"
        shown = f"{reduction(as_reduction(one.pooled.ratio))} {p}"
        table.append([*lead("all tasks", one.regime), method_and_readout(one), "", "", "", "", shown])
    return Table(columns, table)


def _mean_and_sd(row: ComparisonRow, decimals: int) -> str:
    mean = "-" if row.mean is None else number(row.mean, decimals)
    return f"{mean} \u00b1 {interval(row.spread, decimals)}" if isinstance(row.spread, Interval) else mean


def _show(found: Compared) -> Shown:
    several_tasks = len({row.task for row in found.rows}) > 1
    table = place_table(found.rows, found.base, found.results.decimals)
    return Shown(table, _NOTE + (_POOLED if several_tasks else ""))


TOPIC: Final = Topic(
    "How do base and method compare, side by side as in papers?", _show, needs_runs=False, short="Side by side"
)
