"""What single runs, or a few, would have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from seedwise.reporting._figures import names_of
from seedwise.reporting._formatting import decimals_for, interval, number
from seedwise.reporting._table import Table
from seedwise.statistics import Cell, Interval, expected_extremes, ranking_flips, seed_effect, threshold_chance
from seedwise.statistics.cells.pairing import base_of, lined_up

FEW: Final = 5
"""As many seeds as papers use."""


def single_runs_table(cells: Sequence[Cell], base: str, thresholds: Mapping[str, float] | None = None) -> Table:
    """Lay out what a reader of fewer runs might have seen.

    Args:
        cells: the cells, in the unit that is shown; those with fewer than 3 finished runs that differ are left out.
        base: the method that the others are compared with.
        thresholds: a value of the metric by task, in that unit; None for the mean of the base.

    """
    rows = []
    for cell, name in zip(cells, names_of(cells), strict=True):
        values = cell.values[cell.finished_mask]
        if values.size < 3 or np.ptp(values) == 0:
            continue
        decimals = decimals_for(float(np.std(values, ddof=1)))
        against = base_of(cell, cells, base)
        extremes = expected_extremes(values, FEW, higher_is_better=cell.metric.higher_is_better)
        # Of the runs themselves where there are enough: accuracies near 100 % are not normal.
        worst = extremes.worst.estimate if extremes.worst_of_pool is None else extremes.worst_of_pool
        best = extremes.best.estimate if extremes.best_of_pool is None else extremes.best_of_pool
        effect = seed_effect(values, values.size // 2)
        low, high = (number(value, decimals) for value in (effect.low, effect.high))
        rows.append(
            [
                name,
                f"{number(worst, decimals)} to {number(best, decimals)}",
                _worse(cell, against, None if thresholds is None else thresholds[cell.task]),
                _flip(cell, against, 1),
                _flip(cell, against, FEW),
                f"{number(effect.gap, decimals)}, luck alone {low} to {high}",
            ]
        )
    limit = (
        "the base's mean" if thresholds is None else " or ".join(f"{t:g}" for t in dict.fromkeys(thresholds.values()))
    )
    columns = [
        "method",
        f"worst and best of {FEW} runs",
        f"a run is worse than {limit}",
        "1 seed turns the order round",
        f"{FEW} seeds do",
        "better half of the runs less the other",
    ]
    return Table(columns, rows)


def ranking_sentences(cells: Sequence[Cell]) -> list[str]:
    """Say how often the ranking of three methods or more comes out differently, by task, regime and readout."""
    sentences = []
    for place in dict.fromkeys((c.task, c.regime, c.readout) for c in cells):
        here = [c for c in cells if (c.task, c.regime, c.readout) == place]
        if len(here) < 3:
            continue
        runs, paired = lined_up(here)
        values = {c.method: c.values[r] for c, r in zip(here, runs, strict=True)}
        try:
            flips = ranking_flips(values, FEW, paired=paired, higher_is_better=here[0].metric.higher_is_better)
        except ValueError:  # too few runs, or a method whose runs do not vary
            continue
        several = len({(c.task, c.regime, c.readout) for c in cells}) > 1
        sentences.append(
            (f"{', '.join(part for part in place if part != 'plain')}: by" if several else "By")
            + f" their means these runs rank the methods {', '.join(flips.order)}; {FEW} seeds would give another "
            f"ranking with probability {number(flips.any_flip, 2)}, and another winner with "
            f"{number(flips.winner_flips, 2)}."
        )
    return sentences


def _worse(cell: Cell, against: Cell | None, threshold: float | None) -> str:
    if threshold is None:
        if against is None or not against.finished:
            return ""
        threshold = float(np.mean(against.values[against.finished_mask]))
    values = cell.values[cell.finished_mask]
    chance = threshold_chance(values, threshold, side="below" if cell.metric.higher_is_better else "above")
    return _chance(chance.empirical)


def _flip(cell: Cell, against: Cell | None, seeds: int) -> str:
    if against is None:
        return ""
    (runs, base_runs), paired = lined_up([cell, against])
    arms = {"method": cell.values[runs], "base": against.values[base_runs]}
    try:
        return _chance(ranking_flips(arms, seeds, paired=paired, draws=1).pairs[0].chance)
    except ValueError:
        return "-"


def _chance(chance: Interval) -> str:
    return interval(chance, 2)
