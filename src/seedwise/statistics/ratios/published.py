"""Our spread compared with a published one, of which only the SD and the number of runs are known."""

import math
from dataclasses import dataclass
from typing import Literal

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios.ratios import spread_ratio_of_sds

Word = Literal["compatible", "incompatible", "uninformative"]

WIDEST = 4.0
"""An interval of a ratio that is wider (a factor of two either way) says little by holding 1."""


@dataclass(frozen=True)
class BesidePublished:
    """A result of ours relative to a published one.

    Attributes:
        ratio: ours divided by the published one, with its interval.
        word: ``incompatible`` if the interval does not hold 1; ``uninformative`` if it does, but is wider than a factor
            of two either way; otherwise ``compatible``.
    """

    ratio: Interval
    word: Word


def beside_published(
    sd: float, sd_published: float, *, n: int, n_published: int, level: float = 0.95
) -> BesidePublished:
    """Compare an SD of ours with a published one.

    The interval of the ratio is that of :func:`spread_ratio_of_sds`: it assumes normal values, which cannot be checked
    without the published runs.

    Args:
        sd: our sample SD over runs, positive.
        sd_published: the published one, same unit, positive.
        n: our runs (the length of the runs axis), at least 3.
        n_published: theirs, at least 3.
        level: confidence level, between 0 and 1.

    Returns:
        The ratio ours / published and what it says.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> found = beside_published(0.26, 0.169, n=100, n_published=5)
        >>> f"{found.ratio.estimate:.2f} [{found.ratio.low:.2f}, {found.ratio.high:.2f}] {found.word}"
        '1.54 [0.53, 2.63] uninformative'

    Source:
        Snedecor & Cochran (1989), Statistical Methods, 8th edition, section 6.12 (the interval); the words are ours.
    """
    ratio = spread_ratio_of_sds(sd, sd_published, n_method=n, n_base=n_published, level=level)
    return BesidePublished(ratio, _word(ratio))


def mean_beside_published(
    mean: float,
    published: float,
    *,
    sd: float,
    sd_published: float | None,
    n: int,
    n_published: int | None,
    level: float = 0.95,
) -> Interval:
    r"""Compare a mean of ours with a published one.

    The difference mean - published with Welch's interval, for runs that share nothing:

        -+ t sqrt(v_1 + v_2),  v_i = s_i^2 / n_i,
        with (v_1 + v_2)^2 / (v_1^2 / (n_1 - 1) + v_2^2 / (n_2 - 1)) degrees of freedom

    Where no SD has been published, theirs is taken as it is, v_2 = 0: the interval then holds chance in our runs alone,
    is too short by what chance is in theirs, and has n_1 - 1 degrees of freedom.

    Args:
        mean: our mean over runs.
        published: theirs, same unit.
        sd: our sample SD over runs, positive.
        sd_published: theirs, positive; None: not published.
        n: our runs (the length of the runs axis), at least 3.
        n_published: theirs, at least 3; not used where their SD is None.
        level: confidence level, between 0 and 1.

    Returns:
        The difference in the unit of the means. It covers chance over runs only: another version of a library, or
        another reading of a paper, is no chance.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> d = mean_beside_published(94.8, 94.95, sd=0.2, sd_published=0.168, n=20, n_published=5)
        >>> f"{d.estimate:.2f} [{d.low:.2f}, {d.high:.2f}]"
        '-0.15 [-0.36, 0.06]'

    Source:
        Welch (1947), The generalization of Student's problem when several different population variances are involved,
        Biometrika 34, 28-35.
    """
    arms = [
        (_checks.between(s, 0, math.inf, name, ".2"), _checks.at_least(count, label))
        for s, name, count, label in ((sd, "sd", n, "n"), (sd_published, "sd_published", n_published, "n_published"))
        if s is not None and count is not None
    ]
    level = _checks.level_in_range(level)
    variances = [s * s / count for s, count in arms]
    total = sum(variances)
    df = total**2 / sum(v * v / (count - 1) for v, (_, count) in zip(variances, arms, strict=True))
    half = t_quantile((1 + level) / 2, df) * math.sqrt(total)
    difference = mean - published
    compared = [n] if sd_published is None or n_published is None else [n, n_published]
    procedure = "t" if len(compared) == 1 else "Welch t"
    return Interval(difference, difference - half, difference + half, level, compared, procedure)


def ratio_beside_published(ratio: Interval, published: Interval) -> BesidePublished:
    r"""Compare a ratio of SDs of ours (method / base) with a published one.

    On the scale of logs, with d = log(ratio) - log(published) and l, u the distances of an interval's limits:

        [d - sqrt(l_1^2 + u_2^2), d + sqrt(u_1^2 + l_2^2)]

    Args:
        ratio: our ratio with its interval, such as :func:`spread_ratio` gives for two arms, each with its runs axis.
        published: theirs, such as :func:`spread_ratio_of_sds` gives; independent of ours, same level.

    Returns:
        The ratio of the two ratios and what it says; ``n`` holds the runs of all four arms.

    Raises:
        ValueError: different levels, or a ratio that is not positive.

    Example:
        >>> ours = spread_ratio_of_sds(0.21, 0.2, n_method=20, n_base=20)
        >>> theirs = spread_ratio_of_sds(0.112, 0.168, n_method=5, n_base=5)
        >>> found = ratio_beside_published(ours, theirs)
        >>> f"{found.ratio.estimate:.2f} [{found.ratio.low:.2f}, {found.ratio.high:.2f}] {found.word}"
        '1.57 [0.46, 5.35] uninformative'

    Source:
        Donner & Zou (2012), Closed-form confidence intervals for functions of the normal mean and standard deviation,
        Statistical Methods in Medical Research 21, 347-359 (recovering variances from limits).
    """
    if ratio.level != published.level:
        raise ValueError(f"the levels differ, {ratio.level} and {published.level}; pass intervals of one level")
    for found, name in ((ratio, "ratio"), (published, "published")):
        _checks.between(found.estimate, 0, math.inf, f"{name}.estimate", ".7")
    (down_1, up_1), (down_2, up_2) = (_distances(found) for found in (ratio, published))
    q = ratio.estimate / published.estimate
    low, high = q * math.exp(-math.hypot(down_1, up_2)), q * math.exp(math.hypot(up_1, down_2))
    both = Interval(q, low, high, ratio.level, [*_runs(ratio), *_runs(published)], "MOVER")
    return BesidePublished(both, _word(both))


def _distances(found: Interval) -> tuple[float, float]:
    down = math.log(found.estimate / found.low) if found.low > 0 else math.inf
    return down, math.log(found.high / found.estimate) if math.isfinite(found.high) else math.inf


def _runs(found: Interval) -> list[int]:
    return [found.n] if isinstance(found.n, int) else list(found.n)


def _word(ratio: Interval) -> Word:
    if not ratio.low <= 1 <= ratio.high:
        return "incompatible"
    return "compatible" if ratio.low > 0 and ratio.high / ratio.low <= WIDEST else "uninformative"
