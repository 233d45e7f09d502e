"""SD against mean: all methods in one panel, or one panel per factor where methods change one factor at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._figures import scale_of
from seedwise.reporting._svg import folded, legend_above, new_figure, spare_panels
from seedwise.reporting._topic import Compared, Drawn, Shown, Topic
from seedwise.reporting.topics.factors import CAPTIONS, bars_figure, has_factor
from seedwise.statistics import Cell, ComparisonRow, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.factors import placed
from seedwise.statistics.means.mean_interval import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = 10
_MARKERS: Final = "os^Dv"

_CAPTION: Final = (
    "SD against mean, each with its 95 % interval. Lower is steadier; look whether a method that has a lower SD pays "
    "with a worse mean, which lies to the {worse}."
)
_FACTORS: Final = (
    " Each panel changes one factor; the hollow marks are the same everywhere. Look whether the SD follows the factor: "
    "the best of many settings looks good by chance alone."
)


def caption(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> str:
    """Return what to look for."""
    worse = "left" if cells[0].metric.higher_is_better else "right"
    return _CAPTION.format(worse=worse) + (_FACTORS if _by_factor(_drawable(cells, rows))[0] else "")


def mean_spread_figure(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> Figure:
    """Draw SD against mean, with both intervals (of the mean: t).

    Where two methods are levels of the same factor, each factor has a panel, with its methods in colour and those that
    are of none in the colour of the letters.

    Args:
        cells: the cells.
        rows: their rows, in the unit shown.

    """
    scale = scale_of(cells)
    shown = _drawable(cells, rows)
    factors, others = _by_factor(shown)
    figure = _panels(factors, others) if factors else _one_panel(others)
    figure.supxlabel(f"mean {cells[0].metric.axis}", fontsize=10)
    figure.supylabel("SD over runs" + (" [points]" if scale > 1 else ""), fontsize=10)
    return figure


def _drawable(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> dict[str, tuple[Cell, ComparisonRow]]:
    named = zip(placed(cells, rows), names_of(rows), strict=True)
    return {
        name: (cell, row) for (cell, row), name in named if isinstance(row.spread, Interval) and row.mean is not None
    }


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


def _one_panel(rows: Mapping[str, ComparisonRow]) -> Figure:
    figure, axes = new_figure(3.4)
    for k, (name, row) in enumerate(rows.items()):
        _draw(axes, row, f"C{k % _COLOURS}", _MARKERS[k // _COLOURS % len(_MARKERS)], name)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="x", nbins=6)  # of numbers with four decimals, more would touch
    legend_above(figure, axes)
    return figure


def _panels(factors: Mapping[str, Mapping[str, ComparisonRow]], others: Mapping[str, ComparisonRow]) -> Figure:
    from matplotlib.figure import Figure

    lines = -(-len(factors) // 2)
    figure = Figure(figsize=(4.8, 0.3 + 2.5 * lines), layout="constrained")
    panels = list(figure.subplots(lines, 2, sharex=True, sharey=True, squeeze=False).flat)
    for axes, (factor, values) in zip(panels, factors.items(), strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        for k, (value, row) in enumerate(values.items()):
            _draw(axes, row, f"C{k % _COLOURS}", _MARKERS[k // _COLOURS % len(_MARKERS)], value)
        axes.legend(
            title=folded(factor),
            alignment="left",
            loc="lower left",
            bbox_to_anchor=(-0.05, 1),
            ncols=max(1, 28 // (3 + max(map(len, values)))),
            frameon=False,
            fontsize=9,
            handlelength=0.8,
            handletextpad=0.3,
            columnspacing=0.8,
        )
        for k, (name, row) in enumerate(others.items()):
            _draw(axes, row, "black", _MARKERS[k % len(_MARKERS)], name, hollow=True)
    panels[0].set_ylim(bottom=0)
    spare_panels(panels, len(factors))
    handles, names = panels[0].get_legend_handles_labels()
    here = [k for k, name in enumerate(names) if name in others]
    figure.legend(
        [handles[k] for k in here],
        [folded(names[k]) for k in here],
        loc="outside upper left",
        ncols=4,
        frameon=False,
        fontsize=9,
        handlelength=0.8,
    )
    return figure


def _draw(axes: Axes, row: ComparisonRow, colour: str, marker: str, label: str, *, hollow: bool = False) -> None:
    assert isinstance(row.spread, Interval)
    assert row.mean is not None
    mean = mean_interval(row.mean, row.spread.estimate, n=row.n)
    axes.hlines(row.spread.estimate, mean.low, mean.high, color=colour, linewidth=1)
    axes.vlines(row.mean, row.spread.low, row.spread.high, color=colour, linewidth=1)
    inside = "none" if hollow else colour
    axes.plot([row.mean], [row.spread.estimate], marker, color=colour, mfc=inside, markersize=5, label=label)


def _show(found: Compared) -> Shown:
    """Draw bars by the value of a factor for several tasks, else SD against mean."""
    cells, rows = found.cells, found.rows
    figures: list[Drawn] = []
    if not any(isinstance(row.spread, Interval) for row in rows):
        return Shown()
    if has_factor(cells) and len({row.task for row in rows}) > 1:
        figures += [(partial(bars_figure, cells, rows, what), text) for what, text in CAPTIONS.items()]
    else:
        figures.append((partial(mean_spread_figure, cells, rows), caption(cells, rows)))
    return Shown(figures=figures)


TOPIC: Final = Topic("SD against mean", _show)
