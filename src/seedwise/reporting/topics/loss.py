"""What a controlled loss did to the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.core.formatting import percent
from seedwise.statistics.spreads.gradient_factor import gradient_factor

_NOTE: Final = (
    "The number that the base loss's gradient was multiplied by, over all steps of all runs, as far as all of them "
    "trained. A factor that stays near "
    "1 means that the loss did next to nothing, whatever the table of results says."
)


def check_table(cells: Sequence[Cell], curves: Sequence[Mapping[str, NDArray[np.float64]]]) -> Table:
    """Lay out what each controlled loss did to the gradient: mean, SD and range of its factor over all steps.

    Args:
        cells: the cells.
        curves: for each cell its series, (runs, epochs); ``train/factor_mean`` and so on where the loss has them.

    """
    rows = []
    for series, name in zip(curves, names_of(cells), strict=True):
        found = gradient_factor(series)
        if found is not None:
            texts = [f"{found.mean:.4f}", f"{found.sd:.4f}", f"{found.low:.3f} to {found.high:.3f}"]
            rows.append([name, percent(found.active, 0), *texts])
    return Table([METHOD, "steps with lambda > 0", "mean factor", "SD of factor", "range"], rows)


def _show(found: Compared) -> Shown:
    return Shown(check_table(found.cells, [part.curves for part in found.study.parts]), _NOTE)


TOPIC: Final = Topic("What did the loss do to the gradient?", _show, short="Loss")
