"""Methods of which only means, SDs and numbers of runs are known, as a paper's table prints them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seedwise.statistics.cells.cell import AS_GIVEN
from seedwise.statistics.cells.metric import Metric
from seedwise.statistics.comparison._judging import Evidence, Judged, judge
from seedwise.statistics.comparison.row import IS_BASE, ComparisonRow, of_judgement
from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import f_cdf, f_tail, t_quantile, t_two_sided_p
from seedwise.statistics.core._welch import welch
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios.ratios import spread_ratio_of_sds
from seedwise.statistics.spreads.spread import chi_square_factors
from seedwise.statistics.verdicts.equivalence import Equivalence, within_margin

_ONLY_SUMMARIES = "only means and SDs are known"


@dataclass(frozen=True)
class Summary:
    """What a table says of one method: ``94.8 ± 0.2`` over 5 runs.

    Attributes:
        mean: over runs, finite.
        sd: sample SD (ddof 1) over runs, 0 or more, same unit. Not a standard error, which is smaller by sqrt(n).
        n: number of runs, at least 3.
    """

    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class SummarizedCell:
    """The runs of a method on a task, of which only a summary is known.

    Attributes:
        task, method: names.
        metric: with its unit and direction.
        summary: of the runs, in the unit of the metric.
    """

    task: str
    method: str
    metric: Metric
    summary: Summary

    @property
    def shown(self) -> "SummarizedCell":
        """The same in the unit in which the metric is shown."""
        of, scale = self.summary, self.metric.scale
        return replace(self, metric=self.metric.shown, summary=Summary(scale * of.mean, scale * of.sd, of.n))


@dataclass(frozen=True)
class SummaryComparison:
    """A method beside a base, from summaries; both procedures assume normal values, which nothing here can check.

    Attributes:
        difference: of the means, method - base.
        ratio: of the SDs, method / base; None where one of them is 0, as SDs become that are rounded.
    """

    difference: Interval
    ratio: Interval | None


def compare_summaries(method: Summary, base: Summary, *, level: float = 0.95) -> SummaryComparison:
    r"""Compare means and SDs of two methods of which the runs are not at hand.

        d -+ t sqrt(v1 + v2),   v_i = s_i^2 / n_i       of means, with Welch's degrees of freedom
        q / sqrt(f),   q = s1 / s2     of SDs, with f the quantiles of F(n1 - 1, n2 - 1)

    Both are normal theory. For means that matters little. The interval of the ratio is wrong at every n where tails are
    heavy: for t values with 5 degrees of freedom it holds the truth in 84 % of studies of 20 runs instead of 95 %
    (docs/calibration.md). Runs that share their seeds are compared as if they did not. With the runs themselves use
    :func:`mean_difference` and :func:`spread_ratio`.

    Args:
        method: mean, SD and length of the runs axis of the method.
        base: those of the base, same unit.
        level: confidence level, between 0 and 1.

    Returns:
        SummaryComparison; ``procedure`` says ``normal theory``, ``n`` is [n1, n2], p-values are two-sided.

    Raises:
        TypeError: a mean, an SD or a number of runs of the wrong type.
        ValueError: a mean that is not finite, an SD below 0, fewer than 3 runs, a level outside (0, 1), or two SDs of 0
            with different means (the difference has no interval).

    Example:
        >>> found = compare_summaries(Summary(94.80, 0.11, 5), Summary(94.65, 0.17, 5))
        >>> f"{found.difference.estimate:.2f} [{found.difference.low:.2f}, {found.difference.high:.2f}]"
        '0.15 [-0.07, 0.37]'
        >>> f"{found.ratio.estimate:.2f} [{found.ratio.low:.2f}, {found.ratio.high:.2f}]: {found.ratio.procedure}"
        '0.65 [0.21, 2.01]: F, normal theory'

    Source:
        Welch (1947), Biometrika 34, 28-35; Snedecor & Cochran (1989), Statistical Methods, 8th edition, section 6.12.
    """
    level = _checks.level_in_range(level)
    (mean, sd, n), (mean_base, sd_base, n_base) = (_checked(method, "method"), _checked(base, "base"))
    d, sizes, procedure = mean - mean_base, [n, n_base], "Welch t, normal theory"
    se, df = welch(sd, n, sd_base, n_base)
    if se == 0:
        if d != 0:
            raise ValueError(f"both SDs are 0 and the means differ by {d:.6g}: no interval; pass SDs with more digits")
        return SummaryComparison(Interval(0.0, 0.0, 0.0, level, sizes, procedure, 1.0), None)
    half = t_quantile((1 + level) / 2, df) * se
    difference = Interval(d, d - half, d + half, level, sizes, procedure, t_two_sided_p(d / se, df))
    if sd == 0 or sd_base == 0:
        return SummaryComparison(difference, None)
    q = spread_ratio_of_sds(sd, sd_base, n_method=n, n_base=n_base, level=level)
    ratio = Interval(q.estimate, q.low, q.high, level, sizes, "F, normal theory", q.p_value)
    return SummaryComparison(difference, ratio)


def compare_study_summaries(
    cells: Sequence[SummarizedCell],
    *,
    base: str,
    level: float = 0.95,
    alpha: float = 0.05,
    factor: float | None = None,
    margin: float | None = None,
) -> list[ComparisonRow]:
    """Compare every method with the base on every task, by :func:`compare_summaries`.

    Verdicts and Holm's correction are those of :func:`compare_study`; equivalence is tested by two one-sided tests, of
    Welch's t for means and of F for SDs. SDs have their chi-square intervals.

    Args:
        cells: what is known of each method on each task; each stands for a runs axis that is not at hand.
        base: name of the method that the others are compared with.
        level: confidence level of all intervals, between 0 and 1.
        alpha: significance level of the verdicts, between 0 and 1 (below .5 with a factor or margin).
        factor: the largest ratio of SDs that still counts as equal, above 1; or None.
        margin: the largest difference of means that still counts as equal, in the unit of the metric; or None.

    Returns:
        One row per cell; on each task the base comes first. What takes runs is a reason.

    Raises:
        ValueError: a task without the base, a summary that :func:`compare_summaries` refuses, or an argument out of its
            range.

    Example:
        >>> accuracy = Metric("accuracy", "%")
        >>> of_base = SummarizedCell("CIFAR-10", "base", accuracy, Summary(94.65, 0.17, 5))
        >>> of_new = SummarizedCell("CIFAR-10", "new", accuracy, Summary(95.10, 0.11, 5))
        >>> compare_study_summaries([of_base, of_new], base="base")[1].mean_verdict.word
        'better'

    Source:
        As :func:`compare_summaries`; Holm (1979); Schuirmann (1987).
    """
    level, alpha = _checks.level_in_range(level), _checks.between(alpha, 0, 1, "alpha", ".05")
    bases = {cell.task: cell for cell in cells if cell.method == base}
    missing = next((cell.task for cell in cells if cell.task not in bases), None)
    if missing is not None:
        raise ValueError(f"the base {base!r} is not known on {missing}; pass a method that every task has")
    others = [cell for cell in cells if cell.method != base]
    evidence = [_evidence(cell, bases[cell.task], level, _Equal(alpha, factor, margin)) for cell in others]
    judged = {id(cell): one for cell, one in zip(others, judge(evidence, alpha), strict=True)}
    return [
        _row(cell, level, judged.get(id(cell)))
        for task, of_base in bases.items()
        for cell in (of_base, *(other for other in others if other.task == task))
    ]


@dataclass(frozen=True)
class _Equal:
    """What would still be called equal."""

    alpha: float
    factor: float | None
    margin: float | None


def _evidence(cell: SummarizedCell, base: SummarizedCell, level: float, equal: _Equal) -> Evidence:
    x, y = cell.summary, base.summary
    found = compare_summaries(x, y, level=level)
    close = close_mean = None
    if equal.factor is not None or equal.margin is not None:
        alpha = _checks.between(equal.alpha, 0, 0.5, "alpha", ".05")
        narrow = compare_summaries(x, y, level=1 - 2 * alpha)
        if equal.margin is not None:
            margin = _checks.between(equal.margin, 0, math.inf, "margin", ".1")
            close_mean = within_margin(narrow.difference, *welch(x.sd, x.n, y.sd, y.n), margin=margin, alpha=alpha)
        if equal.factor is not None and narrow.ratio is not None:
            factor = _checks.between(equal.factor, 1, math.inf, "factor", "1.5")
            q, df = narrow.ratio.estimate, (x.n - 1, y.n - 1)
            p = max(f_tail((q * factor) ** 2, *df), f_cdf((q / factor) ** 2, *df))
            close = Equivalence(replace(narrow.ratio, p_value=None), 1 / factor, factor, alpha, p)
    ratio = found.ratio or "an SD is 0, as SDs become that are rounded: there is no ratio"
    return Evidence(ratio, found.difference, close, close_mean, cell.metric.higher_is_better)


def _row(cell: SummarizedCell, level: float, judged: Judged | None) -> ComparisonRow:
    """Return the numbers of a cell; without a judgement it is the base."""
    of = cell.summary
    sd: Interval | str = "the SD is 0 and has no interval"
    if of.sd > 0:
        low, high = chi_square_factors(of.n - 1, level)
        sd = Interval(of.sd, of.sd * low, of.sd * high, level, of.n, "chi-square, normal theory")
    judgement = of_judgement(judged)
    return ComparisonRow(
        task=cell.task,
        method=cell.method,
        regime=AS_GIVEN,
        readout="plain",
        metric=cell.metric,
        n=of.n,
        failed=0,
        pending=0,
        mean=of.mean,
        spread=sd,
        spread_bonett=_ONLY_SUMMARIES,
        spread_label="SD",
        paired=False if judged else None,
        correlation=None,
        churn=_ONLY_SUMMARIES,
        forecast_difference=_ONLY_SUMMARIES,
        spread_normal=sd,
        reduction_normal=judgement["reduction"],
        correlation_interval=None,
        improvement=_ONLY_SUMMARIES if judged else IS_BASE,
        failure_difference=_ONLY_SUMMARIES if judged else IS_BASE,
        groups=1,
        **judgement,
    )


def _checked(arm: Summary, name: str) -> tuple[float, float, int]:
    if not isinstance(arm, Summary):
        raise TypeError(f"{name} must be a Summary(mean, sd, n); got {type(arm).__name__}")
    mean = _checks.between(arm.mean, -math.inf, math.inf, f"{name}.mean", "94.8")
    if arm.sd < 0:
        raise ValueError(f"{name}.sd is {arm.sd}; pass an SD of 0 or more")
    sd = _checks.between(arm.sd, -1, math.inf, f"{name}.sd", ".2")
    return mean, sd, _checks.at_least(arm.n, f"{name}.n")
