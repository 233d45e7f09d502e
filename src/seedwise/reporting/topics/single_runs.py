"""What single runs, or a few, would have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.single_runs import place_rankings, single_runs
from seedwise.statistics.core.formatting import decimals_for, number

_NOTE: Final = (
    "What somebody with fewer runs might have seen. Worst and best: what to expect of the worst and the best of five "
    "runs. The next three columns are probabilities: that one run is worse than that value, and that the means of 1 or "
    "of 5 seeds put method and base in the opposite order. Better half: the mean of the better half of these runs less "
    "that of the other half; luck alone: what sorting normal values of the same SD gives (95 % range). A gap inside "
    "that range says nothing about good seeds. "
)

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
    for found, name in zip(single_runs(cells, base, thresholds, FEW), names_of(cells), strict=True):
        if found is None:
            continue
        decimals, effect = decimals_for(found.sd), found.better_half
        low, high = (number(value, decimals) for value in (effect.low, effect.high))
        rows.append(
            [
                name,
                f"{number(found.worst, decimals)} to {number(found.best, decimals)}",
                _chance(found.worse),
                _chance(found.flip_of_one),
                _chance(found.flip_of_few),
                f"{number(effect.gap, decimals)}, luck alone {low} to {high}",
            ]
        )
    limit = (
        "the base's mean" if thresholds is None else " or ".join(f"{t:g}" for t in dict.fromkeys(thresholds.values()))
    )
    columns = [
        METHOD,
        f"worst and best of {FEW} runs",
        f"a run is worse than {limit}",
        "1 seed gives the opposite order",
        f"{FEW} seeds give it",
        "better half of the runs less the other",
    ]
    return Table(columns, rows)


def ranking_sentences(cells: Sequence[Cell]) -> list[str]:
    """Say how often the ranking of three methods or more comes out differently, by task, regime and readout."""
    sentences = []
    several = len({(c.task, c.regime, c.readout) for c in cells}) > 1
    for place in place_rankings(cells, FEW):
        where, flips = [place.task, place.regime, place.readout], place.flips
        sentences.append(
            (f"{', '.join(part for part in where if part != 'plain')}: " if several else "")
            + f"{flips.order[0]} has the best mean of {len(flips.order)} methods; with {FEW} seeds another one would "
            f"have it with probability {number(flips.winner_flips, 2)}, and the order of all would be another with "
            f"{number(flips.any_flip, 2)}."
        )
    return sentences


def _chance(chance: Interval | str | None) -> str:
    if isinstance(chance, Interval):
        middle, low, high = map(_probability, (chance.estimate, chance.low, chance.high))
        return f"{middle} [{low}, {high}]"
    return "" if chance is None else "-"


def _probability(value: float) -> str:
    """Write a probability, which is not 0 where it is small."""
    return "< .001" if 0 < value < 0.001 else number(value, 3 if value < 0.01 else 2)


def _show(found: Compared) -> Shown:
    cells = found.shown_cells
    table = single_runs_table(cells, found.base, found.study.description.question.thresholds(found.cells))
    return Shown(table, _NOTE + " ".join(ranking_sentences(cells)))


TOPIC: Final = Topic("What would single runs have said?", _show, short="Single runs")
