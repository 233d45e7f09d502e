"""How the spread goes with the levels of a factor."""

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.cells.cell import Cell, Scalar
from seedwise.statistics.cells.pairing import lined_up
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios.pooled import PooledRatio, pooled_ratio
from seedwise.statistics.spreads.largest_gap import LargestGap, largest_gap
from seedwise.statistics.spreads.trend import spread_trend

CellAndRow = tuple[Cell, ComparisonRow]


@dataclass(frozen=True)
class FactorSpread:
    """The SDs of the levels of a factor, and of the methods that are of none, on one task in one regime.

    Attributes:
        task, regime, factor: where, and which factor.
        gap: the largest SD against the smallest.
        largest, smallest: the rows that have them.
        trend: by what the SD is multiplied when the level doubles, or why that is not known.

    """

    task: str
    regime: str
    factor: str
    gap: LargestGap
    largest: ComparisonRow
    smallest: ComparisonRow
    trend: Interval | str


@dataclass(frozen=True)
class FactorTrend:
    """The trend with a factor over all tasks.

    Attributes:
        regime, factor: in which regime, with which factor.
        pooled: the factor by which the SD changes when the level doubles.

    """

    regime: str
    factor: str
    pooled: PooledRatio


def placed(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> list[CellAndRow]:
    """Return rows, in their order, each with its cell; the rows of a base come first, wherever its cells stand."""
    by_place = {(cell.task, cell.regime, cell.method, cell.readout): cell for cell in cells}
    return [(by_place[row.task, row.regime, row.method, row.readout], row) for row in rows]


def by_place(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> dict[tuple[str, str], list[CellAndRow]]:
    """Return cells with their rows by task and regime, readouts left out."""
    places: dict[tuple[str, str], list[CellAndRow]] = {}
    for cell, row in placed(cells, rows):
        if row.readout == "plain":
            places.setdefault((row.task, row.regime), []).append((cell, row))
    return places


def factor_spreads(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> list[FactorSpread]:
    """Return how the SD goes with each factor, by task and regime; nothing where fewer than two SDs are known.

    Args:
        cells: the cells of a study, whose methods may be levels of a factor.
        rows: their rows, in one unit.

    """
    factors = dict.fromkeys(cell.factor for cell in cells if cell.factor is not None)
    found = []
    for (task, regime), members in by_place(cells, rows).items():
        for factor in factors:
            here = [(cell, row) for cell, row in members if cell.factor in (None, factor)]
            known = [(cell, row.spread.estimate, row) for cell, row in here if isinstance(row.spread, Interval)]
            if len(known) < 2 or not any(sd > 0 for _, sd, _ in known) or all(c.factor is None for c, *_ in known):
                continue
            (_, low, smallest), (_, high, largest) = (pick(known, key=lambda one: one[1]) for pick in (min, max))
            gap = largest_gap(high, low, cells=len(known), n=min(row.n for *_, row in known))
            trend = _trend([cell for cell, _ in here if cell.factor is not None])
            found.append(FactorSpread(task, regime, factor, gap, largest, smallest, trend))
    return found


def pooled_trends(spreads: Sequence[FactorSpread]) -> list[FactorTrend]:
    """Pool the trends with each factor over tasks, with random effects; nothing where one task alone has one."""
    trends: dict[tuple[str, str], list[Interval]] = {}
    for one in spreads:
        if isinstance(one.trend, Interval):
            trends.setdefault((one.regime, one.factor), []).append(one.trend)
    return [FactorTrend(*place, pooled_ratio(found)) for place, found in trends.items() if len(found) > 1]


def _trend(cells: Sequence[Cell]) -> Interval | str:
    try:
        levels = [_number(cell.level) for cell in cells]
        runs, paired = lined_up(cells)
        return spread_trend(levels, [c.values[r] for c, r in zip(cells, runs, strict=True)], paired=paired)
    except (ValueError, IndexError) as error:  # levels that are no numbers, or too few runs
        return str(error)


def _number(level: Scalar) -> float:
    if level is None or isinstance(level, bool):
        raise ValueError(f"{level} is no number")
    return float(level)
