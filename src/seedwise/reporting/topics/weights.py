"""How alike the weights of two runs are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedwise.reporting._table import METHOD, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.core.formatting import decimals_for, interval

_NOTE: Final = (
    "Cosine of the angle between the final weights of two runs, all weights of a network as one vector, averaged over "
    "pairs of runs, with a jackknife interval: 1 where they point the same way, near 0 where they are unrelated. Units "
    "in another order make a cosine near 0 of networks that compute the same: churn says whether they do."
)


def weight_table(cells: Sequence[Cell], found: Sequence[Interval | str | None]) -> tuple[Table, list[str]]:
    """Lay out the similarity of weights of every cell that has one; the second result says why not.

    Args:
        cells: the cells.
        found: for each its similarity, or why it is not known; None where no weights are kept.

    """
    rows, reasons = [], []
    for one, name in zip(found, names_of(cells), strict=True):
        if isinstance(one, str):
            reasons.append(f"{name}: no similarity of weights: {one}")
        elif one is not None:
            rows.append([name, str(one.n), interval(one, max(decimals_for(one.high - one.low), 3))])
    return Table([METHOD, N, "cosine of weights [95 %]"], rows), reasons


def _show(found: Compared) -> Shown:
    table, reasons = weight_table(found.cells, [part.similarity for part in found.study.parts])
    return Shown(table, _NOTE, reasons=reasons)


TOPIC: Final = Topic("How alike are the weights of two runs?", _show, short="Weights")
