"""Means on this test set, and on new data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from seedwise.reporting._figures import Line, few_enough, intervals_figure
from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, Crossed, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.new_data import Generalization, generalizations
from seedwise.statistics.core.formatting import decimals_for, interval

_NOTE: Final = (
    "In points. On this test set: for other runs on exactly these examples, the interval for a leaderboard. On new "
    "data: for other runs on other examples of the same kind, the interval for a claim about a method; more runs do "
    "not make it shrink below what the examples leave open."
)


_CAPTION: Final = (
    "Difference from the accuracy of {base} that other runs would have on other examples, with its 95 % interval: "
    "right of the line is better. An interval that holds 0 says that examples and runs are too few for a claim about "
    "new data."
)


def new_data_table(cells: Sequence[Cell], found: Sequence[Generalization | str | None]) -> tuple[Table, list[str]]:
    """Lay out accuracies and their differences with both intervals, in points, for cells with predictions.

    Args:
        cells: the cells.
        found: what ``generalizations`` gave.

    Returns:
        The table, and why something is missing from it.

    """
    rows, reasons = [], []
    for one, name in zip(found, names_of(cells), strict=True):
        if isinstance(one, str):
            reasons.append(f"{name}: no interval on new data: {one}")
        elif one is not None:
            nothing = ["", ""] if one.is_base else ["-", "-"]
            difference = nothing if one.difference is None else _texts(one.difference)
            rows.append([name, *_texts(one.accuracy), *difference])
    columns = [f"{what}, {where}" for what in ("accuracy", "difference") for where in ("this test set", "new data")]
    return Table([METHOD, *columns], rows), reasons


def _texts(found: Crossed) -> list[str]:
    return [_points(found.on_test_set), _points(found.on_new_data)]


def _points(result: Interval) -> str:
    return interval(result, max(decimals_for(100 * (result.high - result.low)), 2), 100)


def _show(found: Compared) -> Shown:
    known = generalizations(found.cells, [part.labels for part in found.study.parts], found.base)
    table, reasons = new_data_table(found.cells, known)
    lines = [
        (cell, Line(name, one.difference.on_new_data, NEUTRAL))
        for one, cell, name in zip(known, found.cells, names_of(found.cells), strict=True)
        if isinstance(one, Generalization) and one.difference is not None
    ]
    drawn, rest = few_enough(lines, at=0)
    figure = partial(intervals_figure, drawn, "difference of accuracy on new data [points]", at=0, scale=100)
    return Shown(table, _NOTE, [(figure, _CAPTION.format(base=found.base) + rest)] if drawn else [], reasons)


TOPIC: Final = Topic("Does it hold on new data?", _show, short="New data")
