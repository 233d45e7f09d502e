"""One row of the table of results: the numbers of a cell and of its comparison with the base, or why there are none."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.folds import why_no_seeds
from seedwise.statistics.cells.metric import Metric
from seedwise.statistics.comparison._arms import Arms, finished_runs
from seedwise.statistics.comparison._judging import Judged
from seedwise.statistics.core import _checks
from seedwise.statistics.core._groups import within_groups
from seedwise.statistics.core._moments import correlation, is_constant
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.churn import churn
from seedwise.statistics.disagreement.forecast_difference import forecast_difference
from seedwise.statistics.means.failures import failure_difference
from seedwise.statistics.means.improvement import Improvement, probability_of_improvement
from seedwise.statistics.ratios.correlation import arm_correlation
from seedwise.statistics.ratios.ratios import as_reduction, reduction
from seedwise.statistics.spreads.spread import SpreadProcedure, spread
from seedwise.statistics.verdicts.verdict import Verdict

IS_BASE = "this is the base"


@dataclass(frozen=True)
class ComparisonRow:
    """One cell of a study compared with its base. Where a number cannot be given, a sentence says why.

    Attributes:
        task: name of the task.
        method: name of the method.
        regime: which sources of randomness vary.
        readout: how runs are turned into predictions.
        metric: the metric, in the unit of the numbers.
        n: finished runs.
        failed: failed runs.
        pending: runs still to be trained, which no number counts.
        mean: mean of the finished runs, in the unit of the metric; None if there are none.
        spread: SD with its interval, or the reason why there is none.
        spread_bonett: SD with the interval of Bonett (2006), or the reason.
        spread_label: ``"SD"``, or ``"SD of finished runs"`` if any run failed.
        paired: whether the cell and the base hold the same replicates; None for the base.
        correlation: correlation of the paired runs; None without pairs that vary.
        reduction: percent by which the SD is smaller than the base's, with p-value, or the reason.
        mean_difference: mean minus the base's, with p-value, or the reason.
        churn: share of examples on which two runs disagree, or the reason.
        forecast_difference: how far the forecasts of two runs are apart, relative to their error, or the reason.
        p_adjusted: p-value of the reduction, Holm-corrected over the methods; None without a reduction.
        verdict: the conclusion about the spread; None if there is none.
        verdict_reason: why there is no verdict; empty if there is one.
        spread_normal: SD with its chi-square interval, which assumes normal values, or the reason.
        reduction_normal: the reduction by the F test (paired: Pitman-Morgan), which assumes normal values, or the
            reason.
        correlation_interval: correlation of the paired runs with its interval; None with fewer than four pairs that
            vary.
        mean_p_adjusted: p-value of the difference of means, Holm-corrected over the methods; None without a difference.
        mean_verdict: the conclusion about the mean; None if there is none.
        mean_verdict_reason: why there is no verdict about the mean; empty if there is one.
        improvement: probability that a run of the method beats one of the base, or the reason.
        failure_difference: failure rate minus the base's, or the reason.
        groups: how many values of the fixed seeds, or folds, there are.
        spread_open: whether the spread has no resolved verdict, and more runs could give one.
        mean_open: the same of the mean.
    """

    task: str
    method: str
    regime: str
    readout: str
    metric: Metric
    n: int
    failed: int
    pending: int
    mean: float | None
    spread: Interval | str
    spread_bonett: Interval | str
    spread_label: str
    paired: bool | None
    correlation: float | None
    reduction: Interval | str
    mean_difference: Interval | str
    churn: Interval | str
    forecast_difference: Interval | str
    p_adjusted: float | None
    verdict: Verdict | None
    verdict_reason: str
    spread_normal: Interval | str
    reduction_normal: Interval | str
    correlation_interval: Interval | None
    mean_p_adjusted: float | None
    mean_verdict: Verdict | None
    mean_verdict_reason: str
    improvement: Improvement | str
    failure_difference: Interval | str
    groups: int
    spread_open: bool
    mean_open: bool


def row_of(
    cell: Cell, level: float, base: Cell | None = None, judged: Judged | None = None, arms: Arms | None = None
) -> ComparisonRow:
    """Collect the numbers of a cell; without a base, a judgement and arms, it is the base itself."""
    values = cell.values[cell.finished_mask]
    between_arms = _correlation(arms, level)
    return ComparisonRow(
        task=cell.task,
        method=cell.method,
        regime=cell.regime,
        readout=cell.readout,
        metric=cell.metric,
        n=cell.finished,
        failed=cell.failed,
        pending=cell.pending,
        mean=float(np.mean(values)) if values.size else None,
        spread=_spread(cell, level, "adjusted"),
        spread_bonett=_spread(cell, level, "bonett"),
        spread_label="SD of finished runs" if cell.failed else "SD",
        paired=arms.paired if arms else None,
        correlation=between_arms[0],
        churn=_churn(cell, level),
        forecast_difference=forecast_difference_of(cell, level),
        spread_normal=_spread(cell, level, "chi-square"),
        reduction_normal=_reduction_normal(arms, judged.ratio if judged else IS_BASE, level),
        correlation_interval=between_arms[1],
        improvement=_improvement(arms, cell, level),
        failure_difference=_failure_difference(cell, base, level),
        groups=int(np.unique(cell.group).size),
        **of_judgement(judged, arms),
    )


class OfJudgement(TypedDict):
    """What a judgement says in a row."""

    reduction: Interval | str
    mean_difference: Interval | str
    p_adjusted: float | None
    verdict: Verdict | None
    verdict_reason: str
    mean_p_adjusted: float | None
    mean_verdict: Verdict | None
    mean_verdict_reason: str
    spread_open: bool
    mean_open: bool


def of_judgement(judged: Judged | None, arms: Arms | None = None) -> OfJudgement:
    """Return what a judgement, of these arms if there are runs, says in a row; without one, that it is the base's."""
    ratio, mean = (judged.ratio, judged.mean) if judged else (IS_BASE, IS_BASE)
    verdict, about_mean = (judged.verdict, judged.mean_verdict) if judged else (IS_BASE, IS_BASE)
    return OfJudgement(
        reduction=ratio if isinstance(ratio, str) else as_reduction(ratio),
        mean_difference=mean,
        p_adjusted=judged.p_adjusted if judged and isinstance(ratio, Interval) else None,
        verdict=verdict if isinstance(verdict, Verdict) else None,
        verdict_reason=verdict if isinstance(verdict, str) else "",
        mean_p_adjusted=judged.mean_p_adjusted if judged and isinstance(mean, Interval) else None,
        mean_verdict=about_mean if isinstance(about_mean, Verdict) else None,
        mean_verdict_reason=about_mean if isinstance(about_mean, str) else "",
        spread_open=_is_open(ratio, verdict, arms),
        mean_open=_is_open(mean, about_mean, arms),
    )


