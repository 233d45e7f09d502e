"""Means on this test set, and on new data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, Crossed, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.new_data import generalizations
from seedwise.statistics.core.formatting import decimals_for, interval

_NOTE: Final = (
    "In points. On this test set: for other runs on exactly these examples, the interval for a leaderboard. On new "
    "data: for other runs on other examples of the same kind, the interval for a claim about a method; more runs do "
    "not make it shrink below what the examples leave open."
)


def new_data_table(
    cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None], base: str
) -> tuple[Table, list[str]]:
    """Lay out accuracies and their differences with both intervals, in points, for cells with predictions.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    Returns:
        The table, and why something is missing from it.

    """
    rows, reasons = [], []
    for found, name in zip(generalizations(cells, labels, base), names_of(cells), strict=True):
        if isinstance(found, str):
            reasons.append(f"{name}: no interval on new data: {found}")
        elif found is not None:
            nothing = ["", ""] if found.is_base else ["-", "-"]
            difference = nothing if found.difference is None else _texts(found.difference)
            rows.append([name, *_texts(found.accuracy), *difference])
    columns = [f"{what}, {where}" for what in ("accuracy", "difference") for where in ("this test set", "new data")]
    return Table([METHOD, *columns], rows), reasons


def _texts(found: Crossed) -> list[str]:
    return [_points(found.on_test_set), _points(found.on_new_data)]


def _points(result: Interval) -> str:
    return interval(result, max(decimals_for(100 * (result.high - result.low)), 2), 100)


def _show(found: Compared) -> Shown:
    table, reasons = new_data_table(found.cells, [part.labels for part in found.study.parts], found.base)
    return Shown(table, _NOTE, reasons=reasons)


TOPIC: Final = Topic("Does it hold on new data?", _show, short="New data")
