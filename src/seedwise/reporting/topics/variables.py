"""The spread of the error of each variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._profiles import sd_texts
from seedwise.reporting._table import METHOD, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.of_cells import profile_of

if TYPE_CHECKING:
    from seedwise.study import CellForecasts

_NOTE: Final = (
    "Means over all test windows and steps. Look at whether a few variables make most of the spread: their errors "
    "weigh as much as any other's in the metric. Of more than 12 variables those of the largest SD are shown."
)
_SHOWN: Final = 12


def variable_table(cells: Sequence[Cell], forecasts: Sequence[CellForecasts | None]) -> Table:
    """Lay out the error of each variable with its SD, by cell; empty where there is one variable only.

    Args:
        cells: the cells.
        forecasts: for each cell what its runs forecast, or None.

    """
    table = []
    for cell, found, name in zip(cells, forecasts, names_of(cells), strict=True):
        if found is None or len(found.variables) < 2:
            continue
        squared, absolute = (profile_of(cell, found.by_variable[:, k]) for k in range(2))
        if squared is None or absolute is None:
            continue
        widest = sorted(np.argsort(-squared.sd, kind="stable")[:_SHOWN].tolist())
        table += [
            [name, found.variables[k], str(squared.n), *sd_texts(squared, k), *sd_texts(absolute, k)] for k in widest
        ]
    return Table([METHOD, "variable", N, "MSE", "SD of MSE [95 %]", "MAE", "SD of MAE [95 %]"], table)


def _show(found: Compared) -> Shown:
    return Shown(variable_table(found.cells, [part.forecasts for part in found.study.parts]), _NOTE)


TOPIC: Final = Topic("Which variables make the spread?", _show, short="Variables")
