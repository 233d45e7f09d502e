"""Spread over seeds, measured and compared: pure functions on arrays, without torch.

Every function names its runs axis, refuses data that cannot carry an answer, and returns a small frozen result.

Example:
    >>> spread([97.8, 98.1, 98.3, 97.9, 98.6]).n
    5
"""

from seedwise.statistics.assisted import AssistedSpread, assisted_spread, assisted_spread_ratio
from seedwise.statistics.attribution import (
    Attribution,
    SourceEffect,
    churn_attribution,
    logit_attribution,
    variance_attribution,
)
from seedwise.statistics.attribution_design import AttributionDesign, attribution_design
from seedwise.statistics.cell import Cell, Scalar
from seedwise.statistics.churn import churn
from seedwise.statistics.churn_comparison import churn_difference, churn_ratio
from seedwise.statistics.churn_planning import (
    churn_power,
    churn_ratio_power,
    churn_ratio_seeds_needed,
    churn_sd,
    churn_seeds_needed,
)
from seedwise.statistics.churn_verdict import churn_verdict, error_variance_verdict
from seedwise.statistics.comparison import compare_cells, compare_study
from seedwise.statistics.comparison_row import ComparisonRow
from seedwise.statistics.confirmation import Confirmation, Quantity, confirm
from seedwise.statistics.correlation import arm_correlation
from seedwise.statistics.crossed import Crossed, crossed_difference, crossed_mean
from seedwise.statistics.ensembles import EnsembleSpread, ensemble_spread
from seedwise.statistics.equivalence import Equivalence, mean_equivalence, spread_equivalence
from seedwise.statistics.error_variance import error_variance
from seedwise.statistics.error_variance_comparison import error_variance_difference, error_variance_ratio
from seedwise.statistics.errors import ExampleErrors, example_errors
from seedwise.statistics.extremes import Extremes, ThresholdChance, expected_extremes, threshold_chance
from seedwise.statistics.failures import failure_difference
from seedwise.statistics.flips import negative_flips
from seedwise.statistics.forecast_difference import forecast_difference
from seedwise.statistics.heterogeneity import GroupSpreads, group_spreads
from seedwise.statistics.improvement import Improvement, probability_of_improvement
from seedwise.statistics.interim import Interim, InterimComparison, interim_analysis
from seedwise.statistics.interval import Interval
from seedwise.statistics.largest_gap import LargestGap, largest_gap
from seedwise.statistics.logits import cross_entropy, ensemble_delta, logit_correlation
from seedwise.statistics.means import mean_difference
from seedwise.statistics.metric import SHARE, Metric
from seedwise.statistics.multiple import holm
from seedwise.statistics.planning import (
    expected_interval,
    mean_power,
    mean_seeds_needed,
    power,
    seeds_needed,
)
from seedwise.statistics.pool import GroupSize, SeedEffect, group_size_table, seed_effect
from seedwise.statistics.pooled import PooledRatio, pooled_ratio
from seedwise.statistics.published import (
    BesidePublished,
    beside_published,
    mean_beside_published,
    ratio_beside_published,
)
from seedwise.statistics.question import Look, Question
from seedwise.statistics.rankings import PairFlip, RankingFlips, ranking_flips
from seedwise.statistics.ratios import as_reduction, reduction, spread_ratio, spread_ratio_of_sds
from seedwise.statistics.reactivity import Reactivity, reactivity
from seedwise.statistics.recommendation import Candidate, Cost, Recommendation, recommend
from seedwise.statistics.runs_to_resolve import RunsToResolve, runs_to_resolve
from seedwise.statistics.scores import ScoreSpread, score_spread
from seedwise.statistics.sequential import SequentialDesign, SequentialPower, sequential_design, sequential_power
from seedwise.statistics.sources import SpreadSources, spread_from_churn, spread_sources
from seedwise.statistics.spread import spread
from seedwise.statistics.spread_profile import SpreadProfile, spread_profile
from seedwise.statistics.spread_trend import spread_trend
from seedwise.statistics.verdict import Verdict, mean_verdict, spread_verdict

__all__ = [
    "SHARE",
    "AssistedSpread",
    "Attribution",
    "AttributionDesign",
    "BesidePublished",
    "Candidate",
    "Cell",
    "ComparisonRow",
    "Confirmation",
    "Cost",
    "Crossed",
    "EnsembleSpread",
    "Equivalence",
    "ExampleErrors",
    "Extremes",
    "GroupSize",
    "GroupSpreads",
    "Improvement",
    "Interim",
    "InterimComparison",
    "Interval",
    "LargestGap",
    "Look",
    "Metric",
    "PairFlip",
    "PooledRatio",
    "Quantity",
    "Question",
    "RankingFlips",
    "Reactivity",
    "Recommendation",
    "RunsToResolve",
    "Scalar",
    "ScoreSpread",
    "SeedEffect",
    "SequentialDesign",
    "SequentialPower",
    "SourceEffect",
    "SpreadProfile",
    "SpreadSources",
    "ThresholdChance",
    "Verdict",
    "arm_correlation",
    "as_reduction",
    "assisted_spread",
    "assisted_spread_ratio",
    "attribution_design",
    "beside_published",
    "churn",
    "churn_attribution",
    "churn_difference",
    "churn_power",
    "churn_ratio",
    "churn_ratio_power",
    "churn_ratio_seeds_needed",
    "churn_sd",
    "churn_seeds_needed",
    "churn_verdict",
    "compare_cells",
    "compare_study",
    "confirm",
    "cross_entropy",
    "crossed_difference",
    "crossed_mean",
    "ensemble_delta",
    "ensemble_spread",
    "error_variance",
    "error_variance_difference",
    "error_variance_ratio",
    "error_variance_verdict",
    "example_errors",
    "expected_extremes",
    "expected_interval",
    "failure_difference",
    "forecast_difference",
    "group_size_table",
    "group_spreads",
    "holm",
    "interim_analysis",
    "largest_gap",
    "logit_attribution",
    "logit_correlation",
    "mean_beside_published",
    "mean_difference",
    "mean_equivalence",
    "mean_power",
    "mean_seeds_needed",
    "mean_verdict",
    "negative_flips",
    "pooled_ratio",
    "power",
    "probability_of_improvement",
    "ranking_flips",
    "ratio_beside_published",
    "reactivity",
    "recommend",
    "reduction",
    "runs_to_resolve",
    "score_spread",
    "seed_effect",
    "seeds_needed",
    "sequential_design",
    "sequential_power",
    "spread",
    "spread_equivalence",
    "spread_from_churn",
    "spread_profile",
    "spread_ratio",
    "spread_ratio_of_sds",
    "spread_sources",
    "spread_trend",
    "spread_verdict",
    "threshold_chance",
    "variance_attribution",
]
