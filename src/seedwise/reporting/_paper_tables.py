"""The numbers of a study in the form of tables in papers, with the intervals that these leave out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import method_and_readout, names_of
from seedwise.reporting._formatting import interval, number, of_first_runs, reduction
from seedwise.reporting._published import published_entry
from seedwise.reporting._table import Table
from seedwise.statistics import (
    Cell,
    ComparisonRow,
    Interval,
    PooledRatio,
    ScoreSpread,
    as_reduction,
    pooled_ratio,
)
from seedwise.statistics.cells.pairing import is_base

if TYPE_CHECKING:
    from seedwise.study import Published

PLACES: Final = (
    "Mean and SD [95 %] over runs, in the form of tables 1 (by source of randomness) and 2 (by network and dataset) of "
    "the Variance Minimizer Loss paper, which give no intervals. "
)
POOLED: Final = (
    "All tasks: the ratios of SDs pooled with random effects on their logarithm (Hartung-Knapp); this interval is what "
    "a claim about several networks rests on. p is that of one ratio for all (Cochran's Q)."
)
SCORES: Final = (
    "In the form of the tables of Summers & Dinneen (2021). Disagreement: share of test examples on which two runs "
    "predict different classes. Correlation: rank correlation of the logits of two runs. Gain: accuracy of the mean "
    "logits of two runs less that of one run, in points; the larger, the more the runs differ. SDs have the intervals "
    "of the table of results, the others jackknife intervals over runs. Published rows have no intervals."
)
PUBLISHED_SCORES: Final = {"cross_entropy_sd": 4, "disagreement": 1, "correlation": 3, "gain": 2}
"""Published scores in the order of their columns, and their decimals."""


def place_table(rows: Sequence[ComparisonRow], base: str, decimals: int) -> Table:
    """Lay out base and method side by side, one row per task, regime and method; empty where there is one place only.

    Args:
        rows: the rows of a study.
        base: the method that the others are compared with.
        decimals: of the SD.

    """
    tasks, regimes = (list(dict.fromkeys(getattr(row, key) for row in rows)) for key in ("task", "regime"))
    columns = (["task"] if len(tasks) > 1 else []) + (["what varies"] if len(regimes) > 1 else [])
    columns += [
        "method",
        f"{base}: mean \u00b1 SD [95 %]",
        "n",
        "method: mean \u00b1 SD [95 %]",
        "n",
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
        sides = [text for side in (against, row) for text in (_mean_and_sd(side, decimals), str(side.n))]
        shown = reduction(row.reduction) if isinstance(row.reduction, Interval) else "-"
        table.append([*lead(row.task, row.regime), method_and_readout(row), *sides, shown])
    for (regime, method), pooled in _pooled(rows).items():
        p = f"(p of one ratio {number(pooled.heterogeneity_p, 2)})"
        shown = f"{reduction(as_reduction(pooled.ratio))} {p}"
        table.append([*lead("all tasks", regime), method, "", "", "", "", shown])
    return Table(columns, table)


def score_table(
    cells: Sequence[Cell],
    rows: Sequence[ComparisonRow],
    scores: Sequence[ScoreSpread | str | None],
    published: Sequence[Published] = (),
) -> tuple[Table, list[str]]:
    """Lay out how much runs differ, in five measures, for every cell with logits; the second result says why not.

    Args:
        cells: the cells.
        rows: the numbers of the study; shares of examples in percent.
        scores: for each cell how much the logits of its runs differ, or why that is not known.
        published: the study's published numbers; those with ``scores`` get a row below ours.

    """
    of_place = {(row.task, row.regime, row.method, row.readout): row for row in rows}
    table, reasons = [], []
    for cell, found, name in zip(cells, scores, names_of(cells), strict=True):
        if isinstance(found, str):
            reasons.append(f"{name}: no comparison of logits: {found}")
        if not isinstance(found, ScoreSpread):
            continue
        row = of_place[cell.task, cell.regime, cell.method, cell.readout]
        runs = found.correlation.n
        some = of_first_runs(runs, cell.finished)
        table.append(
            [
                name,
                str(cell.finished if some else runs),
                interval(row.spread, 2) if isinstance(row.spread, Interval) else "-",
                interval(found.cross_entropy, 4) + some,
                interval(row.churn, 1, 100) if isinstance(row.churn, Interval) else "-",
                interval(found.correlation, 3) + some,
                interval(found.ensemble_delta, 2, 100) + some,
            ]
        )
        entry = published_entry(published, row, row.method, row.readout)
        theirs = [] if entry is None else [(getattr(entry.scores, k), d) for k, d in PUBLISHED_SCORES.items()]
        if entry is not None and any(value is not None for value, _ in theirs):
            numbers = ["-" if value is None else number(value, decimals) for value, decimals in theirs]
            sd = "-" if entry.sd is None else number(entry.sd, 2)
            table.append([f"{name}, published", "-" if entry.n is None else str(entry.n), sd, *numbers])
    metric = cells[0].metric.title if cells else ""
    columns = ["method", "n", f"SD of {metric} [95 %]", "SD of cross-entropy [95 %]", "disagreement % [95 %]"]
    return Table([*columns, "correlation of logits [95 %]", "gain of two runs' mean [95 %]"], table), reasons


def _mean_and_sd(row: ComparisonRow, decimals: int) -> str:
    mean = "-" if row.mean is None else number(row.mean, decimals)
    return f"{mean} \u00b1 {interval(row.spread, decimals)}" if isinstance(row.spread, Interval) else mean


def _pooled(rows: Sequence[ComparisonRow]) -> Mapping[tuple[str, str], PooledRatio]:
    """Pool the ratios of a method over tasks, which share no runs."""
    ratios: dict[tuple[str, str], list[Interval]] = {}
    for row in rows:
        r = row.reduction
        # A method whose runs do not vary at all has no logarithm to pool.
        if isinstance(r, Interval) and -math.inf < r.low < r.high < 100:
            ratio = Interval(1 - r.estimate / 100, 1 - r.high / 100, 1 - r.low / 100, r.level, r.n, r.procedure)
            ratios.setdefault((row.regime, method_and_readout(row)), []).append(ratio)
    return {key: pooled_ratio(of_tasks) for key, of_tasks in ratios.items() if len(of_tasks) > 1}
