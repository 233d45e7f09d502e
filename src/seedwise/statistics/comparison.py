"""The cells of a study compared with its base: the numbers behind every row of the table of results."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics import _checks
from seedwise.statistics._groups import within_groups
from seedwise.statistics._moments import correlation, is_constant, sd
from seedwise.statistics.cell import FAILURES, Cell
from seedwise.statistics.churn import churn
from seedwise.statistics.correlation import arm_correlation
from seedwise.statistics.equivalence import Equivalence, mean_equivalence, spread_equivalence
from seedwise.statistics.failures import failure_difference
from seedwise.statistics.improvement import Improvement, probability_of_improvement
from seedwise.statistics.interval import Interval
from seedwise.statistics.means import mean_difference
from seedwise.statistics.multiple import holm
from seedwise.statistics.planning import seeds_needed
from seedwise.statistics.ratios import RatioProcedure, as_reduction, reduction, spread_ratio
from seedwise.statistics.spread import SpreadProcedure, spread
from seedwise.statistics.verdict import Verdict, mean_verdict, spread_verdict

_IS_BASE = "this is the base"


@dataclass(frozen=True)
class ComparisonRow:
    """One cell of a study beside its base. Where a number cannot be given, a sentence says why.

    Attributes:
        task: name of the task.
        method: name of the method.
        regime: which sources of randomness vary.
        readout: how runs are turned into predictions.
        metric: name of the metric.
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
    """

    task: str
    method: str
    regime: str
    readout: str
    metric: str
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


@dataclass(frozen=True)
class _Question:
    """What the user asks of every comparison."""

    sd_ratio: float
    power: float
    level: float
    alpha: float
    factor: float | None
    margin: float | None


@dataclass(frozen=True)
class _Judged:
    """A comparison with its verdicts, each number and verdict or the reason why there is none."""

    arms: "_Arms"
    ratio: Interval | str
    p_adjusted: float
    verdict: Verdict | str
    mean: Interval | str
    mean_p_adjusted: float
    mean_verdict: Verdict | str


@dataclass(frozen=True)
class _Arms:
    """The runs of a method and of its base that a comparison uses; ``reason`` says why it cannot."""

    method: NDArray[np.float64]
    base: NDArray[np.float64]
    paired: bool
    reason: str
    groups: tuple[NDArray[np.int64], NDArray[np.int64]]


def compare_cells(
    base: Cell,
    methods: Sequence[Cell],
    *,
    sd_ratio: float = 0.7,
    power: float = 0.8,
    level: float = 0.95,
    alpha: float = 0.05,
    factor: float | None = None,
    margin: float | None = None,
) -> list[ComparisonRow]:
    """Compare every method of a study with the base: spread, mean, churn, with verdicts on the spread and the mean.

    - Two arms are paired if they hold the same (group, replicate) keys, planned runs included; the pairs finished in
      both arms are used. Otherwise the finished runs of each arm are compared as independent.
    - SDs and their ratios have the intervals and tests that do not assume normal values; those that do stand beside.
    - The p-values of the reductions are Holm-corrected over all the methods; one that has no p-value counts as p = 1.
      So are those of the means, of equivalence in spread and of equivalence in means, each question by itself.
    - Runs at several values of the fixed seeds (groups): SDs, their ratios and churn are those within the groups,
      pooled. Means are compared between the groups, paired, since runs of one group share their fixed seeds.
    - If any run of a method or of the base failed, a verdict is given only if counting the failures as results at
      chance level gives the same one, for the spread and for the mean. Pending and interrupted runs are not counted at
      all. The spreads with failures counted are tested with ``procedure="normal"`` of :func:`spread_ratio`: to a test
      that outliers do not impress, a few failures would look like nothing.

    Args:
        base: the cell to compare with.
        methods: the other cells, same task and metric; may be empty.
        sd_ratio: the ratio of SDs that the study should be able to find, positive and not 1.
        power: the probability of finding it, between 0 and 1.
        level: confidence level of all intervals, between 0 and 1.
        alpha: significance level of the verdicts, between 0 and 1 (below .5 with a factor or margin).
        factor: the largest ratio of SDs that still counts as equal, above 1; None: equivalence is not asked about.
        margin: the largest difference of means that still counts as equal, in the unit of the metric; or None.

    Returns:
        One row per cell, the base first. Cells with few, failed, equal or constant runs give reasons, not errors.

    Raises:
        ValueError: cells of different tasks or metrics, or an argument out of its range.

    Example:
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 6, replicate=range(6), values=values,
        ...         status=("finished",) * 6, metric="test/accuracy", higher_is_better=True, chance=0.1,
        ...     )
        >>> base = cell("base", [0.978, 0.981, 0.983, 0.979, 0.986, 0.980])
        >>> rows = compare_cells(base, [cell("vml", [0.9804, 0.9810, 0.9812, 0.9806, 0.9816, 0.9808])])
        >>> rows[1].verdict.sentence
        'reduced: the SD is 85 % smaller (95 % interval 73 to 88), corrected p < .001'
        >>> rows[1].mean_verdict.sentence
        'not resolved: the difference of means is -.0002 (95 % interval -.0029 to .0024), corrected p = .83'

    Source:
        Morgan (1939), Biometrika 31, 13-19 (paired SDs); Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    return _compare_families([(base, methods)], _Question(sd_ratio, power, level, alpha, factor, margin))


