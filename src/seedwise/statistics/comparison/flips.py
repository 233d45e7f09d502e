"""Negative flips between the base and every method, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import base_of, lined_up, predictions_of, several_groups
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.disagreement.flips import negative_flips
from seedwise.statistics.disagreement.flips_comparison import excess_negative_flips, relative_negative_flips
from seedwise.statistics.verdicts.flips import flips_verdict
from seedwise.statistics.verdicts.verdict import Verdict


@dataclass(frozen=True)
class Flips:
    """What happens to single examples where a run of one method is replaced by one of another.

    Attributes:
        old: the cell that is replaced.
        new: the cell that takes its place.
        rate: the share of examples that flip to wrong.
        relative: the same relative to independent errors, or why there is none.
        excess: how many more than with another seed of the old.
        p_adjusted: its p-value, Holm-corrected over all of a study.
        verdict: the conclusion.

    """

    old: Cell
    new: Cell
    rate: Interval
    relative: Interval | str
    excess: Interval
    p_adjusted: float
    verdict: Verdict


def flips_between(cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None], base: str) -> list[Flips | str]:
    """Compare every cell that kept predictions with the base's, as its successor and as its predecessor.

    Args:
        cells: the cells of a study.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    Returns:
        Two for each cell with predictions and a base, or why there are none.

    """
    found: list[_Found | str] = []
    for cell, truth in zip(cells, labels, strict=True):
        against = base_of(cell, cells, base)
        if against is None or truth is None or cell.predictions is None or against.predictions is None:
            continue
        found += _both_ways(cell, against, truth)
    adjusted = iter(holm([one.excess.p_value for one in found if isinstance(one, _Found)]).tolist())
    return [one if isinstance(one, str) else one.judged(next(adjusted)) for one in found]


class _Found(NamedTuple):
    """What is known before the p-values are corrected."""

    old: Cell
    new: Cell
    rate: Interval
    relative: Interval | str
    excess: Interval

    def judged(self, p_adjusted: float) -> Flips:
        return Flips(*self, p_adjusted, flips_verdict(self.excess, p_adjusted=p_adjusted))


def _both_ways(cell: Cell, base: Cell, truth: NDArray[np.int64]) -> list[_Found | str]:
    if several_groups(base):
        return [f"{cell.method}: no negative flips: runs have several values of the fixed seeds"]
    runs, paired = lined_up([base, cell])
    (first, first_ids), (second, second_ids) = map(predictions_of, (base, cell), runs)
    arms, ids = [(base, first), (cell, second)], (first_ids, second_ids)
    both: list[_Found | str] = []
    try:
        for (old, before), (new, after) in (arms, arms[::-1]):
            right = before == truth, after == truth
            rate = negative_flips(*right, example_ids=ids[0], new_example_ids=ids[1])
            excess = excess_negative_flips(*right, paired=paired, example_ids=ids)
            both.append(_Found(old, new, rate, _relative(right, ids), excess))
            ids = ids[::-1]
    except ValueError as error:
        return [f"{cell.method}: no negative flips: {error}"]
    return both


def _relative(right: tuple[NDArray[np.bool_], NDArray[np.bool_]], ids: tuple[object, object]) -> Interval | str:
    try:
        return relative_negative_flips(*right, example_ids=ids)  # type: ignore[arg-type]
    except ValueError as error:
        return str(error)
