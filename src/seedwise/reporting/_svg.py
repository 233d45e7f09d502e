"""From a matplotlib figure to inline SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def new_figure(rows: float, *, width: float = 6.4) -> tuple[Figure, Axes]:
    """Return a figure and its axes without frame.

    Args:
        rows: height in inches.
        width: width in inches.

    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, rows), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Label horizontal rows 0, 1, ... from the top down."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)


def inline(draw: Callable[[], Figure], label: str) -> str:
    """Return the SVG of what ``draw`` draws, with letters as text and lines in the colour of the page.

    Args:
        draw: returns the figure.
        label: what a screen reader says.

    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    settings: Any = {"svg.hashsalt": label, "svg.fonttype": "none", "font.size": 10}
    with mpl.rc_context(settings):
        figure = draw()
        FigureCanvasSVG(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # Ids are unique within one figure only, and a page holds several.
    prefix = re.sub(r"\W", "", label)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\1{prefix}-", svg)
    # The page's own colour, so that axes and letters can be read on light and on dark.
    svg = re.sub(r"(stroke|fill): (#000000|black)", r"\1: currentColor", svg)
    svg = svg.replace("<text ", '<text fill="currentColor" ')
    return svg.replace("<svg ", f'<svg role="img" aria-label="{prefix}" ', 1)
