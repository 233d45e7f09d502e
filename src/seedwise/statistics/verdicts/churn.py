"""The conclusion about a ratio of churn or of error variance, in words that cannot be taken for the SD of a metric."""

from seedwise.statistics.core import _checks
from seedwise.statistics.core.formatting import change, p_equals, significant
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.planning.churn import churn_ratio_power, churn_ratio_seeds_needed, churn_sd
from seedwise.statistics.verdicts.verdict import ChurnWord, ErrorVarianceWord, Verdict

Word = ChurnWord | ErrorVarianceWord


def churn_verdict(
    ratio: Interval,
    *,
    p_adjusted: float,
    alpha: float = 0.05,
    effect: float = 0.9,
    pilot: Interval | None = None,
    power: float = 0.8,
    comparisons: int = 1,
) -> Verdict:
    """Say whether two runs of a method disagree on fewer examples, on more, or whether the runs cannot tell.

    ``less churn`` or ``more churn`` if p_adjusted < alpha, by the side of 1 on which the ratio lies; otherwise ``not
    resolved``, which is never evidence of equal churn. No word of it is about the SD of the metric.

    Args:
        ratio: the result of :func:`churn_ratio`; ``n`` counts the runs axis of each arm.
        p_adjusted: its p-value after :func:`holm`, from 0 to 1 (its own p-value if it is the only comparison).
        alpha: significance level, between 0 and 1.
        effect: the ratio of churns that the study should be able to find, positive and not 1; an effect that you name.
        pilot: :func:`churn` of the base, to say how many runs per method would find ``effect``; None to say nothing.
        power: the probability of finding it, between 0 and 1.
        comparisons: how many comparisons share alpha, for the runs needed; each is then tested at alpha / comparisons.

    Returns:
        Verdict.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a ratio or p-value that cannot be one, or an argument out of its range.

    Example:
        >>> ratio = Interval(0.8, 0.7, 0.92, 0.95, [10, 10], "paired jackknife", p_value=0.006)
        >>> churn_verdict(ratio, p_adjusted=0.012).sentence
        'less churn: two runs disagree on 20 % fewer examples (95 % interval 8 to 30), corrected p = .012'
        >>> ratio = Interval(0.95, 0.85, 1.06, 0.95, [10, 10], "paired jackknife", p_value=0.3)
        >>> churn_verdict(ratio, p_adjusted=0.3, pilot=Interval(0.10, 0.09, 0.11, 0.95, 10, "jackknife")).short
        'not resolved: finding a ratio of churn of .9 takes 29 runs per method'

    Source:
        Hoenig & Heisey (2001), The abuse of power, American Statistician 55, 19-24, on why the observed effect says
        nothing about the runs needed.
    """
    plan = _plan("churn", ratio, alpha=alpha, effect=effect, pilot=pilot, power=power, comparisons=comparisons)
    found = _found(ratio, p_adjusted, ("two runs disagree on", "fewer examples", "more examples"))
    return _verdict(ratio, p_adjusted, alpha, words=("less churn", "more churn"), found=found, plan=plan)


def error_variance_verdict(
    ratio: Interval,
    *,
    p_adjusted: float,
    alpha: float = 0.05,
    effect: float = 0.9,
    pilot: Interval | None = None,
    power: float = 0.8,
    comparisons: int = 1,
) -> Verdict:
    """Say whether the error on single examples varies less over runs, more, or whether the runs cannot tell.

    ``lower error variance`` or ``higher error variance`` if p_adjusted < alpha, by the side of 1 on which the ratio
    lies; otherwise ``not resolved``, which is never evidence of equality. No word of it is about the SD of the metric.

    Args:
        ratio: the result of :func:`error_variance_ratio`; ``n`` counts the runs axis of each arm.
        p_adjusted: its p-value after :func:`holm`, from 0 to 1 (its own p-value if it is the only comparison).
        alpha: significance level, between 0 and 1.
        effect: the ratio of error variances that the study should be able to find, positive and not 1.
        pilot: :func:`error_variance` of the base, to say how many runs would find ``effect``; None to say nothing.
        power: the probability of finding it, between 0 and 1.
        comparisons: how many comparisons share alpha, for the runs needed; each is then tested at alpha / comparisons.

    Returns:
        Verdict.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a ratio or p-value that cannot be one, or an argument out of its range.

    Example:
        >>> ratio = Interval(1.3, 1.1, 1.54, 0.95, [10, 10], "jackknife", p_value=0.004)
        >>> error_variance_verdict(ratio, p_adjusted=0.004).word
        'higher error variance'

    Source:
        As :func:`churn_verdict`.
    """
    plan = _plan("error variance", ratio, alpha=alpha, effect=effect, pilot=pilot, power=power, comparisons=comparisons)
    found = _found(ratio, p_adjusted, ("the mean variance of the error on an example is", "smaller", "larger"))
    words: tuple[Word, Word] = ("lower error variance", "higher error variance")
    return _verdict(ratio, p_adjusted, alpha, words=words, found=found, plan=plan)


def _verdict(
    ratio: Interval, p_adjusted: float, alpha: float, *, words: tuple[Word, Word], found: str, plan: str
) -> Verdict:
    if p_adjusted < alpha:
        word = words[ratio.estimate > 1]
        return Verdict(word, f"{word}: {found}")
    short = f"not resolved: {plan}" if plan else ""
    return Verdict("not resolved", f"not resolved: {found}" + (f"; {plan}" if plan else ""), short)


def _plan(
    name: str,
    ratio: Interval,
    *,
    alpha: float,
    effect: float,
    pilot: Interval | None,
    power: float,
    comparisons: int,
) -> str:
    """Check what both verdicts take, and say how many runs would find the effect."""
    if not isinstance(ratio, Interval):
        raise TypeError(f"ratio must be the Interval that a ratio of {name} returns; got {type(ratio).__name__}")
    if not 0 <= ratio.low <= ratio.estimate <= ratio.high or ratio.estimate == 0:
        raise ValueError(
            f"ratio {ratio.estimate:.3g} [{ratio.low:.3g}, {ratio.high:.3g}] is no ratio; pass the ratio of {name}"
        )
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05") / _checks.at_least(comparisons, "comparisons", 1)
    if pilot is None:
        return ""
    sd = churn_sd(pilot, relative=True)
    needed = churn_ratio_seeds_needed(ratio=effect, sd=sd, power=power, alpha=alpha)
    where = f" in one of {comparisons} comparisons" if comparisons > 1 else ""
    plan = f"finding a ratio of {name} of {significant(effect, 2)}{where} takes {needed} runs per method"
    n = ratio.n if isinstance(ratio.n, int) else min(ratio.n)
    if n < needed:
        return plan
    reached = churn_ratio_power(ratio=effect, sd=sd, n=n, alpha=alpha)
    return f"{plan}; the {n} here would find it with probability {significant(reached, 2)}"


def _found(ratio: Interval, p_adjusted: float, words: tuple[str, str, str]) -> str:
    _checks.probability(p_adjusted, "p_adjusted")
    begin, less, more = words
    return f"{begin} {change(ratio, less, more)}, corrected {p_equals(p_adjusted)}"
