"""Whether the controlled losses of a study move with the test loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.attribution.reactivity import Reactivity, reactivity
from seedwise.statistics.core.multiple import holm

Series = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Lambda and the test loss of the runs of a cell, each (runs, epochs)."""


@dataclass(frozen=True)
class CellReactivity:
    """Whether lambda of a cell moves with the test loss of its own run.

    Attributes:
        found: the correlations.
        p_adjusted: p-value of the peak, Holm-corrected over the cells.
        reading: ``moves``; ``not resolved``; or ``too few runs`` for any answer to be one.

    """

    found: Reactivity
    p_adjusted: float
    reading: Literal["moves", "not resolved", "too few runs"]


def reactivities(series: Sequence[Series | None]) -> list[CellReactivity | str | None]:
    """Correlate lambda with the test loss in every cell.

    Args:
        series: of each cell; None where it has none.

    Returns:
        For each cell what was found, or why it cannot be said; None without series, and where lambda takes fewer than
        three values: off, then one weight, is set and not controlled.

    """
    found = [_of_cell(one) for one in series]
    adjusted = iter(holm([one.p_value for one in found if isinstance(one, Reactivity)]).tolist())
    return [_read(one, next(adjusted)) if isinstance(one, Reactivity) else one for one in found]


def _of_cell(series: Series | None) -> Reactivity | str | None:
    if series is None or np.unique(series[0]).size < 3:
        return None
    try:
        return reactivity(*series)
    except ValueError as error:
        return str(error)


def _read(found: Reactivity, p: float) -> CellReactivity:
    if found.smallest_p_value > 1 - found.level:
        return CellReactivity(found, p, "too few runs")
    return CellReactivity(found, p, "not resolved" if p > 1 - found.level else "moves")
