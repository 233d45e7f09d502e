"""The metric and the training loss by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._labels import Point, label_points, room_for_names
from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._svg import folded, whole_ticks
from seedwise.reporting._topic import Compared, Drawn, Shown, Topic
from seedwise.statistics import Cell, Metric
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import is_base

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = Mapping[str, NDArray[np.float64]]

_METRIC: Final = (
    "The metric by epoch, as far as all runs trained: their median, and the band that holds all of them; grey is the "
    "median of {base}. Look at whether the bands still differ at the end, which is what the tables are about, or only "
    "on the way. Of 8 epochs or more the axis holds the second half.{rest}"
)
_LOSS: Final = (
    "The training loss by epoch, likewise. A wide band at the end means that runs differ in how far they were trained."
    "{rest}"
)
_OTHERS: Final = (
    "Everything else that was logged by epoch, a panel each: the median over the runs of each method; grey is {base}, "
    "with the band that holds all of its runs. A name without room is left out."
)
_COLUMNS: Final = 3
_LETTERS: Final = 16
"""In a line above a panel."""
_MOST: Final = 24
_LONG: Final = 8
"""Epochs from which on an axis that holds the first ones, too, shows nothing of the last."""


def curves_figure(
    cells: Sequence[Cell],
    curves: Sequence[Curves],
    metric: Metric,
    epochs: Sequence[NDArray[np.int64]] | None = None,
    base: str | None = None,
) -> Figure:
    """Draw a series by epoch, a panel for each cell: the median over runs and the band that holds all of them.

    Args:
        cells: the cells.
        curves: for each cell its series, arrays (runs, epochs).
        metric: which series; cells that did not log it, and those beyond the first 24, are left out.
        epochs: for each cell its epochs, counted from 0; default: 0, 1, ...
        base: the method whose median is in every panel.

    """
    from matplotlib.figure import Figure

    shown = _logged(cells, curves, metric, epochs)[:_MOST]
    columns = min(_COLUMNS, max(len(shown), 1))
    lines = -(-len(shown) // columns)
    height = 3.2 if lines == 1 and columns == 1 else 0.5 + 1.35 * lines
    figure = Figure(figsize=(4.8, height), layout="constrained")
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.ravel())
    for axes, one in zip(panels, shown, strict=False):
        own = is_base(one.cell, base) if base is not None else False
        for other in shown:
            if base is not None and not own and is_base(other.cell, base) and _same_place(one.cell, other.cell):
                axes.plot(other.at, np.median(other.values, axis=0), color=BASE, linewidth=1.2)
        colour = BASE if own else NEUTRAL
        axes.fill_between(one.at, one.values.min(0), one.values.max(0), color=colour, alpha=0.22, linewidth=0)
        axes.plot(one.at, np.median(one.values, axis=0), color=colour, label=one.name, linewidth=1.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        if len(shown) > 1:
            axes.set_title(folded(one.name, _LETTERS), fontsize=8, loc="left")
        whole_ticks(axes)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
        if lines > 1:  # the panel above an empty place is the lowest of its column
            panels[panels.index(axes) - columns].tick_params(labelbottom=True)
    limits = _of_the_second_half(shown)
    if limits is not None:
        panels[0].set_ylim(*limits)
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel(metric.axis, fontsize=10)
    return figure


def _of_the_second_half(shown: Sequence[_Logged]) -> tuple[float, float] | None:
    """Return the ends of an axis that holds the second half of long trainings, where runs still differ."""
    late = [one.values[:, one.values.shape[1] // 2 :] for one in shown if one.values.size]
    if not late or max(one.at[-1] for one in shown if one.at.size) < _LONG:
        return None
    low, high = min(float(values.min()) for values in late), max(float(values.max()) for values in late)
    margin = 0.08 * (high - low)
    return (low - margin, high + margin) if margin else None


def others_figure(
    cells: Sequence[Cell],
    curves: Sequence[Curves],
    names: Sequence[str],
    epochs: Sequence[NDArray[np.int64]],
    base: str | None = None,
) -> Figure:
    """Draw several series, a panel each with a line for every cell; see ``curves_figure``."""
    from matplotlib.figure import Figure

    rows = -(-len(names) // 2)
    figure = Figure(figsize=(4.8, 0.5 + 1.6 * rows), layout="constrained")
    panels = list(figure.subplots(rows, 2, squeeze=False).ravel())
    ends = []
    for axes, name in zip(panels, names, strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(folded(name), fontsize=9, loc="left")
        axes.tick_params(labelsize=8)
        points = []
        for one in _logged(cells, curves, Metric(name), epochs):
            own = base is not None and is_base(one.cell, base)
            colour, median = BASE if own else NEUTRAL, np.median(one.values, axis=0)
            if own or len(cells) == 1:
                axes.fill_between(one.at, one.values.min(0), one.values.max(0), color=colour, alpha=0.22, linewidth=0)
            axes.plot(one.at, median, color=colour, linewidth=2.2 if own else 1.1, alpha=0.85, zorder=1 if own else 2)
            points.append(Point(float(one.at[-1]), float(median[-1]), one.name, colour))
        whole_ticks(axes)
        if len(points) > 1:
            room_for_names(axes, max(point.x for point in points))
        ends.append((axes, points))
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    figure.supxlabel("epoch", fontsize=10)
    for axes, points in ends:
        if len(points) > 1:
            label_points(figure, axes, points)
    return figure


@dataclass(frozen=True)
class _Logged:
    """A series of the runs of a cell: epochs, counted from 1, and values (runs, epochs) in the unit shown."""

    cell: Cell
    name: str
    at: NDArray[np.int64]
    values: NDArray[np.float64]


def _logged(
    cells: Sequence[Cell], curves: Sequence[Curves], metric: Metric, epochs: Sequence[NDArray[np.int64]] | None
) -> list[_Logged]:
    found = []
    for k, (cell, name, series) in enumerate(zip(cells, names_of(cells), curves, strict=True)):
        if metric.name not in series:
            continue
        values = series[metric.name] * metric.scale
        known = epochs is not None and len(epochs[k]) > 0
        at = (epochs[k] if epochs is not None and known else np.arange(values.shape[1])) + 1
        logged = ~np.isnan(values).any(0)
        found.append(_Logged(cell, name, at[logged], values[:, logged]))
    return found


def _same_place(one: Cell, other: Cell) -> bool:
    return (one.task, one.regime) == (other.task, other.regime)


def _show(found: Compared) -> Shown:
    cells, parts = found.cells, found.study.parts
    curves, epochs = [part.curves for part in parts], [part.epochs for part in parts]
    logged = dict.fromkeys(name for series in curves for name in series)
    own = ((cells[0].metric, _METRIC), (Metric("train/loss"), _LOSS))
    more = sum(bool(series) for series in curves) - _MOST
    rest = f" {more} more are not drawn." if more > 0 else ""
    figures: list[Drawn] = [
        (partial(curves_figure, cells, curves, metric, epochs, found.base), caption.format(base=found.base, rest=rest))
        for metric, caption in own
        if metric.name in logged
    ]
    others = [name for name in logged if name not in {metric.name for metric, _ in own}]
    if others:
        drawn = partial(others_figure, cells, curves, others, epochs, found.base)
        figures.append((drawn, _OTHERS.format(base=found.base)))
    return Shown(figures=figures)


TOPIC: Final = Topic("What happens from epoch to epoch?", _show, short="Epochs")