def _is_open(found: Interval | str, verdict: Verdict | str, arms: Arms | None) -> bool:
    """Return whether more runs could resolve what is not: not where all are equal, nor where folds have no seeds."""
    if isinstance(verdict, Verdict):
        return verdict.is_open
    return arms is not None and (isinstance(found, Interval) or arms.few)


def _spread(cell: Cell, level: float, procedure: SpreadProcedure) -> Interval | str:
    values = cell.values[cell.finished_mask]
    if values.size < _checks.MINIMUM_RUNS:
        return f"{finished_runs(cell)}: an SD needs at least {_checks.MINIMUM_RUNS}"
    without_seeds = "" if cell.folds is None else why_no_seeds(cell.group[cell.finished_mask])
    if without_seeds:
        return without_seeds
    if is_constant(values):
        return f"all {values.size} finished runs have the same result, {values[0]:.6g}: the SD is 0 and has no interval"
    try:
        found = spread(values, level=level, procedure=procedure, groups=cell.group[cell.finished_mask])
    except ValueError as error:
        return str(error)
    return found if found.estimate > 0 else "the runs of each group have the same result: the SD within them is 0"


def _reduction_normal(arms: Arms | None, ratio: Interval | str, level: float) -> Interval | str:
    if arms is None or isinstance(ratio, str):
        return str(ratio)
    return reduction(arms.method, arms.base, paired=arms.paired, level=level, procedure="normal", groups=arms.groups)


def _improvement(arms: Arms | None, cell: Cell, level: float) -> Improvement | str:
    if arms is None:
        return IS_BASE
    if arms.reason:
        return arms.reason
    if arms.folds is not None:
        return "folds share training examples and are not independent"
    if np.unique(np.concatenate(arms.groups)).size > 1:
        return "runs that share one of several fixed seeds are not independent"
    return probability_of_improvement(
        arms.method, arms.base, paired=arms.paired, higher_is_better=cell.metric.higher_is_better, level=level
    )


def _failure_difference(cell: Cell, base: Cell | None, level: float) -> Interval | str:
    if base is None:
        return IS_BASE
    ended, ended_base = cell.finished + cell.failed, base.finished + base.failed
    if not ended or not ended_base:
        return "no run has ended yet"
    if not cell.failed + base.failed:
        return "no run failed"
    return failure_difference(cell.failed, base.failed, n_method=ended, n_base=ended_base, level=level)


def _correlation(arms: Arms | None, level: float) -> tuple[float | None, Interval | None]:
    if arms is None or not arms.paired or arms.method.size < _checks.MINIMUM_RUNS:
        return None, None
    try:
        x, y = (within_groups(v, g, "")[0] for v, g in zip((arms.method, arms.base), arms.groups, strict=True))
    except ValueError:
        return None, None
    if is_constant(x) or is_constant(y):
        return None, None
    return correlation(x, y)[0], arm_correlation(x, y, level=level) if x.size > 3 else None


def _churn(cell: Cell, level: float) -> Interval | str:
    if cell.predictions is None:
        return "no predictions were kept"
    if len(cell.predictions) < _checks.MINIMUM_RUNS:
        return f"{_checks.runs(len(cell.predictions))} with predictions: churn needs at least {_checks.MINIMUM_RUNS}"
    try:
        groups = cell.group[cell.kept_mask]
        return churn(cell.predictions, example_ids=cell.example_ids, level=level, groups=groups)
    except (TypeError, ValueError) as error:
        return str(error)


def forecast_difference_of(cell: Cell, level: float = 0.95) -> Interval | str:
    """Return how far the forecasts of two runs of a cell are apart, or why that is not known."""
    known = cell.forecast_difference
    if isinstance(known, str) or (known is not None and known.level == level):
        return known
    if cell.forecasts is None or cell.truth is None:
        return "no forecasts were kept"
    if len(cell.forecasts) < _checks.MINIMUM_RUNS:
        return f"{_checks.runs(len(cell.forecasts))} with forecasts: a difference needs at least {_checks.MINIMUM_RUNS}"
    try:
        groups = cell.group[cell.kept_mask]
        return forecast_difference(cell.forecasts, cell.truth, level=level, groups=groups)
    except (TypeError, ValueError) as error:
        return str(error)
