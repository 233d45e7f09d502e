"""Methods that are levels of one factor, such as 2 and 4 of ``k``: how the SD goes with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import scale_of
from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._svg import folded, spare_panels
from seedwise.reporting._table import REGIME, TASK, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.reporting.topics.published import source_of
from seedwise.statistics import Cell, ComparisonRow, Interval, LargestGap
from seedwise.statistics.comparison.factors import by_place, factor_spreads, pooled_trends
from seedwise.statistics.comparison.published import gaps_of_published
from seedwise.statistics.core.formatting import interval, number, p_value
from seedwise.statistics.means.mean_interval import mean_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.study import PublishedRange

_NOTE: Final = (
    "Gap: 100 (1 - smallest SD / largest SD) among the methods of a factor and those that change none. By chance: the "
    "median gap in studies of so many SDs of so many runs that are all the same, and what 95 % of such studies stay "
    "below; p: the share of them with a larger gap (Hartley, for normal values and cells that share no seeds; not "
    "corrected for the number of rows). A gap that chance gives half of the time says nothing, however large. SD per "
    "doubling: the factor by which the SD changes when the value doubles, by a line through the logarithms, with a "
    "jackknife interval over runs; below 1, a larger value is steadier. All tasks: pooled with random effects."
)
CAPTIONS: Final = {
    "mean": "Mean with its 95 % interval, by the value of the factor. Look whether a steadier setting pays here.",
    "spread": "SD over runs with its 95 % interval, by the value of the factor. Where the intervals overlap as much as "
    "the bars differ, the highest and the lowest bar may have come about by chance: see the table of factors.",
}


def factors_of(cells: Sequence[Cell]) -> dict[str, str]:
    """Return the factor of every method that is a level of one."""
    return {cell.method: cell.factor for cell in cells if cell.factor is not None}


def has_factor(cells: Sequence[Cell]) -> bool:
    """Return whether some methods are different levels of a factor."""
    found = list(factors_of(cells).values())
    return len(set(found)) < len(found)


def factor_table(
    cells: Sequence[Cell],
    rows: Sequence[ComparisonRow],
    published: Sequence[PublishedRange],
    decimals: Mapping[str, int],
) -> Table:
    """Lay out the largest and the smallest SD of each factor, what chance gives, and the SD per doubling of its value.

    Args:
        cells: the cells.
        rows: their rows, in the unit shown.
        published: the largest and the smallest of published SDs, in that unit.
        decimals: of SDs, by task.

    """
    if not has_factor(cells):
        return Table([], [])
    spreads = factor_spreads(cells, rows)
    places = by_place(cells, rows)
    regimes = len({regime for _, regime in places}) > 1
    factors = set(factors_of(cells).values())
    lead = ([TASK] if len({task for task, _ in places}) > 1 else []) + ([REGIME] if regimes else [])
    lead += ["factor"] if len(factors) > 1 else []
    columns = [*lead, "largest SD", "smallest SD", "SDs (n)", "gap", "by chance (95 % below)", "p"]
    table: list[list[str]] = []

    def named(task: str, regime: str, factor: str) -> list[str]:
        texts = {TASK: task, REGIME: regime, "factor": factor}
        return [texts[column] for column in lead]

    for task, regime in places:
        for one in [found for found in spreads if (found.task, found.regime) == (task, regime)]:
            ends = [f"{row.method}: {_sd(row, decimals[task])}" for row in (one.largest, one.smallest)]
            per_doubling = interval(one.trend, 2, null=1) if isinstance(one.trend, Interval) else "-"
            table.append([*named(task, regime, one.factor), *ends, *_gap_texts(one.gap), per_doubling])
        for entry, gap in gaps_of_published(published, task, regime):
            ends = [number(value, decimals[task]) for value in (entry.largest, entry.smallest)]
            table.append([*named(f"{task}, published", regime, ""), *ends, *_gap_texts(gap), "-"])
    for trend in pooled_trends(spreads):
        ratio = trend.pooled.ratio
        texts = [interval(ratio, 2, null=1), f"(p {p_value(ratio.p_value)})"]
        table.append([*named("all tasks", trend.regime, trend.factor), *[""] * 6, " ".join(texts)])
    return Table([*columns, "SD per doubling [95 %]"], table)


def bars_figure(cells: Sequence[Cell], rows: Sequence[ComparisonRow], what: str) -> Figure:
    """Draw the mean or the SD of every method as a bar with its interval, in a panel per task and regime.

    Args:
        cells: the cells.
        rows: their rows, in the unit shown.
        what: ``mean`` or ``spread``.

    """
    from matplotlib.figure import Figure

    share = scale_of(cells) > 1
    places = by_place(cells, rows)
    lines = -(-len(places) // 2)
    factors = list(dict.fromkeys(factors_of(cells).values()))
    figure = Figure(figsize=(4.8, 0.3 + 2.1 * lines), layout="constrained")
    panels = list(figure.subplots(lines, 2, squeeze=False).flat)
    regimes = len({regime for _, regime in places}) > 1
    for axes, ((task, regime), members) in zip(panels, places.items(), strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(folded(f"{task}, {regime}" if regimes else task), fontsize=10, loc="left")
        for k, (cell, row) in enumerate(members):
            estimate, low, high = _bar(row, what)
            colour = BASE if cell.factor is None else NEUTRAL
            axes.bar([k], [estimate], color=colour, width=0.8, alpha=0.7)
            axes.vlines(k, low, high, color="black", linewidth=1)
        labels = [cell.method if cell.factor is None else str(cell.level) for cell, _ in members]
        long = sum(map(len, labels)) > 20
        axes.set_xticks(
            range(len(members)), labels, fontsize=9, rotation=60 if long else 0, ha="right" if long else "center"
        )
        axes.set_ylim(bottom=0)
    spare_panels(panels, len(places))
    figure.supxlabel(", ".join(factors), fontsize=10)
    unit = (" [points]" if what == "spread" else " [%]") if share else ""
    figure.supylabel(("SD over runs" if what == "spread" else f"mean {cells[0].metric.name}") + unit, fontsize=10)
    return figure


def _sd(row: ComparisonRow, decimals: int) -> str:
    assert isinstance(row.spread, Interval)
    return number(row.spread.estimate, decimals)


def _gap_texts(gap: LargestGap) -> list[str]:
    chance = f"{gap.chance_median:.0f} % ({gap.chance_high:.0f} %)"
    return [f"{gap.cells} ({gap.n})", f"{gap.reduction:.0f} %", chance, p_value(gap.p_value)]


def _bar(row: ComparisonRow, what: str) -> tuple[float, float, float]:
    nothing = (math.nan, math.nan, math.nan)
    if not isinstance(row.spread, Interval) or row.mean is None:
        return nothing
    if what == "spread":
        return row.spread.estimate, row.spread.low, row.spread.high
    mean = mean_interval(row.mean, row.spread.estimate, n=row.n)
    return mean.estimate, mean.low, mean.high


def _show(found: Compared) -> Shown:
    published = found.study.description.published
    table = factor_table(found.cells, found.rows, published.ranges, found.results.decimals)
    return Shown(table, source_of(published) + _NOTE)


TOPIC: Final = Topic("How does the spread go with a factor?", _show, short="Factors")