def compare_study(
    cells: Sequence[Cell],
    *,
    baseline: str,
    sd_ratio: float = 0.7,
    power: float = 0.8,
    level: float = 0.95,
    alpha: float = 0.05,
    factor: float | None = None,
    margin: float | None = None,
) -> list[ComparisonRow]:
    """Compare every method of a study with its base, in every task, regime and readout.

    As :func:`compare_cells`, with the p-values Holm-corrected over all the comparisons of the study. The runs axis of
    each cell is that of :class:`Cell`.

    Args:
        cells: the cells of the study, in the order of its table.
        baseline: name of the method that the others are compared with.
        sd_ratio: see :func:`compare_cells`.
        power: see :func:`compare_cells`.
        level: see :func:`compare_cells`.
        alpha: see :func:`compare_cells`.
        factor: see :func:`compare_cells`.
        margin: see :func:`compare_cells`.

    Returns:
        One row per cell; in each task, regime and readout the base comes first.

    Raises:
        ValueError: a task, regime and readout without a cell of the base, or as for :func:`compare_cells`.

    Example:
        >>> def cell(method, regime, values):
        ...     return Cell(
        ...         task="digits", method=method, regime=regime, group=[0] * 4, replicate=range(4), values=values,
        ...         status=("finished",) * 4, metric="test/accuracy", higher_is_better=True, chance=0.1,
        ...     )
        >>> base, vml = [0.978, 0.981, 0.983, 0.979], [0.980, 0.981, 0.982, 0.979]
        >>> rows = compare_study(
        ...     [cell(m, r, x) for r in ("all", "init") for m, x in (("base", base), ("vml", vml))], baseline="base"
        ... )
        >>> [(row.regime, row.method) for row in rows]
        [('all', 'base'), ('all', 'vml'), ('init', 'base'), ('init', 'vml')]

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    places = dict.fromkeys((cell.task, cell.regime, cell.readout) for cell in cells)
    families = []
    for place in places:
        here = [cell for cell in cells if (cell.task, cell.regime, cell.readout) == place]
        base = next((cell for cell in here if cell.method == baseline), None)
        if base is None:
            raise ValueError(
                f"there is no cell of the base {baseline!r} in {', '.join(place)}; pass one of its methods"
            )
        families.append((base, [cell for cell in here if cell is not base]))
    return _compare_families(families, _Question(sd_ratio, power, level, alpha, factor, margin))


def _compare_families(families: Sequence[tuple[Cell, Sequence[Cell]]], question: _Question) -> list[ComparisonRow]:
    """Compare each base with its methods, the p-values corrected over all of them together."""
    for base, methods in families:
        _comparable(base, methods)
    _check(question)
    pairs = [(cell, base) for base, methods in families for cell in methods]
    judged = _judge(pairs, question, count_failures=False)
    if any(cell.failed + base.failed for cell, base in pairs):
        counted = _judge(pairs, question, count_failures=True)
        judged = [
            _with_failures(one, other, cell, base) if cell.failed + base.failed else one
            for one, other, (cell, base) in zip(judged, counted, pairs, strict=True)
        ]
    rows = iter([_row(cell, question.level, base, one) for one, (cell, base) in zip(judged, pairs, strict=True)])
    return [row for base, methods in families for row in (_row(base, question.level), *(next(rows) for _ in methods))]


def _check(question: _Question) -> None:
    """Refuse an impossible question before any work."""
    _checks.level_in_range(question.level)
    seeds_needed(sd_ratio=question.sd_ratio, power=question.power, alpha=question.alpha)
    if question.factor is not None:
        _checks.between(question.factor, 1, math.inf, "factor", "1.5")
    if question.margin is not None:
        _checks.between(question.margin, 0, math.inf, "margin", ".1")
    if question.factor is not None or question.margin is not None:
        _checks.between(question.alpha, 0, 0.5, "alpha", ".05")


def _judge(pairs: Sequence[tuple[Cell, Cell]], question: _Question, *, count_failures: bool) -> list[_Judged]:
    arms = [_arms(cell, base, count_failures=count_failures) for cell, base in pairs]
    procedure: RatioProcedure = "normal" if count_failures else "adjusted"
    ratios = [_ratio(one, question.level, procedure) for one in arms]
    of_means = [_between_groups(one) for one in arms]
    means = [_mean_difference(one, question.level) for one in of_means]
    alpha, factor, margin = question.alpha, question.factor, question.margin
    close = [
        None
        if factor is None or isinstance(ratio, str)
        else spread_equivalence(
            one.method,
            one.base,
            factor=factor,
            paired=one.paired,
            alpha=alpha,
            procedure=procedure,
            groups=one.groups,
        )
        for one, ratio in zip(arms, ratios, strict=True)
    ]
    close_means = [
        None
        if margin is None or isinstance(mean, str)
        else mean_equivalence(one.method, one.base, margin=margin, paired=one.paired, alpha=alpha)
        for one, mean in zip(of_means, means, strict=True)
    ]
    p, p_mean, p_close, p_close_mean = (_adjust(results) for results in (ratios, means, close, close_means))
    judged = []
    for i, (cell, _) in enumerate(pairs):
        ratio, mean = ratios[i], means[i]
        verdict: Verdict | str = (
            ratio
            if isinstance(ratio, str)
            else spread_verdict(
                ratio,
                p_adjusted=p[i],
                alpha=alpha,
                sd_ratio=question.sd_ratio,
                power=question.power,
                equivalence=close[i],
                p_equivalence=p_close[i],
            )
        )
        about_mean: Verdict | str = (
            mean
            if isinstance(mean, str)
            else mean_verdict(
                mean,
                p_adjusted=p_mean[i],
                higher_is_better=cell.higher_is_better,
                alpha=alpha,
                equivalence=close_means[i],
                p_equivalence=p_close_mean[i],
                sd=_pooled_sd(of_means[i]),
                power=question.power,
            )
        )
        judged.append(_Judged(arms[i], ratio, p[i], verdict, mean, p_mean[i], about_mean))
    return judged


def _pooled_sd(arms: _Arms) -> float:
    return math.hypot(sd(arms.method), sd(arms.base)) / math.sqrt(2)


def _comparable(base: Cell, methods: Sequence[Cell]) -> None:
    for cell in methods:
        if (cell.task, cell.metric) != (base.task, base.metric):
            raise ValueError(
                f"cell {cell.method!r} is {cell.metric} on {cell.task}, the base is {base.metric} on {base.task}; "
                "compare cells of one task and metric"
            )


def _arms(cell: Cell, base: Cell, *, count_failures: bool) -> _Arms:
    """Line up two cells; with ``count_failures``, failed runs take part with the metric's chance value."""
    (x, use_x), (y, use_y) = (_results(c, count_failures) for c in (cell, base))
    paired = set(cell.keys) == set(base.keys)
    at_x, at_y = (np.arange(c.n) for c in (cell, base))
    if paired:
        at_x, at_y = (np.lexsort((c.replicate, c.group)) for c in (cell, base))
        both = use_x[at_x] & use_y[at_y]
        at_x, at_y = at_x[both], at_y[both]
    else:
        at_x, at_y = at_x[use_x], at_y[use_y]
    x, y = x[at_x], y[at_y]
    return _Arms(x, y, paired, _why_not(x, y, paired, cell, base), (cell.group[at_x], base.group[at_y]))


