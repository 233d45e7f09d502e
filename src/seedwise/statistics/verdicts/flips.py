"""The conclusion about negative flips, in words."""

from seedwise.statistics.core import _checks
from seedwise.statistics.core.formatting import limits, numbers, p_equals
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.verdicts.verdict import FlipsWord, Verdict


def flips_verdict(excess: Interval, *, p_adjusted: float, alpha: float = 0.05) -> Verdict:
    """Say whether changing the method makes more negative flips than another seed does, fewer, or neither is known.

    ``more negative flips`` or ``fewer negative flips`` if p_adjusted < alpha, by the sign of the excess; otherwise
    ``not resolved``, which is never evidence of equally many.

    Args:
        excess: the result of :func:`excess_negative_flips`; ``n`` counts the runs axis of each arm.
        p_adjusted: its p-value after :func:`holm`, from 0 to 1 (its own p-value if it is the only comparison).
        alpha: significance level, between 0 and 1.

    Returns:
        Verdict; its sentence is in points, shares of examples in percent.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a p-value that cannot be one, or a level outside (0, 1).

    Example:
        >>> excess = Interval(0.004, 0.001, 0.007, 0.95, [10, 10], "paired jackknife", p_value=0.006)
        >>> flips_verdict(excess, p_adjusted=0.012).sentence
        'more negative flips: .40 points more than with another seed (95 % interval .10 to .70), corrected p = .012'

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70 (the correction).
    """
    if not isinstance(excess, Interval):
        raise TypeError(f"excess must be the Interval that excess_negative_flips returns; got {type(excess).__name__}")
    _checks.probability(p_adjusted, "p_adjusted")
    alpha = _checks.between(alpha, 0, 1, "alpha", ".05")
    word: FlipsWord = "not resolved"
    if p_adjusted < alpha:
        word = "more negative flips" if excess.estimate > 0 else "fewer negative flips"
    ends = [100 * end for end in (excess.estimate, excess.low, excess.high)]
    side = "more"
    if excess.estimate < 0:
        ends, side = [-ends[0], -ends[2], -ends[1]], "fewer"
    middle, low, high = numbers(*ends)
    found = f"{middle} points {side} than with another seed ({limits(excess.level, low, high)})"
    return Verdict(word, f"{word}: {found}, corrected {p_equals(p_adjusted)}", word if word == "not resolved" else "")
