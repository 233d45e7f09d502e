"""The conclusion about a difference in spread or in means, in words; docs/statistics.md says what each word means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from seedwise.statistics.core import _checks
from seedwise.statistics.core.formatting import change, limits, numbers, p_equals, significant
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.verdicts.equivalence import Equivalence

SpreadWord = Literal["reduced", "increased", "equivalent within a factor", "not resolved"]
MeanWord = Literal["better", "worse", "equivalent within the margin", "not resolved"]
ChurnWord = Literal["less churn", "more churn", "not resolved"]
ErrorVarianceWord = Literal["lower error variance", "higher error variance", "not resolved"]
FlipsWord = Literal["fewer negative flips", "more negative flips", "not resolved"]


Word = SpreadWord | MeanWord | ChurnWord | ErrorVarianceWord | FlipsWord


@dataclass(frozen=True)
class Meaning:
    """What a word of the vocabulary says.

    Attributes:
        about: what it is about; empty where it is said of everything.
        differs: whether a difference from the base is resolved; that there is none is no difference.
        is_so: how a sentence that begins with the method goes on; empty where none is written.

    """

    about: Literal["spread", "mean", "churn", "error variance", "negative flips", ""]
    differs: bool
    is_so: str = ""


OPEN: Final = "not resolved"
"""Never evidence that nothing differs."""

VOCABULARY: Final[Mapping[Word, Meaning]] = {
    "better": Meaning("mean", differs=True, is_so="better than {base}"),
    "worse": Meaning("mean", differs=True, is_so="worse than {base}"),
    "equivalent within the margin": Meaning("mean", differs=False, is_so="as good as {base}"),
    "reduced": Meaning("spread", differs=True, is_so="steadier than {base}"),
    "increased": Meaning("spread", differs=True, is_so="less steady than {base}"),
    "equivalent within a factor": Meaning("spread", differs=False, is_so="as steady as {base}"),
    "less churn": Meaning("churn", differs=True),
    "more churn": Meaning("churn", differs=True),
    "lower error variance": Meaning("error variance", differs=True),
    "higher error variance": Meaning("error variance", differs=True),
    "fewer negative flips": Meaning("negative flips", differs=True),
    "more negative flips": Meaning("negative flips", differs=True),
    OPEN: Meaning("", differs=False),
}
"""All that a verdict can say, in the order of reports."""


@dataclass(frozen=True)
class Verdict:
    """A word of the fixed vocabulary, and a sentence with the numbers that support it.

    Attributes:
        word: of ``VOCABULARY``.
        sentence: begins with the word, then the numbers.
        short: the sentence without the numbers that a table already shows; empty where it is not shorter.

    Example:
        >>> Verdict("not resolved", "not resolved: the SD is 10 % smaller (95 % interval -35 to 40)").word
        'not resolved'
    """

    word: Word
    sentence: str
    short: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the runs cannot tell."""
        return self.word == OPEN

    @property
    def differs(self) -> bool:
        """Whether a difference from the base is resolved."""
        return VOCABULARY[self.word].differs


def spread_verdict(
    ratio: Interval,
    *,
    p_adjusted: float,
    alpha: float = 0.05,
    equivalence: Equivalence | None = None,
    p_equivalence: float | None = None,
) -> Verdict:
    """Say whether a method reduced the spread, increased it, left it the same, or whether the runs cannot tell.

    ``reduced`` or ``increased`` if p_adjusted < alpha, by the side of 1 on which the ratio lies; otherwise
    ``equivalent within a factor`` if p_equivalence < alpha; otherwise ``not resolved``, which is never evidence of
    equal spread. How many runs it takes to find an effect that matters is for :func:`runs_to_resolve`.

    Args:
        ratio: the result of :func:`spread_ratio` (not of :func:`reduction`); ``n`` counts the runs axis of each arm.
        p_adjusted: its p-value after :func:`holm`, from 0 to 1 (its own p-value if it is the only comparison).
        alpha: significance level, between 0 and 1.
        equivalence: the result of :func:`spread_equivalence`, if the user named a factor.
        p_equivalence: its p-value after :func:`holm`; its own if None.

    Returns:
        Verdict.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a ratio or p-value that cannot be one, or an argument out of its range.

    Example:
        >>> ratio = Interval(0.9, 0.6, 1.35, 0.95, [20, 20], "Pitman-Morgan", p_value=0.58)
        >>> spread_verdict(ratio, p_adjusted=0.58).short
        'not resolved'
        >>> ratio = Interval(0.5, 0.3, 0.8, 0.95, [20, 20], "Pitman-Morgan", p_value=0.006)
        >>> spread_verdict(ratio, p_adjusted=0.012).sentence
        'reduced: the SD is 50 % smaller (95 % interval 20 to 70), corrected p = .012'

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70 (the correction).
    """
    if not isinstance(ratio, Interval):
        raise TypeError(f"ratio must be the Interval that spread_ratio returns; got {type(ratio).__name__}")
    if not 0 <= ratio.low <= ratio.estimate <= ratio.high or ratio.estimate == 0:
        raise ValueError(
            f"ratio {ratio.estimate:.3g} [{ratio.low:.3g}, {ratio.high:.3g}] is no ratio of SDs; pass spread_ratio(...)"
        )
    _checks.probability(p_adjusted, "p_adjusted")
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05")
    if p_adjusted < alpha:
        return _changed(ratio, p_adjusted)
    p = _equivalence_p(equivalence, p_equivalence)
    if equivalence is not None and p < alpha:
        close = equivalence.interval
        middle, low, high = (f"{value:.2f}" for value in (close.estimate, close.low, close.high))
        return Verdict(
            "equivalent within a factor",
            f"equivalent within a factor of {significant(equivalence.high, 2)}: the ratio of SDs is {middle} "
            f"({limits(close.level, low, high)}), corrected {p_equals(p)}",
        )
    return Verdict("not resolved", f"not resolved: {_found(ratio, p_adjusted)}", "not resolved")


