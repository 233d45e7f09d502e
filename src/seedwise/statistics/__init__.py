"""Spread over seeds, measured and compared: pure functions on arrays, without torch.

Every function names its runs axis, refuses data that cannot carry an answer, and returns a small frozen result.

Example:
    >>> spread([97.8, 98.1, 98.3, 97.9, 98.6]).n
    5
"""

from seedwise.statistics.cell import Cell
from seedwise.statistics.churn import churn
from seedwise.statistics.comparison import ComparisonRow, compare_cells, compare_study
from seedwise.statistics.interval import Interval
from seedwise.statistics.means import mean_difference
from seedwise.statistics.multiple import holm
from seedwise.statistics.planning import power, seeds_needed
from seedwise.statistics.ratios import reduction, spread_ratio
from seedwise.statistics.spread import spread
from seedwise.statistics.verdict import Verdict, spread_verdict

__all__ = [
    "Cell",
    "ComparisonRow",
    "Interval",
    "Verdict",
    "churn",
    "compare_cells",
    "compare_study",
    "holm",
    "mean_difference",
    "power",
    "reduction",
    "seeds_needed",
    "spread",
    "spread_ratio",
    "spread_verdict",
]
