"""The spread of the error along the steps of a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._labels import Point, label_points, room_for_names
from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._profiles import sd_texts
from seedwise.reporting._svg import folded, new_figure
from seedwise.reporting._table import METHOD, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.of_cells import profile_of
from seedwise.statistics.core.formatting import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seedwise.study import CellForecasts

_CAPTION: Final = (
    "SD over runs of the mean squared error of each step ahead, of standardized values; the grey band is the 95 % "
    "interval of {base}, at each step by itself. Look at where along the horizon runs differ most, and whether the "
    "line of a method leaves the band there; within it, the difference may be chance."
)
_NOTE: Final = (
    "Means over all test windows and variables, at five steps from the first to the last; SD / MSE says how large the "
    "spread is compared with the error. Errors of neighboring steps go together: five rows are not five findings."
)
_DRAWN: Final = 97
_ROWS: Final = 5


def step_table(cells: Sequence[Cell], forecasts: Sequence[CellForecasts | None]) -> Table:
    """Lay out MSE and MAE with their SD at five steps of the horizon, by cell.

    Args:
        cells: the cells.
        forecasts: for each cell what its runs forecast, or None.

    """
    table = []
    for cell, found, name in zip(cells, forecasts, names_of(cells), strict=True):
        if found is None or found.by_step.shape[2] < 2:
            continue
        horizon = found.by_step.shape[2]
        # 1, 24, 48, 72 and 96 of 96.
        steps = np.unique(np.round(np.linspace(0, horizon, _ROWS)).astype(int).clip(1)).tolist()
        squared, absolute = (profile_of(cell, found.by_step[:, k, [s - 1 for s in steps]]) for k in range(2))
        if squared is None or absolute is None:
            continue
        for k, step in enumerate(steps):
            share = percent(float(squared.sd[k] / squared.mean[k]), 1) if squared.mean[k] > 0 else "-"
            table.append([name, str(step), str(squared.n), *sd_texts(squared, k), share, *sd_texts(absolute, k)])
    columns = [METHOD, "step", N, "MSE", "SD of MSE [95 %]", "SD / MSE", "MAE", "SD of MAE [95 %]"]
    return Table(columns, table)


def horizon_figure(cells: Sequence[Cell], forecasts: Sequence[CellForecasts | None], base: str) -> Figure:
    """Draw the SD of the squared error against the step ahead, a panel per task and regime.

    Args:
        cells: the cells.
        forecasts: for each cell what its runs forecast, or None.
        base: the method whose interval is drawn; those of several would hide each other.

    """
    from matplotlib.figure import Figure

    shown = [(cell, found) for cell, found in zip(cells, forecasts, strict=True) if found is not None]
    places = list(dict.fromkeys((cell.task, cell.regime) for cell, _ in shown))
    if len(places) == 1:
        figure, axes = new_figure(3.0)
        panels = [axes]
    else:
        lines = -(-len(places) // 2)
        figure = Figure(figsize=(4.8, 0.3 + 2.1 * lines), layout="constrained")
        panels = list(figure.subplots(lines, 2, squeeze=False).flat)
    ends: list[tuple[Axes, Point]] = []
    for panel, place in zip(panels, places, strict=False):
        panel.spines[["top", "right"]].set_visible(False)
        for cell, found in shown:
            if (cell.task, cell.regime) == place:
                point = _draw(panel, cell, found, is_base=is_base(cell, base))
                ends += [] if point is None else [(panel, point)]
        panel.set_ylim(bottom=0)
        panel.tick_params(labelsize=8)
        if len(places) > 1:
            several = len({regime for _, regime in places}) > 1
            panel.set_title(folded(", ".join(place) if several else place[0]), fontsize=9, loc="left")
    for panel in panels[len(places) :]:
        panel.set_visible(False)
    figure.supxlabel("step ahead", fontsize=10)
    figure.supylabel("SD of the MSE over runs", fontsize=10)
    for panel in panels:
        points = [point for axes, point in ends if axes is panel]
        if len(points) > 1:
            room_for_names(panel, points[0].x)
            label_points(figure, panel, points)
    return figure


def _draw(axes: Axes, cell: Cell, found: CellForecasts, *, is_base: bool) -> Point | None:
    horizon = found.by_step.shape[2]
    # More points than a figure has pixels would make large reports larger.
    steps = np.unique(np.linspace(0, horizon - 1, min(horizon, _DRAWN)).round().astype(int))
    profile = profile_of(cell, found.by_step[:, 0, steps])
    if profile is None:
        return None
    colour = BASE if is_base else NEUTRAL
    if is_base:
        axes.fill_between(steps + 1, profile.low, profile.high, color=colour, alpha=0.25, linewidth=0)
    axes.plot(steps + 1, profile.sd, color=colour, linewidth=1.3, label=cell.method)
    return Point(float(steps[-1] + 1), float(profile.sd[-1]), cell.method, colour)


def _is_drawable(cell: Cell, found: CellForecasts | None) -> bool:
    """Return whether there is a horizon, and enough runs for an SD."""
    return found is not None and found.by_step.shape[2] > 1 and profile_of(cell, found.by_step[:, 0, :1]) is not None


def _show(found: Compared) -> Shown:
    cells, forecasts = found.cells, [part.forecasts for part in found.study.parts]
    figures = []
    if any(map(_is_drawable, cells, forecasts)):
        figures.append((partial(horizon_figure, cells, forecasts, found.base), _CAPTION.format(base=found.base)))
    return Shown(step_table(cells, forecasts), _NOTE, figures)


TOPIC: Final = Topic("Where along the horizon do runs differ?", _show, short="Horizon")
