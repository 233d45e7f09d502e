"""Methods that differ in the value of one factor, such as ``k=2`` and ``k=4``: how the SD goes with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import scale_of
from seedwise.reporting._formatting import interval, number, p_value
from seedwise.reporting._svg import folded, spare_panels
from seedwise.reporting._table import Table
from seedwise.statistics import Cell, ComparisonRow, Interval, LargestGap, largest_gap, pooled_ratio, spread_trend
from seedwise.statistics.cells.pairing import lined_up

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.study import PublishedRange

NOTE: Final = (
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

_Place = tuple[str, str]


def factor_of(method: str) -> tuple[str, str] | None:
    """Return the factor and the value in the name of a method, if it has them.

    Example:
        >>> factor_of("greedy-k=2"), factor_of("base")
        (('greedy-k', '2'), None)

    """
    factor, equals, value = method.partition("=")
    return (factor.strip(), value.strip()) if equals else None


def has_factor(rows: Sequence[ComparisonRow]) -> bool:
    """Return whether some methods differ in the value of a factor."""
    found = [known[0] for method in {row.method for row in rows} if (known := factor_of(method))]
    return len(set(found)) < len(found)


def factor_table(
    cells: Sequence[Cell], rows: Sequence[ComparisonRow], published: Sequence[PublishedRange], decimals: int
) -> Table:
    """Lay out the largest and the smallest SD of each factor beside chance, and the SD per doubling of its value.

    Args:
        cells: the cells.
        rows: their rows, in the unit shown.
        published: the largest and the smallest of published SDs, in that unit.
        decimals: of SDs.

    """
    if not has_factor(rows):
        return Table([], [])
    places = _places(cells, rows)
    regimes = len({regime for _, regime in places}) > 1
    factors = list(dict.fromkeys(known[0] for row in rows if (known := factor_of(row.method))))
    lead = (["task"] if len({task for task, _ in places}) > 1 else []) + (["regime"] if regimes else [])
    lead += ["factor"] if len(factors) > 1 else []
    columns = [*lead, "largest SD", "smallest SD", "SDs (n)", "gap", "by chance (95 % below)", "p"]
    table: list[list[str]] = []
    trends: dict[tuple[str, str], list[Interval]] = {}

    def named(task: str, regime: str, factor: str) -> list[str]:
        texts = {"task": task, "regime": regime, "factor": factor}
        return [texts[column] for column in lead]

    for (task, regime), members in places.items():
        for factor in factors:
            here = [(c, r) for c, r in members if (known := factor_of(r.method)) is None or known[0] == factor]
            gap, largest, smallest = _gap([row for _, row in here], decimals)
            trend = _trend([cell for cell, row in here if factor_of(row.method)])
            if gap is None:
                continue
            if isinstance(trend, Interval):
                trends.setdefault((regime, factor), []).append(trend)
            per_doubling = interval(trend, 2) if isinstance(trend, Interval) else "-"
            table.append([*named(task, regime, factor), largest, smallest, *_gap_texts(gap), per_doubling])
        for entry in published:
            if entry.task in (None, task) and entry.regime == regime:
                gap = largest_gap(entry.largest, entry.smallest, cells=entry.cells, n=entry.n)
                ends = [number(value, decimals) for value in (entry.largest, entry.smallest)]
                table.append([*named(f"{task}, published", regime, ""), *ends, *_gap_texts(gap), "-"])
    for (regime, factor), found in trends.items():
        if len(found) > 1:
            pooled = pooled_ratio(found)
            texts = [interval(pooled.ratio, 2), f"(p {p_value(pooled.ratio.p_value)})"]
            table.append([*named("all tasks", regime, factor), *[""] * 6, " ".join(texts)])
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
    places = _places(cells, rows)
    lines = -(-len(places) // 2)
    factors = list(dict.fromkeys(known[0] for row in rows if (known := factor_of(row.method))))
    figure = Figure(figsize=(4.8, 0.3 + 2.1 * lines), layout="constrained")
    panels = list(figure.subplots(lines, 2, squeeze=False).flat)
    regimes = len({regime for _, regime in places}) > 1
    for axes, ((task, regime), members) in zip(panels, places.items(), strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(folded(f"{task}, {regime}" if regimes else task), fontsize=10, loc="left")
        shown = [row for _, row in members]
        for k, row in enumerate(shown):
            known = factor_of(row.method)
            estimate, low, high = _bar(row, what)
            colour = f"C{factors.index(known[0])}" if known else "0.6"
            axes.bar([k], [estimate], color=colour, width=0.8, alpha=0.7)
            axes.vlines(k, low, high, color="black", linewidth=1)
        labels = [known[1] if (known := factor_of(row.method)) else row.method for row in shown]
        long = sum(map(len, labels)) > 20
        axes.set_xticks(
            range(len(shown)), labels, fontsize=9, rotation=60 if long else 0, ha="right" if long else "center"
        )
        axes.set_ylim(bottom=0)
    spare_panels(panels, len(places))
    figure.supxlabel(", ".join(factors), fontsize=10)
    unit = (" [points]" if what == "spread" else " [%]") if share else ""
    figure.supylabel(("SD over runs" if what == "spread" else f"mean {cells[0].metric.name}") + unit, fontsize=10)
    return figure


def mean_half_width(row: ComparisonRow) -> float:
    """Return half the width of the 95 % t interval of a row's mean."""
    from scipy.special import stdtrit

    assert isinstance(row.spread, Interval)
    return float(stdtrit(row.n - 1, 0.975)) * row.spread.estimate / math.sqrt(row.n)


