"""What several figures of a report share: names, every run as a tick, reductions one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._palette import BASE, NEUTRAL, RESOLVED, WORSE
from seedwise.reporting._svg import height_of_rows, label_rows, new_figure
from seedwise.statistics import Cell, Interval, Verdict
from seedwise.statistics.cells.names import Placed, names_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEWEST = 10
"""Of fewer runs a density is a drawing of its own bandwidth."""
OTHERS = " The others are in the table."
"""What a caption says where not all are drawn."""
_REACH = 6.0
"""An axis reaches so many times as far as the intervals do in the middle."""
LEFT = -150.0
"""Reductions below are not drawn: -150 % is two and a half times the spread."""


def scale_of(cells: Sequence[Cell]) -> float:
    """Return 100 where the metric is a share of examples, else 1."""
    return cells[0].metric.scale


def runs_figure(cells: Sequence[Cell]) -> Figure:
    """Draw every finished run of every cell as a tick, of 10 or more under a smooth density, and the mean as a dot.

    Args:
        cells: the cells; those without finished runs are left out.

    """
    shown = [cell for cell in cells if cell.finished]
    scale = scale_of(shown) if shown else 1.0
    figure, axes = new_figure(0.7 + 0.5 * max(len(shown), 1))
    for k, cell in enumerate(shown):
        values = scale * cell.values[cell.finished_mask]
        if values.size >= _FEWEST:
            grid, density = _density(values, limit=scale if scale > 1 else np.inf)
            axes.fill_between(grid, k + 0.25, k + 0.25 - 0.7 * density, color=BASE, alpha=0.3, linewidth=0)
        # One path with gaps: a path for every run would be most of a large report.
        ticks = np.stack([np.full_like(values, k + 0.05), np.full_like(values, k + 0.25), np.full_like(values, np.nan)])
        axes.plot(np.repeat(values, 3), ticks.T.ravel(), color=NEUTRAL, alpha=0.6, linewidth=1.4)
        axes.plot([np.mean(values)], [k + 0.15], "o", color="black", markersize=5)
    label_rows(axes, names_of(shown))
    if shown:
        axes.set_xlabel(shown[0].metric.axis)
    return figure


@dataclass(frozen=True)
class Line:
    """A named interval of a figure.

    Attributes:
        name: what stands at its left.
        found: the estimate with its interval.
        colour: of the palette.

    """

    name: str
    found: Interval
    colour: str


def intervals_figure(
    lines: Sequence[Line], label: str, *, at: float | None = None, scale: float = 1.0, lowest: float = -np.inf
) -> Figure:
    """Draw estimates with their intervals, one above the other.

    Args:
        lines: from the top down.
        label: of the axis.
        at: where no difference lies, a line through all; None: nowhere.
        scale: what estimates are multiplied by.
        lowest: what lies below is an arrow, and so is what lies much farther from ``at`` than most.

    """
    least, most = _ends(lines, None if at is None else at / scale)
    least, most = max(scale * least, lowest), scale * most
    figure, axes = new_figure(0.8 + height_of_rows([line.name for line in lines]))
    for k, line in enumerate(lines):
        low, estimate, high = (scale * value for value in (line.found.low, line.found.estimate, line.found.high))
        axes.hlines(k, min(max(low, least), most), max(min(high, most), least), color=line.colour, linewidth=2)
        for end, is_beyond, marker in ((least, low < least, "<"), (most, high > most, ">")):
            if is_beyond:
                axes.plot([end], [k], marker, color=line.colour, markersize=6, clip_on=False)
        if least <= estimate <= most:
            axes.plot([estimate], [k], "o", color=line.colour, markersize=6, clip_on=False)
    if at is not None:
        axes.axvline(at, color="black", linewidth=0.8)
    label_rows(axes, [line.name for line in lines])
    axes.set_xlabel(label)
    return figure


def _ends(lines: Sequence[Line], at: float | None) -> tuple[float, float]:
    """Return the ends of an axis on which one method that is far from all others hides none of them."""
    if at is None or not lines:
        return -np.inf, np.inf
    reach = _REACH * float(np.median([max(abs(line.found.low - at), abs(line.found.high - at)) for line in lines]))
    low, high = min(line.found.low for line in lines), max(line.found.high for line in lines)
    return max(low, at - reach), min(high, at + reach)


def few_enough(found: Sequence[tuple[Placed, Line]], at: float, most: int = 16) -> tuple[list[Line], str]:
    """Return the lines that are drawn, those of methods before their readouts, and what else the caption says."""
    lines, rest = [line for _, line in found], ""
    if len(found) > most:
        lines, rest = [line for row, line in found if row.readout == "plain"][:most], OTHERS
    low, high = _ends(lines, at)
    beyond = any(line.found.low < low or line.found.high > high for line in lines)
    return lines, " An arrow: it goes on beyond the axis." * beyond + rest


def colour_of(verdict: Verdict | None, *, is_good: bool) -> str:
    """Return the colour of a resolved change for the better, of one for the worse, or of what is not resolved."""
    if verdict is None or not verdict.differs:
        return NEUTRAL
    return RESOLVED if is_good else WORSE


def reductions_figure(names: Sequence[str], reductions: Sequence[Interval | str], resolved: Sequence[bool]) -> Figure:
    """Draw reductions with their intervals, one above the other, and a line at none.

    Args:
        names: a name for each.
        reductions: in percent; those that are not known are left out.
        resolved: which have a verdict that they are there.

    """
    lines = [
        Line(name, r, RESOLVED if here else NEUTRAL)
        for name, r, here in zip(names, reductions, resolved, strict=True)
        if isinstance(r, Interval)
    ]
    return intervals_figure(lines, "reduction of the SD [%], right is steadier", at=0, lowest=LEFT)


def _density(values: NDArray[np.float64], limit: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a Gaussian kernel density with Silverman's bandwidth, its peak at 1; nothing is drawn beyond the limit."""
    sd = float(np.std(values, ddof=1)) if values.size > 1 else 0.0
    width = 1.06 * sd * values.size**-0.2 or 1e-3 * max(abs(float(values[0])), 1e-9)
    grid = np.linspace(values.min() - 3 * width, min(values.max() + 3 * width, limit), 100)
    density = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2).sum(1)
    return grid, density / density.max()
