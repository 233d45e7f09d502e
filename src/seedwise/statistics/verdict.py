"""The conclusion about a difference in spread, in words."""

from dataclasses import dataclass
from typing import Literal

from seedwise.statistics import _checks, _words
from seedwise.statistics.interval import Interval
from seedwise.statistics.planning import power as power_at
from seedwise.statistics.planning import seeds_needed

SpreadWord = Literal["reduced", "increased", "not resolved"]


@dataclass(frozen=True)
class Verdict:
    """A word of the fixed vocabulary, and a sentence with the numbers that support it.

    Attributes:
        word: ``"reduced"``, ``"increased"`` or ``"not resolved"``.
        sentence: begins with the word; for "not resolved" it names the runs that would find the effect asked about.

    Example:
        >>> Verdict("not resolved", "not resolved: finding a ratio of .7 takes 64 runs per method").word
        'not resolved'
    """

    word: SpreadWord
    sentence: str


def spread_verdict(
    ratio: Interval, *, p_adjusted: float, alpha: float = 0.05, sd_ratio: float = 0.7, power: float = 0.8
) -> Verdict:
    """Say whether a method reduced the spread, increased it, or whether the runs cannot tell.

    ``reduced`` or ``increased`` if p_adjusted < alpha, by the side of 1 on which the ratio lies; otherwise ``not
    resolved``, which is never evidence of equal spread. The number of runs in the sentence is for the ratio that the
    user asks about, in a single comparison of uncorrelated arms; the observed ratio plays no part in it.

    Args:
        ratio: the result of :func:`spread_ratio` (not of :func:`reduction`); ``n`` counts the runs axis of each arm.
        p_adjusted: its p-value after :func:`holm`, from 0 to 1 (its own p-value if it is the only comparison).
        alpha: significance level, between 0 and 1.
        sd_ratio: the ratio of SDs that the study should be able to find, positive and not 1.
        power: the probability of finding it, between 0 and 1.

    Returns:
        Verdict.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a ratio or p-value that cannot be one, or an argument out of its range.

    Example:
        >>> ratio = Interval(0.9, 0.6, 1.35, 0.95, [20, 20], "Pitman-Morgan", p_value=0.58)
        >>> spread_verdict(ratio, p_adjusted=0.58).sentence
        'not resolved: finding a ratio of .7 takes 64 runs per method'
        >>> ratio = Interval(0.5, 0.3, 0.8, 0.95, [20, 20], "Pitman-Morgan", p_value=0.006)
        >>> spread_verdict(ratio, p_adjusted=0.012).sentence
        'reduced: the SD is 50 % smaller (95 % interval 20 to 70), corrected p = .012'

    Source:
        Hoenig & Heisey (2001), The abuse of power, American Statistician 55, 19-24, on why the observed effect says
        nothing about the runs needed.
    """
    if not isinstance(ratio, Interval):
        raise TypeError(f"ratio must be the Interval that spread_ratio returns; got {type(ratio).__name__}")
    if not 0 < ratio.low <= ratio.estimate <= ratio.high:
        raise ValueError(
            f"ratio {ratio.estimate:.3g} [{ratio.low:.3g}, {ratio.high:.3g}] is no ratio of SDs; pass spread_ratio(...)"
        )
    if not 0 <= p_adjusted <= 1:
        raise ValueError(f"p_adjusted is {p_adjusted}; pass a p-value from 0 to 1")
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05")
    needed = seeds_needed(sd_ratio=sd_ratio, power=power, alpha=alpha)
    if p_adjusted >= alpha:
        return Verdict("not resolved", _not_resolved(ratio, alpha, sd_ratio, needed))
    low, middle, high = (100 * (x - 1) for x in (ratio.low, ratio.estimate, ratio.high))
    word: SpreadWord = "increased"
    comparative = "larger"
    if ratio.estimate < 1:
        word, comparative = "reduced", "smaller"
        low, middle, high = -high, -middle, -low
    sentence = (
        f"{word}: the SD is {middle:.0f} % {comparative} ({100 * ratio.level:.4g} % interval {low:.0f} to {high:.0f}), "
        f"corrected {_words.p_value(p_adjusted)}"
    )
    return Verdict(word, sentence)


def _not_resolved(ratio: Interval, alpha: float, sd_ratio: float, needed: int) -> str:
    sentence = f"not resolved: finding a ratio of {_words.number(sd_ratio)} takes {needed} runs per method"
    n = ratio.n if isinstance(ratio.n, int) else min(ratio.n)
    if n < needed:
        return sentence
    reached = power_at(sd_ratio=sd_ratio, n=n, alpha=alpha)
    return f"{sentence}; the {n} here would find it with probability {_words.number(reached)}"
