"""Figures as inline SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np

from seedwise.reporting._words import is_share
from seedwise.statistics import Cell


def strip_plot(cells: Sequence[Cell]) -> str:
    """Return an SVG with every finished run of every cell as a tick, and the cell's mean.

    Args:
        cells: the cells; those without finished runs are left out.

    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    shown = [cell for cell in cells if cell.finished]
    if not shown:
        return ""
    factor = 100 if is_share(shown[0].metric) else 1
    several = len({cell.regime for cell in shown}) > 1
    # Fixed salt and no date: the same results give the same file.
    with mpl.rc_context(
        {"svg.hashsalt": "seedwise", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    ):
        figure = Figure(figsize=(6.4, 0.7 + 0.42 * len(shown)), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        for k, cell in enumerate(shown):
            values = factor * cell.values[cell.finished_mask]
            axes.vlines(values, k - 0.3, k + 0.3, color="C0", alpha=0.6, linewidth=1.6)
            axes.plot([np.mean(values)], [k], "o", color="C1", markersize=5)
        axes.set_yticks(range(len(shown)), [f"{c.method} ({c.regime})" if several else c.method for c in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlabel(shown[0].metric + (" [%]" if factor == 100 else ""))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    # The page's own colour, so that axes and letters can be read on light and on dark.
    svg = re.sub(r"stroke: #000000|stroke: black", "stroke: currentColor", svg)
    return svg.replace("<text ", '<text fill="currentColor" ')