def mean_verdict(
    difference: Interval,
    *,
    p_adjusted: float,
    higher_is_better: bool,
    alpha: float = 0.05,
    equivalence: Equivalence | None = None,
    p_equivalence: float | None = None,
) -> Verdict:
    """Say whether a method has a better mean, a worse one, the same within a margin, or whether the runs cannot tell.

    ``better`` or ``worse`` if p_adjusted < alpha, by the sign of the difference and the direction of the metric;
    otherwise ``equivalent within the margin`` if p_equivalence < alpha; otherwise ``not resolved``, which is never
    evidence of equal means.

    Args:
        difference: the result of :func:`mean_difference`; ``n`` counts the runs axis of each arm.
        p_adjusted: its p-value after :func:`holm`, from 0 to 1 (its own p-value if it is the only comparison).
        higher_is_better: direction of the metric.
        alpha: significance level, between 0 and 1.
        equivalence: the result of :func:`mean_equivalence`, if the user named a margin.
        p_equivalence: its p-value after :func:`holm`; its own if None.

    Returns:
        Verdict; its sentence is in the unit of the metric.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a p-value that cannot be one, or an argument out of its range.

    Example:
        >>> d = Interval(-0.3, -0.5, -0.1, 0.95, [20, 20], "paired t", p_value=0.004)
        >>> mean_verdict(d, p_adjusted=0.008, higher_is_better=False).sentence
        'better: the mean is .30 lower (95 % interval .10 to .50), corrected p = .008'
        >>> mean_verdict(d, p_adjusted=0.2, higher_is_better=False).sentence
        'not resolved: the difference of means is -.30 (95 % interval -.50 to -.10), corrected p = .2'

    Source:
        Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680 (equivalence).
    """
    if not isinstance(difference, Interval):
        raise TypeError(
            f"difference must be the Interval that mean_difference returns; got {type(difference).__name__}"
        )
    if not isinstance(higher_is_better, bool):
        raise TypeError(f"higher_is_better must be True or False; got {type(higher_is_better).__name__}")
    _checks.probability(p_adjusted, "p_adjusted")
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05")
    p_text = p_equals(p_adjusted)
    d, low, high = difference.estimate, difference.low, difference.high
    if p_adjusted < alpha:
        word: MeanWord = "better" if (d > 0) == higher_is_better else "worse"
        direction = "higher" if d > 0 else "lower"
        if d < 0:
            d, low, high = -d, -high, -low
        middle, first, last = numbers(d, low, high)
        ends = limits(difference.level, first, last)
        sentence = f"{word}: the mean is {middle} {direction} ({ends}), corrected {p_text}"
        return Verdict(word, sentence)
    p = _equivalence_p(equivalence, p_equivalence)
    if equivalence is not None and p < alpha:
        close = equivalence.interval
        middle, first, last, margin = numbers(close.estimate, close.low, close.high, equivalence.high)
        return Verdict(
            "equivalent within the margin",
            f"equivalent within the margin of {margin}: the difference of means is {middle} "
            f"({limits(close.level, first, last)}), corrected {p_equals(p)}",
        )
    middle, first, last = numbers(d, low, high)
    ends = limits(difference.level, first, last)
    sentence = f"not resolved: the difference of means is {middle} ({ends}), corrected {p_text}"
    return Verdict("not resolved", sentence)


def _changed(ratio: Interval, p_adjusted: float) -> Verdict:
    word: SpreadWord = "reduced" if ratio.estimate < 1 else "increased"
    return Verdict(word, f"{word}: {_found(ratio, p_adjusted)}")


def _found(ratio: Interval, p_adjusted: float) -> str:
    return f"the SD is {change(ratio, 'smaller', 'larger')}, corrected {p_equals(p_adjusted)}"


def _equivalence_p(equivalence: Equivalence | None, p_adjusted: float | None) -> float:
    if equivalence is None:
        return 1.0
    return _checks.probability(equivalence.p_value if p_adjusted is None else p_adjusted, "p_equivalence")
