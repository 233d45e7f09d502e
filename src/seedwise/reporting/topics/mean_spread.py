"""SD against mean: all methods in one panel, or one panel per factor where methods change one factor at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import scale_of
from seedwise.reporting._labels import Point, label_points
from seedwise.reporting._palette import BASE, NEUTRAL, RESOLVED
from seedwise.reporting._svg import folded, new_figure, spare_panels
from seedwise.reporting._topic import Compared, Drawn, Shown, Topic
from seedwise.reporting.topics.factors import CAPTIONS, bars_figure, has_factor
from seedwise.statistics import Cell, ComparisonRow, Interval
from seedwise.statistics.cells.names import method_and_readout, names_of
from seedwise.statistics.comparison.factors import placed
from seedwise.statistics.means.mean_interval import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Labelled = list[tuple["Axes", list[Point]]]
"""Axes with the points that are to be named in them."""

_CAPTION: Final = (
    "SD against mean, each with its 95 % interval. Lower is steadier; look whether a method that has a lower SD pays "
    "with a worse mean, which lies to the {worse}. Grey is the base, green what is steadier; a name "
    "without room is left out.{rest}"
)
_MOST: Final = 16
_FACTORS: Final = (
    " Each panel changes one factor; the hollow marks, methods without one, are the same everywhere. Look whether the "
    "SD follows the factor: "
    "the best of many settings looks good by chance alone."
)


def caption(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> str:
    """Return what to look for."""
    worse = "left" if cells[0].metric.higher_is_better else "right"
    rest = " Readouts are left out." if sum(isinstance(row.spread, Interval) for row in rows) > _MOST else ""
    return _CAPTION.format(worse=worse, rest=rest) + (_FACTORS if _by_factor(_drawable(cells, rows))[0] else "")


def mean_spread_figure(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> Figure:
    """Draw SD against mean, with both intervals (of the mean: t).

    Where two methods are levels of the same factor, each factor has a panel, and methods that are of none are hollow;
    else each task has one, on axes of its own.

    Args:
        cells: the cells.
        rows: their rows, in the unit shown.

    """
    scale = scale_of(cells)
    shown = _drawable(cells, rows)
    factors, others = _by_factor(shown)
    by_task: dict[str, dict[str, ComparisonRow]] = {}
    for _, row in shown.values():
        by_task.setdefault(row.task, {})[method_and_readout(row)] = row
    if factors:
        figure, labelled = _panels(factors, others)
    elif len(by_task) > 1 and len({row.regime for row in rows}) == 1:
        figure, labelled = _panels(by_task, {}, shared=False)
    else:
        figure, labelled = _one_panel(others)
    figure.supxlabel(f"mean {cells[0].metric.axis}", fontsize=10)
    figure.supylabel("SD over runs" + (" [points]" if scale > 1 else ""), fontsize=10)
    for axes, points in labelled:
        label_points(figure, axes, points)
    return figure


def _drawable(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> dict[str, tuple[Cell, ComparisonRow]]:
    named = zip(placed(cells, rows), names_of(rows), strict=True)
    found = {
        name: (cell, row) for (cell, row), name in named if isinstance(row.spread, Interval) and row.mean is not None
    }
    if len(found) <= _MOST:
        return found
    return {name: (cell, row) for name, (cell, row) in found.items() if cell.readout == "plain"}


def _by_factor(
    shown: Mapping[str, tuple[Cell, ComparisonRow]],
) -> tuple[dict[str, dict[str, ComparisonRow]], dict[str, ComparisonRow]]:
    """Return the rows of every factor by level, and those that belong to none; no factors if none has two values."""
    factors: dict[str, dict[str, ComparisonRow]] = {}
    others = {}
    for name, (cell, row) in shown.items():
        if cell.factor is not None:
            factors.setdefault(cell.factor + name.removeprefix(row.method), {})[str(cell.level)] = row
        else:
            others[name] = row
    several = any(len(levels) > 1 for levels in factors.values())
    return (factors, others) if several else ({}, {name: row for name, (_, row) in shown.items()})


def _one_panel(rows: Mapping[str, ComparisonRow]) -> tuple[Figure, Labelled]:
    figure, axes = new_figure(3.4)
    points = [_draw(axes, row, name) for name, row in rows.items()]
    axes.set_ylim(bottom=0)
    axes.margins(x=0.12)
    axes.locator_params(axis="x", nbins=6)  # of numbers with four decimals, more would touch
    return figure, [(axes, sorted(points, key=_importance))]


def _importance(point: Point) -> int:
    return (BASE, RESOLVED, NEUTRAL).index(point.colour)


def _panels(
    groups: Mapping[str, Mapping[str, ComparisonRow]], others: Mapping[str, ComparisonRow], *, shared: bool = True
) -> tuple[Figure, Labelled]:
    from matplotlib.figure import Figure

    lines = -(-len(groups) // 2)
    figure = Figure(figsize=(4.8, 0.3 + 2.2 * lines), layout="constrained")
    panels = list(figure.subplots(lines, 2, sharex=shared, sharey=shared, squeeze=False).flat)
    labelled = []
    for axes, (title, values) in zip(panels, groups.items(), strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(folded(title), fontsize=10, loc="left")
        own = [_draw(axes, row, value) for value, row in values.items()]
        labelled.append((axes, own + [_draw(axes, row, name, hollow=True) for name, row in others.items()]))
    for axes in panels[:1] if shared else panels[: len(groups)]:
        axes.set_ylim(bottom=0)
        axes.margins(x=0.15)
        axes.locator_params(axis="x", nbins=4)
    spare_panels(panels, len(groups))
    return figure, labelled


def _draw(axes: Axes, row: ComparisonRow, label: str, *, hollow: bool = False) -> Point:
    assert isinstance(row.spread, Interval)
    assert row.mean is not None
    colour = BASE if row.paired is None else RESOLVED if row.verdict and row.verdict.word == "reduced" else NEUTRAL
    mean = mean_interval(row.mean, row.spread.estimate, n=row.n)
    axes.hlines(row.spread.estimate, mean.low, mean.high, color=colour, linewidth=1, alpha=0.4)
    axes.vlines(row.mean, row.spread.low, row.spread.high, color=colour, linewidth=1, alpha=0.4)
    inside = "none" if hollow else colour
    axes.plot([row.mean], [row.spread.estimate], "o", color=colour, mfc=inside, markersize=5, label=label)
    return Point(row.mean, row.spread.estimate, label, colour)


def _show(found: Compared) -> Shown:
    """Draw bars by the value of a factor for several tasks, else SD against mean."""
    cells, rows = found.cells, found.rows
    figures: list[Drawn] = []
    if sum(isinstance(row.spread, Interval) for row in rows) < 2:
        return Shown()
    if has_factor(cells) and len({row.task for row in rows}) > 1:
        figures += [(partial(bars_figure, cells, rows, what), text) for what, text in CAPTIONS.items()]
    else:
        figures.append((partial(mean_spread_figure, cells, rows), caption(cells, rows)))
    return Shown(figures=figures)


TOPIC: Final = Topic("Does a steadier method pay with its mean?", _show, short="SD against mean")
