"""What comparisons of fewer runs would have reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._figures import LEFT
from seedwise.reporting._svg import legend_above, new_figure
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, GroupSize
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison import of_cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTE: Final = (
    "What comparisons of fewer runs would have reported. The reduction is about the same in groups of every size, as "
    "they come from the same runs; the range is that of single new groups (95 %, if values are normal)."
)
_CAPTION: Final = (
    "The reduction that groups of fewer runs would show: dots, which are flat because all groups come from "
    "the same runs, and the range of single groups. Look at how wide the range is at the size that you can afford."
)


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
        [name, str(row.size), f"{row.reduction:.0f} %", f"{row.new_low:.0f} to {row.new_high:.0f} %"]
        for name, table in tables.items()
        for row in table
    ]
    return Table([METHOD, "runs per group", "reduction", "range of single groups"], rows)


def group_size_figure(tables: Mapping[str, Sequence[GroupSize]]) -> Figure:
    """Draw the reduction found in groups of several sizes drawn from the same runs: mean and central range.

    Args:
        tables: by method, the rows of ``group_size_table``.

    """
    figure, axes = new_figure(3.0)
    width = 0.8 / max(len(tables), 1)
    for k, (method, rows) in enumerate(tables.items()):
        at = np.arange(len(rows)) + (k - (len(tables) - 1) / 2) * width * 0.6
        axes.vlines(at, [max(r.new_low, LEFT) for r in rows], [r.new_high for r in rows], color=f"C{k}", linewidth=2)
        axes.plot(at, [r.reduction for r in rows], "o", color=f"C{k}", label=method, markersize=5)
        axes.set_xticks(range(len(rows)), [str(r.size) for r in rows])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlabel("runs per group")
    axes.set_ylabel("reduction of the SD [%]")
    legend_above(figure, axes)
    return figure


def _show(found: Compared) -> Shown:
    groups = group_sizes_of(found.cells, found.base)
    return Shown(group_size_rows(groups), _NOTE, [(partial(group_size_figure, groups), _CAPTION)] if groups else [])


TOPIC: Final = Topic("What would fewer runs have said?", _show, short="Fewer runs")
