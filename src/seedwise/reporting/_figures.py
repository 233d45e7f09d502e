"""Figures as inline SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seedwise.reporting._words import is_share
from seedwise.statistics import Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def strip_figure(cells: Sequence[Cell]) -> Figure:
    """Return a matplotlib figure with every finished run of every cell as a tick, and the cell's mean as a dot.

    Args:
        cells: the cells; those without finished runs are left out.

    """
    from matplotlib.figure import Figure

    shown = [cell for cell in cells if cell.finished]
    share = bool(shown) and is_share(shown[0].metric) and all(np.nanmax(np.abs(c.values)) <= 1 for c in shown)
    factor = 100 if share else 1
    several = len({cell.regime for cell in shown}) > 1
    figure = Figure(figsize=(6.4, 0.7 + 0.42 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for k, cell in enumerate(shown):
        values = factor * cell.values[cell.finished_mask]
        axes.vlines(values, k - 0.3, k + 0.3, color="C0", alpha=0.6, linewidth=1.6)
        axes.plot([np.mean(values)], [k], "o", color="C1", markersize=5)
    axes.set_yticks(range(len(shown)), [f"{c.method} ({c.regime})" if several else c.method for c in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel((shown[0].metric if shown else "") + (" [%]" if share else ""))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    return figure


def strip_plot(cells: Sequence[Cell]) -> str:
    """Return ``strip_figure`` as inline SVG, or nothing where no run is finished.

    Args:
        cells: the cells; those without finished runs are left out.

    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    if not any(cell.finished for cell in cells):
        return ""
    # Fixed salt and no date: the same results give the same file.
    with mpl.rc_context({"svg.hashsalt": "seedwise", "svg.fonttype": "none", "font.size": 10}):
        figure = strip_figure(cells)
        FigureCanvasSVG(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # The page's own colour, so that axes and letters can be read on light and on dark.
    svg = re.sub(r"stroke: #000000|stroke: black", "stroke: currentColor", svg)
    return svg.replace("<text ", '<text fill="currentColor" ')
