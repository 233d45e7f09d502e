"""The spread at each value of the fixed seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seedwise.reporting._table import METHOD, VALUES, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.of_cells import group_spreads_of
from seedwise.statistics.core.formatting import number, p_value

_NOTE: Final = (
    "The SD within the runs that share one value of the fixed seeds, or one fold, and the p-value of its being the "
    "same in all of them (Brown-Forsythe, uncorrected). Where it differs, the pooled SD is an average over them."
)


def fixed_values_table(cells: Sequence[Cell], decimals: Mapping[str, int]) -> Table:
    """Lay out how much the SD differs between the values of the fixed seeds, for cells that have several.

    Args:
        cells: the cells, in the unit in which their metric is shown.
        decimals: of SDs, by task.

    """
    rows = []
    for cell, name in zip(cells, names_of(cells), strict=True):
        found = group_spreads_of(cell)
        if found is None:
            continue
        lowest, highest = (number(value, decimals[cell.task]) for value in (min(found.sds), max(found.sds)))
        p = "-" if found.p_value is None else p_value(found.p_value)
        rows.append([name, str(len(found.sds)), lowest, highest, p])
    return Table([METHOD, VALUES, "lowest SD", "highest SD", "p of equal SDs"], rows)


def _show(found: Compared) -> Shown:
    return Shown(fixed_values_table(found.shown_cells, found.results.decimals), _NOTE)


TOPIC: Final = Topic("Does the spread depend on the fixed seeds, or the fold?", _show, short="Fixed seeds")