def _places(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> dict[_Place, list[tuple[Cell, ComparisonRow]]]:
    """Return cells and rows by task and regime, readouts left out."""
    places: dict[_Place, list[tuple[Cell, ComparisonRow]]] = {}
    for cell, row in zip(cells, rows, strict=True):
        if row.readout == "plain":
            places.setdefault((row.task, row.regime), []).append((cell, row))
    return places


def _gap(rows: Sequence[ComparisonRow], decimals: int) -> tuple[LargestGap | None, str, str]:
    known = [(row.spread.estimate, row) for row in rows if isinstance(row.spread, Interval)]
    if len(known) < 2 or not any(sd > 0 for sd, _ in known) or not any(factor_of(row.method) for _, row in known):
        return None, "", ""
    (smallest, low), (largest, high) = (pick(known, key=lambda pair: pair[0]) for pick in (min, max))
    gap = largest_gap(largest, smallest, cells=len(known), n=min(row.n for _, row in known))
    return gap, f"{high.method}: {number(largest, decimals)}", f"{low.method}: {number(smallest, decimals)}"


def _gap_texts(gap: LargestGap) -> list[str]:
    chance = f"{gap.chance_median:.0f} % ({gap.chance_high:.0f} %)"
    return [f"{gap.cells} ({gap.n})", f"{gap.reduction:.0f} %", chance, p_value(gap.p_value)]


def _trend(cells: Sequence[Cell]) -> Interval | str:
    try:
        levels = [float((factor_of(cell.method) or ("", ""))[1]) for cell in cells]
        runs, paired = lined_up(cells)
        return spread_trend(levels, [c.values[r] for c, r in zip(cells, runs, strict=True)], paired=paired)
    except (ValueError, TypeError, IndexError) as error:  # values that are no numbers, or too few runs
        return str(error)


def _bar(row: ComparisonRow, what: str) -> tuple[float, float, float]:
    nothing = (math.nan, math.nan, math.nan)
    if not isinstance(row.spread, Interval) or row.mean is None:
        return nothing
    if what == "spread":
        return row.spread.estimate, row.spread.low, row.spread.high
    half = mean_half_width(row)
    return row.mean, row.mean - half, row.mean + half