def _between_groups(arms: _Arms) -> _Arms:
    """Return the means of the groups that both arms hold: runs of one group share their fixed seeds."""
    of_method, of_base = arms.groups
    if arms.reason or np.unique(np.concatenate(arms.groups)).size == 1:
        return arms
    both = np.intersect1d(of_method, of_base)
    x, y = (
        np.array([np.mean(values[groups == group]) for group in both])
        for values, groups in ((arms.method, of_method), (arms.base, of_base))
    )
    least = _checks.MINIMUM_RUNS
    reason = "" if both.size >= least else f"{both.size} values of the fixed seeds: comparing means takes {least}"
    return _Arms(x, y, True, reason, (both, both))


def _results(cell: Cell, count_failures: bool) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if not count_failures or cell.chance is None:
        return cell.values, cell.finished_mask
    return np.where(cell.failed_mask, cell.chance, cell.values), cell.finished_mask | cell.failed_mask


def _why_not(x: NDArray[np.float64], y: NDArray[np.float64], paired: bool, cell: Cell, base: Cell) -> str:
    least = _checks.MINIMUM_RUNS
    for count, arm in ((cell.finished, cell), (base.finished, base)):
        if count < least:
            return f"{_finished_runs(arm)} of {arm.method}: a comparison needs at least {least}"
    if paired and x.size < least:
        return f"{x.size} pair{'' if x.size == 1 else 's'} finished in both arms: a comparison needs at least {least}"
    if paired and np.array_equal(x, y):
        return f"all {x.size} pairs have equal results in {cell.method} and {base.method}: nothing to compare"
    return ""


