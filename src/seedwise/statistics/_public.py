"""What the package offers, imported when it is asked for."""

from seedwise.statistics.attribution.attribution import (
    Attribution,
    SourceEffect,
    churn_attribution,
    logit_attribution,
    variance_attribution,
)
from seedwise.statistics.attribution.design import AttributionDesign, attribution_design
from seedwise.statistics.attribution.reactivity import Reactivity, reactivity
from seedwise.statistics.attribution.sources import SpreadSources, spread_from_churn, spread_sources
from seedwise.statistics.cells.cell import Cell, Scalar
from seedwise.statistics.cells.folds import Folds
from seedwise.statistics.cells.metric import SHARE, Metric
from seedwise.statistics.cells.question import Look, Question
from seedwise.statistics.comparison.across import (
    AcrossTasks,
    MethodAcrossTasks,
    across_tasks,
    across_tasks_of_summaries,
)
from seedwise.statistics.comparison.answer import Answer, answer, answer_summaries
from seedwise.statistics.comparison.comparison import compare_cells, compare_study
from seedwise.statistics.comparison.confirmation import Confirmation, Quantity, confirm
from seedwise.statistics.comparison.families import EnsembleComparison, FailureComparison
from seedwise.statistics.comparison.new_data import Generalization
from seedwise.statistics.comparison.pooled import PooledComparison
from seedwise.statistics.comparison.reactivity import CellReactivity
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.comparison.runs_to_resolve import RunsToResolve, runs_to_resolve
from seedwise.statistics.comparison.summaries import (
    SummarizedCell,
    Summary,
    SummaryComparison,
    compare_study_summaries,
    compare_summaries,
)
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.core.multiple import holm
from seedwise.statistics.disagreement.churn import churn
from seedwise.statistics.disagreement.churn_comparison import churn_difference, churn_ratio
from seedwise.statistics.disagreement.error_variance import error_variance
from seedwise.statistics.disagreement.error_variance_comparison import error_variance_difference, error_variance_ratio
from seedwise.statistics.disagreement.errors import ExampleErrors, example_errors
from seedwise.statistics.disagreement.flips import negative_flips
from seedwise.statistics.disagreement.flips_comparison import excess_negative_flips, relative_negative_flips
from seedwise.statistics.disagreement.forecast_difference import forecast_difference
from seedwise.statistics.disagreement.logits import cross_entropy, ensemble_delta, logit_correlation
from seedwise.statistics.disagreement.weights import weight_similarity
from seedwise.statistics.means.crossed import Crossed, crossed_difference, crossed_mean
from seedwise.statistics.means.failures import failure_difference
from seedwise.statistics.means.folds import five_by_two_difference, fold_difference
from seedwise.statistics.means.improvement import Improvement, probability_of_improvement
from seedwise.statistics.means.means import mean_difference
from seedwise.statistics.means.rankings import PairFlip, RankingFlips, ranking_flips
from seedwise.statistics.planning.churn import (
    churn_power,
    churn_ratio_power,
    churn_ratio_seeds_needed,
    churn_sd,
    churn_seeds_needed,
)
from seedwise.statistics.planning.planning import (
    expected_interval,
    mean_power,
    mean_seeds_needed,
    power,
    seeds_needed,
)
from seedwise.statistics.ratios.correlation import arm_correlation
from seedwise.statistics.ratios.pooled import PooledRatio, pooled_ratio
from seedwise.statistics.ratios.published import (
    BesidePublished,
    beside_published,
    mean_beside_published,
    ratio_beside_published,
)
from seedwise.statistics.ratios.ratios import as_reduction, reduction, spread_ratio, spread_ratio_of_sds
from seedwise.statistics.sequential.interim import Interim, InterimComparison, interim_analysis
from seedwise.statistics.sequential.sequential import (
    SequentialDesign,
    SequentialPower,
    sequential_design,
    sequential_power,
)
from seedwise.statistics.spreads.assisted import AssistedSpread, assisted_spread, assisted_spread_ratio
from seedwise.statistics.spreads.ensembles import EnsembleSpread, ensemble_spread
from seedwise.statistics.spreads.extremes import Extremes, ThresholdChance, expected_extremes, threshold_chance
from seedwise.statistics.spreads.gradient_factor import GradientFactor
from seedwise.statistics.spreads.heterogeneity import GroupSpreads, group_spreads
from seedwise.statistics.spreads.influence import Influence, influence
from seedwise.statistics.spreads.largest_gap import LargestGap, largest_gap
from seedwise.statistics.spreads.pool import GroupSize, SeedEffect, group_size_table, seed_effect
from seedwise.statistics.spreads.profile import SpreadProfile, spread_profile
from seedwise.statistics.spreads.scores import ScoreSpread, score_spread
from seedwise.statistics.spreads.spread import spread
from seedwise.statistics.spreads.trend import spread_trend
from seedwise.statistics.tasks.aggregates import (
    INTERQUARTILE_COVERAGE,
    INTERQUARTILE_COVERAGE_FAILING,
    interquartile_mean,
    optimality_gap,
)
from seedwise.statistics.tasks.improvement import improvement_over_tasks
from seedwise.statistics.tasks.performance_profile import PerformanceProfile, performance_profile
from seedwise.statistics.tasks.pooled_difference import PooledDifference, pooled_difference
from seedwise.statistics.tasks.ranks import MeanRank, MeanRanks, mean_ranks
from seedwise.statistics.verdicts.churn import churn_verdict, error_variance_verdict
from seedwise.statistics.verdicts.equivalence import Equivalence, mean_equivalence, spread_equivalence
from seedwise.statistics.verdicts.flips import flips_verdict
from seedwise.statistics.verdicts.gate import Gate, GateOutcome, gate
from seedwise.statistics.verdicts.recommendation import Candidate, Cost, Recommendation, recommend
from seedwise.statistics.verdicts.steadiest import Budget, Steadiest, steadiest
from seedwise.statistics.verdicts.verdict import Verdict, mean_verdict, spread_verdict

