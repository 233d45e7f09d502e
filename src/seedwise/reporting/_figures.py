"""What several figures of a report share: names, every run as a tick, reductions one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._svg import folded, label_rows, new_figure
from seedwise.statistics import Cell, Interval
from seedwise.statistics.cells.names import names_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT = -150.0
"""Reductions below are not drawn: -150 % is two and a half times the spread."""


def scale_of(cells: Sequence[Cell]) -> float:
    """Return 100 where the metric is a share of examples, else 1."""
    return cells[0].metric.scale


def runs_figure(cells: Sequence[Cell]) -> Figure:
    """Draw every finished run of every cell as a tick over a smooth density, and the cell's mean as a dot.

    Args:
        cells: the cells; those without finished runs are left out.

    """
    shown = [cell for cell in cells if cell.finished]
    scale = scale_of(shown) if shown else 1.0
    figure, axes = new_figure(0.7 + 0.5 * max(len(shown), 1))
    for k, cell in enumerate(shown):
        values = scale * cell.values[cell.finished_mask]
        grid, density = _density(values, limit=scale if scale > 1 else np.inf)
        axes.fill_between(grid, k + 0.25, k + 0.25 - 0.7 * density, color="C0", alpha=0.25, linewidth=0)
        # One path with gaps: a path for every run would be most of a large report.
        ticks = np.stack([np.full_like(values, k + 0.05), np.full_like(values, k + 0.25), np.full_like(values, np.nan)])
        axes.plot(np.repeat(values, 3), ticks.T.ravel(), color="C0", alpha=0.6, linewidth=1.4)
        axes.plot([np.mean(values)], [k + 0.15], "o", color="C1", markersize=5)
    label_rows(axes, names_of(shown))
    if shown:
        axes.set_xlabel(shown[0].metric.axis)
    return figure


def reductions_figure(names: Sequence[str], reductions: Sequence[Interval | str], resolved: Sequence[bool]) -> Figure:
    """Draw reductions with their intervals, one above the other, and a line at none.

    Args:
        names: a name for each.
        reductions: in percent; those that are not known are left out.
        resolved: which have a verdict that they are there.

    """
    shown = [
        (name, r, here) for name, r, here in zip(names, reductions, resolved, strict=True) if isinstance(r, Interval)
    ]
    lines = max((folded(name).count("\n") + 1 for name, *_ in shown), default=1)
    figure, axes = new_figure(0.8 + max(0.36, 0.17 * lines + 0.05) * len(shown))
    for k, (_, r, here) in enumerate(shown):
        axes.hlines(k, max(r.low, LEFT), r.high, color="C0", linewidth=2)
        if r.low < LEFT:
            axes.plot([LEFT], [k], "<", color="C0", markersize=6)
        if r.estimate >= LEFT:
            axes.plot([r.estimate], [k], "o", color="C1" if here else "C0", markersize=6)
    axes.axvline(0, color="black", linewidth=0.8)
    label_rows(axes, [name for name, *_ in shown])
    axes.set_xlabel("reduction of the SD [%], right is steadier")
    return figure


def _density(values: NDArray[np.float64], limit: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a Gaussian kernel density with Silverman's bandwidth, its peak at 1; nothing is drawn beyond the limit."""
    sd = float(np.std(values, ddof=1)) if values.size > 1 else 0.0
    width = 1.06 * sd * values.size**-0.2 or 1e-3 * max(abs(float(values[0])), 1e-9)
    grid = np.linspace(values.min() - 3 * width, min(values.max() + 3 * width, limit), 100)
    density = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2).sum(1)
    return grid, density / density.max()