def _ratio(arms: _Arms, level: float, procedure: RatioProcedure) -> Interval | str:
    if arms.reason:
        return arms.reason
    for name, values in (("the base", arms.base), ("the method", arms.method)):
        if is_constant(values):
            return f"{name} has the same result in all {values.size} runs: a ratio of SDs needs results that vary"
    try:
        return spread_ratio(
            arms.method, arms.base, paired=arms.paired, level=level, procedure=procedure, groups=arms.groups
        )
    except ValueError as error:
        return str(error)


def _adjust(results: Sequence[Interval | Equivalence | str | None]) -> list[float]:
    """Correct the p-values of one question over all comparisons; one that has none counts as 1."""
    p_values = [1.0 if result is None or isinstance(result, str) else result.p_value for result in results]
    adjusted: list[float] = holm([1.0 if p is None else p for p in p_values]).tolist()
    return adjusted


def _with_failures(judged: _Judged, counted: _Judged, cell: Cell, base: Cell) -> _Judged:
    """Keep the verdicts about the finished runs only if counting the failures at chance level gives the same."""
    return replace(
        judged,
        verdict=_confirmed(judged.verdict, counted.verdict, cell, base),
        mean_verdict=_confirmed(judged.mean_verdict, counted.mean_verdict, cell, base),
    )


def _confirmed(verdict: Verdict | str, counted: Verdict | str, cell: Cell, base: Cell) -> Verdict | str:
    if isinstance(verdict, str):
        return verdict
    failures = " and ".join(f"{arm.failed} of {arm.method}" for arm in (cell, base) if arm.failed)
    lead = f"no verdict, because runs failed ({failures})"
    if cell.chance is None or base.chance is None:
        return f"{lead} and {cell.metric} has no chance value to count them with"
    if isinstance(counted, str):
        return f"{lead}: {counted}"
    if counted.word != verdict.word:
        return f"{lead}: {verdict.word} among finished runs, {counted.word} if failures count as chance-level results"
    return Verdict(
        verdict.word, f"{verdict.sentence}; the same if the failed runs ({failures}) count as chance-level results"
    )


