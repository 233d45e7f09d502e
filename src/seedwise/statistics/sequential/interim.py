"""A look at a study that grows: what is resolved at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.question import SMALLEST_LIMIT, Look
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.sequential.questions import QUESTIONS, Asked


@dataclass(frozen=True)
class InterimComparison:
    """A comparison with the base at a look.

    Attributes:
        task, regime, method, readout: of the cell.
        found: what was asked for, of the cell and the base, with its repeated interval: the reduction of the SD in
            percent, the difference of the means or the ratio of churn; None where it is not known, or withheld because
            runs failed.
        p: its p-value, corrected for all comparisons (Holm); None where nothing was found.
        resolved: whether p is below the limit of the look.

    """

    task: str
    regime: str
    method: str
    readout: str
    found: Interval | None
    p: float | None
    resolved: bool


@dataclass(frozen=True)
class Interim:
    """What is resolved at a look.

    Attributes:
        look: the look.
        limit: below which a corrected p-value is resolved; None: no p-value is small enough this early.
        comparisons: with the base, in the order of the cells.

    """

    look: Look
    limit: float | None
    comparisons: tuple[InterimComparison, ...]

    @property
    def resolved(self) -> bool:
        """Whether all comparisons are."""
        return all(one.resolved for one in self.comparisons)


def interim_analysis(
    look: Look, cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None], base: str
) -> Interim:
    """Compare every cell with the base at a look.

    The level of the repeated intervals is one minus the limit of the look, so that they hold the truth at all looks
    together.

    Args:
        look: the look.
        cells: the cells; the runs axis of each is that of :class:`Cell`.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    Returns:
        Interim, with a comparison for every cell but those of the base.

    Raises:
        ValueError: a task and regime without a plain cell of the base, or cells that cannot be compared.

    Example:
        >>> from seedwise.statistics import Metric
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 6, replicate=range(6), values=values,
        ...         status=("finished",) * 6, metric=Metric("test/accuracy"),
        ...     )
        >>> base = cell("base", [0.978, 0.981, 0.983, 0.979, 0.986, 0.980])
        >>> steady = cell("vml", [0.9804, 0.9810, 0.9812, 0.9806, 0.9816, 0.9808])
        >>> look = Look("spread", looks=(6, 12), limits=(0.003, 0.049), look=0)
        >>> interim_analysis(look, [base, steady], [None, None], "base").resolved
        True

    Source:
        Lan & DeMets (1983), Biometrika 70, 659-663 (limits); Jennison & Turnbull (1989), Journal of the Royal
        Statistical Society B 51, 305-361 (repeated intervals).

    """
    found = list(QUESTIONS[look.question].find(Asked(cells, labels, base, 1 - look.limit())))
    adjusted = holm([None if value is None else value.p_value for _, value in found]).tolist()
    limit = look.limit(len(found))
    return Interim(
        look,
        None if limit <= SMALLEST_LIMIT else limit,
        tuple(
            InterimComparison(
                of.task,
                of.regime,
                of.method,
                of.readout,
                value,
                None if value is None else p,
                resolved=value is not None and p < limit,
            )
            for (of, value), p in zip(found, adjusted, strict=True)
        ),
    )
