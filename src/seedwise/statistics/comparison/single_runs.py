"""What single runs of a study, or a few, would have said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import base_of, lined_up
from seedwise.statistics.core import _checks
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.means.rankings import RankingFlips, ranking_flips
from seedwise.statistics.spreads.extremes import expected_extremes, threshold_chance
from seedwise.statistics.spreads.pool import SeedEffect, seed_effect


@dataclass(frozen=True)
class SingleRuns:
    """What a reader of fewer runs of a cell might have seen.

    Attributes:
        sd: of the runs.
        worst, best: what to expect of the worst and the best of a few runs; of the runs themselves where there are
            enough, as accuracies near 100 % are not normal.
        worse: the chance that a run is worse than the threshold, or than the base's mean; None for the base without a
            threshold.
        flip_of_one: the chance that one seed turns the order of method and base round; None for the base; or why it
            is not known.
        flip_of_few: the same, of the means of a few seeds.
        better_half: the mean of the better half of the runs less that of the other.

    """

    sd: float
    worst: float
    best: float
    worse: Interval | None
    flip_of_one: Interval | str | None
    flip_of_few: Interval | str | None
    better_half: SeedEffect


@dataclass(frozen=True)
class PlaceRanking:
    """How often the ranking of the methods of a task, regime and readout comes out differently."""

    task: str
    regime: str
    readout: str
    flips: RankingFlips


_SIMULATED: Final = 40_000_000
"""Values of the simulation of halves: more than these would take minutes for cells of 100 000 runs."""


def _draws(runs: int) -> int:
    return max(400, min(20_000, _SIMULATED // runs))


def single_runs(
    cells: Sequence[Cell], base: str, thresholds: Mapping[str, float] | None, few: int
) -> list[SingleRuns | None]:
    """Return what fewer runs would have said.

    Args:
        cells: the cells of a study.
        base: the method that the others are compared with.
        thresholds: a value of the metric by task, in the unit of the cells; None for the mean of the base.
        few: so many seeds are a few.

    Returns:
        For each cell what was found; None of fewer than 3 finished runs, where these are all the same, and of folds,
        which are no independent runs.

    """
    found: list[SingleRuns | None] = []
    for cell in cells:
        values = cell.values[cell.finished_mask]
        if values.size < _checks.MINIMUM_RUNS or np.ptp(values) == 0 or cell.folds is not None:
            found.append(None)
            continue
        against = base_of(cell, cells, base)
        extremes = expected_extremes(values, few, higher_is_better=cell.metric.higher_is_better)
        found.append(
            SingleRuns(
                sd=float(np.std(values, ddof=1)),
                worst=extremes.worst.estimate if extremes.worst_of_pool is None else extremes.worst_of_pool,
                best=extremes.best.estimate if extremes.best_of_pool is None else extremes.best_of_pool,
                worse=_worse(cell, against, None if thresholds is None else thresholds[cell.task]),
                flip_of_one=_flip(cell, against, 1),
                flip_of_few=_flip(cell, against, few),
                better_half=seed_effect(values, values.size // 2, draws=_draws(values.size)),
            )
        )
    return found


def place_rankings(cells: Sequence[Cell], few: int) -> list[PlaceRanking]:
    """Return how often the means of a few seeds rank three methods or more differently, by task, regime and readout."""
    found = []
    for place in dict.fromkeys((c.task, c.regime, c.readout) for c in cells):
        here = [c for c in cells if (c.task, c.regime, c.readout) == place]
        if len(here) < 3 or here[0].folds is not None:
            continue
        runs, paired = lined_up(here)
        values = {c.method: c.values[r] for c, r in zip(here, runs, strict=True)}
        try:
            flips = ranking_flips(values, few, paired=paired, higher_is_better=here[0].metric.higher_is_better)
        except ValueError:  # too few runs, or a method whose runs do not vary
            continue
        found.append(PlaceRanking(*place, flips))
    return found


def _worse(cell: Cell, against: Cell | None, threshold: float | None) -> Interval | None:
    if threshold is None:
        if against is None or not against.finished:
            return None
        threshold = float(np.mean(against.values[against.finished_mask]))
    values = cell.values[cell.finished_mask]
    return threshold_chance(values, threshold, side="below" if cell.metric.higher_is_better else "above").empirical


def _flip(cell: Cell, against: Cell | None, seeds: int) -> Interval | str | None:
    if against is None:
        return None
    (runs, base_runs), paired = lined_up([cell, against])
    arms = {"method": cell.values[runs], "base": against.values[base_runs]}
    try:
        return ranking_flips(arms, seeds, paired=paired, draws=1).pairs[0].chance
    except ValueError as error:
        return str(error)