def _row(cell: Cell, level: float, base: Cell | None = None, judged: _Judged | None = None) -> ComparisonRow:
    values = cell.values[cell.finished_mask]
    arms = judged.arms if judged else None
    ratio, mean = (judged.ratio, judged.mean) if judged else (_IS_BASE, _IS_BASE)
    verdict, about_mean = (judged.verdict, judged.mean_verdict) if judged else (_IS_BASE, _IS_BASE)
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
        reduction=ratio if isinstance(ratio, str) else as_reduction(ratio),
        mean_difference=mean,
        churn=_churn(cell, level),
        p_adjusted=judged.p_adjusted if judged and isinstance(ratio, Interval) else None,
        verdict=verdict if isinstance(verdict, Verdict) else None,
        verdict_reason=verdict if isinstance(verdict, str) else "",
        spread_normal=_spread(cell, level, "chi-square"),
        reduction_normal=_reduction_normal(arms, ratio, level),
        correlation_interval=between_arms[1],
        mean_p_adjusted=judged.mean_p_adjusted if judged and isinstance(mean, Interval) else None,
        mean_verdict=about_mean if isinstance(about_mean, Verdict) else None,
        mean_verdict_reason=about_mean if isinstance(about_mean, str) else "",
        improvement=_improvement(arms, cell, level),
        failure_difference=_failure_difference(cell, base, level),
    )


def _spread(cell: Cell, level: float, procedure: SpreadProcedure) -> Interval | str:
    values = cell.values[cell.finished_mask]
    if values.size < _checks.MINIMUM_RUNS:
        return f"{_finished_runs(cell)}: an SD needs at least {_checks.MINIMUM_RUNS}"
    if is_constant(values):
        return f"all {values.size} finished runs have the same result, {values[0]:.6g}: the SD is 0 and has no interval"
    try:
        found = spread(values, level=level, procedure=procedure, groups=cell.group[cell.finished_mask])
    except ValueError as error:
        return str(error)
    return found if found.estimate > 0 else "the runs of each group have the same result: the SD within them is 0"


def _mean_difference(arms: _Arms, level: float) -> Interval | str:
    if arms.reason:
        return arms.reason
    try:
        return mean_difference(arms.method, arms.base, paired=arms.paired, level=level)
    except ValueError as error:
        return str(error)


def _reduction_normal(arms: _Arms | None, ratio: Interval | str, level: float) -> Interval | str:
    if arms is None or isinstance(ratio, str):
        return str(ratio)
    return reduction(arms.method, arms.base, paired=arms.paired, level=level, procedure="normal", groups=arms.groups)


def _improvement(arms: _Arms | None, cell: Cell, level: float) -> Improvement | str:
    if arms is None:
        return _IS_BASE
    if arms.reason:
        return arms.reason
    if np.unique(np.concatenate(arms.groups)).size > 1:
        return "runs that share one of several fixed seeds are not independent"
    return probability_of_improvement(
        arms.method, arms.base, paired=arms.paired, higher_is_better=cell.higher_is_better, level=level
    )


def _failure_difference(cell: Cell, base: Cell | None, level: float) -> Interval | str:
    if base is None:
        return _IS_BASE
    ended, ended_base = cell.finished + cell.failed, base.finished + base.failed
    if not ended or not ended_base:
        return "no run has ended yet"
    if not cell.failed + base.failed:
        return "no run failed"
    return failure_difference(cell.failed, base.failed, n_method=ended, n_base=ended_base, level=level)


def _correlation(arms: _Arms | None, level: float) -> tuple[float | None, Interval | None]:
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
        groups = cell.group[[status == "finished" for status in cell.status]]
        return churn(cell.predictions, example_ids=cell.example_ids, level=level, groups=groups)
    except (TypeError, ValueError) as error:
        return str(error)


def _finished_runs(cell: Cell) -> str:
    counts = [f"{cell.status.count(status)} {status.replace('_', ' ')}" for status in FAILURES if status in cell.status]
    no_metric = cell.failed - sum(cell.status.count(status) for status in FAILURES)
    if no_metric:
        counts.append(f"{no_metric} without a finite metric")
    if cell.pending:
        counts.append(f"{cell.pending} pending")
    others = f" ({', '.join(counts)})" if counts else ""
    return f"{cell.finished} finished run{'' if cell.finished == 1 else 's'}{others}"
