"""What comparisons of fewer runs would have reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._figures import LEFT, OTHERS
from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._svg import folded
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, GroupSize
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison import of_cells
from seedwise.statistics.core.formatting import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTE: Final = (
    "What comparisons of fewer runs would have reported. The reduction is about the same in groups of every size, as "
    "they come from the same runs; the range is that of single new groups (95 %, if values are normal)."
)
_CAPTION: Final = (
    "The reduction that groups of fewer runs would show: dots, which are flat because all groups come from "
    "the same runs, and the range of single groups; a triangle stands for what lies below -150 %. Look at how wide the "
    "range is at the size that you can afford."
)


_COLUMNS: Final = 3
_LETTERS: Final = 16
"""In a line above a panel."""
_MOST: Final = 12


def group_sizes_of(cells: Sequence[Cell], base: str) -> dict[str, tuple[GroupSize, ...]]:
    """Return ``group_size_table`` of every method against the base, for cells with 10 or more runs.

    Args:
        cells: the cells.
        base: the method that the others are compared with.

    """
    found = {
        name: of_cells.group_sizes_of(cell, cells, base) for cell, name in zip(cells, names_of(cells), strict=True)
    }
    return {name: sizes for name, sizes in found.items() if sizes is not None}


def group_size_rows(tables: Mapping[str, Sequence[GroupSize]]) -> Table:
    """Lay out the reductions found in groups of several sizes."""
    rows = [
        [
            name,
            str(row.size),
            f"{number(row.reduction, 0)} %",
            f"{number(row.new_low, 0)} to {number(row.new_high, 0)} %",
        ]
        for name, table in tables.items()
        for row in table
    ]
    return Table([METHOD, "runs per group", "reduction", "range of single groups"], rows)


def group_size_figure(tables: Mapping[str, Sequence[GroupSize]]) -> Figure:
    """Draw the reduction found in groups of several sizes drawn from the same runs, a panel for each method.

    Args:
        tables: by method, the rows of ``group_size_table``; the first 12 are drawn.

    """
    from matplotlib.figure import Figure

    shown = list(tables.items())[:_MOST]
    columns = min(_COLUMNS, len(shown))
    lines = -(-len(shown) // columns)
    height = 2.6 if len(shown) == 1 else 0.5 + 1.35 * lines
    figure = Figure(figsize=(4.8, height), layout="constrained")
    panels = list(figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel())
    for axes, (method, rows) in zip(panels, shown, strict=False):
        at = np.arange(len(rows))
        axes.axhline(0, color="black", linewidth=0.8)
        low, high, middle = (
            np.maximum([getattr(r, name) for r in rows], LEFT) for name in ("new_low", "new_high", "reduction")
        )
        axes.vlines(at, low, high, color=NEUTRAL, linewidth=2)
        for beyond, marker in ((middle > LEFT, "o"), (middle <= LEFT, "v")):
            axes.plot(at[beyond], middle[beyond], marker, color=NEUTRAL, label=method, markersize=4)
        axes.set_xticks(at, [str(r.size) for r in rows])
        axes.set_xlim(-0.6, len(rows) - 0.4)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.set_title(folded(method, _LETTERS), fontsize=8, loc="left")
    for k, axes in enumerate(panels[len(shown) :], len(shown)):
        axes.set_visible(False)
        if lines > 1:  # the panel above an empty place is the lowest of its column
            panels[k - columns].tick_params(labelbottom=True)
    figure.supxlabel("runs per group", fontsize=10)
    figure.supylabel("reduction of the SD [%]", fontsize=10)
    return figure


def _show(found: Compared) -> Shown:
    groups = group_sizes_of(found.cells, found.base)
    plain = {name for cell, name in zip(found.cells, names_of(found.cells), strict=True) if cell.readout == "plain"}
    # Methods before their readouts, where not all are drawn.
    drawn = dict(sorted(groups.items(), key=lambda item: len(groups) > _MOST and item[0] not in plain))
    caption = _CAPTION + OTHERS * (len(groups) > _MOST)
    return Shown(group_size_rows(groups), _NOTE, [(partial(group_size_figure, drawn), caption)] if groups else [])


TOPIC: Final = Topic("What would fewer runs have said?", _show, short="Fewer runs")
