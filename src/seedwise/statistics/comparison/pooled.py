"""What a method does to the spread on all tasks of a study together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios.pooled import PooledRatio, pooled_ratio
from seedwise.statistics.ratios.ratios import as_ratio


@dataclass(frozen=True)
class PooledComparison:
    """A method, or a readout of it, compared with the base on several tasks.

    Attributes:
        regime, method, readout: of the cells.
        pooled: the pooled ratio of SDs.

    """

    regime: str
    method: str
    readout: str
    pooled: PooledRatio


def pooled_comparisons(rows: Sequence[ComparisonRow]) -> tuple[PooledComparison, ...]:
    """Pool the ratios of SDs of each method over tasks, which share no runs.

    Args:
        rows: the rows of a study.

    Returns:
        One for every regime, method and readout that has a ratio with a finite interval on two tasks or more; a method
        whose runs do not vary at all has no logarithm to pool.

    """
    ratios: dict[tuple[str, str, str], list[Interval]] = {}
    for row in rows:
        r = row.reduction
        if isinstance(r, Interval) and -math.inf < r.low < r.high < 100:
            ratios.setdefault((row.regime, row.method, row.readout), []).append(as_ratio(r))
    return tuple(PooledComparison(*of, pooled_ratio(found)) for of, found in ratios.items() if len(found) > 1)
