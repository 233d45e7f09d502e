"""From a matplotlib figure to inline SVG."""

from __future__ import annotations

import html
import io
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from seedwise.errors import one_line
from seedwise.reporting._palette import IN_PAGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


AS_WRITTEN: Final = {"text.parse_math": False}
"""Settings of matplotlib with which a dollar in a name is a dollar."""


def new_figure(height: float) -> tuple[Figure, Axes]:
    """Return a figure and its axes without frame, narrow enough that its letters can be read on a phone.

    Args:
        height: in inches.

    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def lay_out(figure: Figure) -> None:
    """Give axes, labels and legends their places."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def folded(label: str, width: int = 20) -> str:
    """Return a label in lines of at most ``width`` letters, at most three."""
    return "\n".join(textwrap.wrap(one_line(label), width, max_lines=3, placeholder="..."))


def whole_ticks(axes: Axes) -> None:
    """Let an axis that counts have whole numbers alone."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def legend_above(figure: Figure, axes: Axes) -> None:
    """Write the legend above the axes, where it hides nothing, and make the figure as much higher."""
    handles, names = axes.get_legend_handles_labels()
    labels = [folded(name) for name in names]
    widest = max((len(line) for label in labels for line in label.split("\n")), default=0)
    columns = max(1, min(len(labels), 56 // (6 + widest)))
    rows = -(-len(labels) // columns)
    lines = rows * max((label.count("\n") + 1 for label in labels), default=1)
    figure.set_figheight(figure.get_figheight() + 0.17 * lines + 0.07 * rows)
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=9,
        handlelength=1.2,
        columnspacing=1.2,
    )


def spare_panels(panels: Sequence[Axes], used: int) -> None:
    """Hide the panels of a grid of two columns that nothing is drawn in."""
    for axes in panels[used:]:
        axes.set_visible(False)
    # The panel above an empty place is the lowest of its column.
    panels[used - 2].tick_params(labelbottom=True)


def height_of_rows(labels: Sequence[str]) -> float:
    """Return how high rows with these labels are together, in inches."""
    lines = max((folded(label).count("\n") + 1 for label in labels), default=1)
    return max(0.36, 0.17 * lines + 0.05) * len(labels)


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Label horizontal rows 0, 1, ... from the top down."""
    axes.set_yticks(range(len(labels)), [folded(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)


def inline(draw: Callable[[], Figure], label: str, says: str = "") -> str:
    """Return the SVG of what ``draw`` draws, with letters as text and lines in the colour of the page.

    Args:
        draw: returns the figure.
        label: what its ids begin with.
        says: what a screen reader says; empty: the label.

    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    settings: Any = {"svg.hashsalt": label, "svg.fonttype": "none", "font.size": 10, **AS_WRITTEN}
    with mpl.rc_context(settings):
        figure = draw()
        FigureCanvasSVG(figure)
        lay_out(figure)
        figure.set_layout_engine(None)  # else all is laid out and drawn once more before it is saved
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # Ids are unique within one figure only, and a page holds several.
    prefix = re.sub(r"\W", "", label)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\1{prefix}-", svg)
    # A hundredth of a point is finer than any screen; matplotlib writes six digits, half of a report's bytes.
    svg = re.sub(r'\bd="[^"]*"', lambda path: re.sub(r"\d+\.\d{3,}", _two_digits, path[0]), svg)
    # The page's own colour, so that axes and letters can be read on light and on dark.
    svg = re.sub(r"(stroke|fill): (#000000|black)", r"\1: currentColor", svg)
    svg = svg.replace("<text ", '<text fill="currentColor" ')
    for colour, variable in IN_PAGE.items():
        svg = svg.replace(colour, f"var({variable}, {colour})")
    # As wide as its column, if that is narrower or a little wider.
    svg = re.sub(r'<svg ([^>]*?)width="[\d.]+pt" height="[\d.]+pt"', r"<svg \1", svg, count=1)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(says or prefix)}" ', 1)


def _two_digits(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"