__all__ = [
    "INTERQUARTILE_COVERAGE",
    "INTERQUARTILE_COVERAGE_FAILING",
    "SHARE",
    "AcrossTasks",
    "Answer",
    "AssistedSpread",
    "Attribution",
    "AttributionDesign",
    "BesidePublished",
    "Budget",
    "Candidate",
    "Cell",
    "CellReactivity",
    "ComparisonRow",
    "Confirmation",
    "Cost",
    "Crossed",
    "EnsembleComparison",
    "EnsembleSpread",
    "Equivalence",
    "ExampleErrors",
    "Extremes",
    "FailureComparison",
    "Folds",
    "Gate",
    "GateOutcome",
    "Generalization",
    "GradientFactor",
    "GroupSize",
    "GroupSpreads",
    "Improvement",
    "Influence",
    "Interim",
    "InterimComparison",
    "Interval",
    "LargestGap",
    "Look",
    "MeanRank",
    "MeanRanks",
    "MethodAcrossTasks",
    "Metric",
    "PairFlip",
    "PerformanceProfile",
    "PooledComparison",
    "PooledDifference",
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
    "Steadiest",
    "SummarizedCell",
    "Summary",
    "SummaryComparison",
    "ThresholdChance",
    "Verdict",
    "across_tasks",
    "across_tasks_of_summaries",
    "answer",
    "answer_summaries",
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
    "compare_study_summaries",
    "compare_summaries",
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
    "excess_negative_flips",
    "expected_extremes",
    "expected_interval",
    "failure_difference",
    "five_by_two_difference",
    "flips_verdict",
    "fold_difference",
    "forecast_difference",
    "gate",
    "group_size_table",
    "group_spreads",
    "holm",
    "improvement_over_tasks",
    "influence",
    "interim_analysis",
    "interquartile_mean",
    "largest_gap",
    "logit_attribution",
    "logit_correlation",
    "mean_beside_published",
    "mean_difference",
    "mean_equivalence",
    "mean_power",
    "mean_ranks",
    "mean_seeds_needed",
    "mean_verdict",
    "negative_flips",
    "optimality_gap",
    "performance_profile",
    "pooled_difference",
    "pooled_ratio",
    "power",
    "probability_of_improvement",
    "ranking_flips",
    "ratio_beside_published",
    "reactivity",
    "recommend",
    "reduction",
    "relative_negative_flips",
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
    "steadiest",
    "threshold_chance",
    "variance_attribution",
    "weight_similarity",
]
