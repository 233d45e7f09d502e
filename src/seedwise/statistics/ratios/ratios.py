"""The ratio of two standard deviations: how much steadier one method is than another."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import f_quantile, f_two_sided_p, normal_quantile
from seedwise.statistics.core._groups import within_groups
from seedwise.statistics.core._moments import correlation, rounding, sd
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios import _ratio_tests
from seedwise.statistics.ratios._ratio_tests import RatioTest, limits, two_sided

RatioProcedure = Literal["adjusted", "permutation", "bonett", "normal"]


@dataclass(frozen=True, eq=False)
class RatioArms:
    """Two arms that a ratio of SDs can be taken of, standardised to SD 1; ``identical`` up to a constant.

    ``lost``: degrees of freedom that went to means of groups beyond the first.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    paired: bool
    ratio: float
    unexplained: float
    identical: bool
    lost: tuple[int, int] = (0, 0)


def spread_ratio(
    method: ArrayLike,
    base: ArrayLike,
    *,
    paired: bool,
    level: float = 0.95,
    procedure: RatioProcedure = "adjusted",
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    r"""Estimate the ratio SD(method) / SD(base), with a confidence interval and a test of equal spread.

    Every interval holds the ratios q that its test does not reject, x/q being compared with y.

    - ``"adjusted"``, the default, does not assume normal values.
      Unpaired, referred to F(d_1, d_2):

          F = (s_x / (q s_y))^2,   d_i = 2 n_i / (g - (n_i-3) / (n_i-1))

      g is the largest of three kurtoses: sum z^4 / (n_i s_i^4) of each arm, z the distance to its trimmed mean (share
      .55/sqrt(n) on each side), and (n_1+n_2) sum z^4 / (sum of squares of x/q and y)^2 of the pooled values. With the
      last it would be the law that permuting the centred values has, in closed form; the others are for arms of
      unequal tails.
      Paired, Pitman-Morgan's t / sqrt(c), with c the variance of sum uv relative to normal values, e = v less the share
      min(1, 1.65/sqrt(n)) of its fit on u, and h the leverages of that fit:

          u = x/q + y,   v = x/q - y
          c = n sum u^2 e^2 w / (sum u^2 sum e^2),   w = ((1 - 2/n) / (1 - h))^(3/2)

    - ``"permutation"``: permutes the median-centred values x/q and y, between the arms (unpaired) or within pairs
      (paired); all permutations up to 5000, otherwise 4999 with a fixed seed. Conservative where n is small: with fewer
      than six pairs it never reaches p < .05, and a limit may be 0 or infinite.
    - ``"bonett"``: Bonett's interval for the ratio, unpaired only.
    - ``"normal"``: exact for normal values, and wrong at every n where tails are heavy. With f the quantiles
      of F(n1-1, n2-1) or, paired (Pitman-Morgan), t those of Student's t and r the correlation:

          q / sqrt(f)       unpaired
          t = sqrt((n-2) / (1-r^2)) (q - 1/q) / 2       paired

    Simulated size of the tests at .05, two arms of n = 5 / 10 / 20, uncorrelated: ``"adjusted"`` .03 / .04 / .05 for
    normal and binomial values, .06 / .05 / .04 for exponential ones; ``"normal"`` .05 / .05 / .05 and .17 / .23 / .26.
    The tests do not hold where the arms have equal SDs and unequal shapes. One arm normal, the other exponential, 10 to
    50 runs in each: ``"adjusted"`` claims a difference in 8 % of studies paired and 6 to 8 % unpaired, and if the
    exponential arm has 10 runs and the normal one 50, in 13 %; mild skew (gamma(4)) or heavier tails (t with 5 degrees
    of freedom) in the arm of 10 runs, in 7 to 8 %, in arms of equal size in at most 6 % (10 000 studies each, standard
    error .3 points: ``benchmarks/false_alarms.py``).

    The price is power: .35 instead of .50 for a ratio of .5 at n = 10, .75 instead of .84 at n = 20.

    Arms that differ only by a constant (the same array twice, say) have ratio 1, interval [1, 1] and p = 1 if paired.
    Of paired arms that are exactly linear in each other, 1 - r^2 is taken to be what rounding to the smallest gap
    between the values of each arm can hide: of a fine metric next to nothing, of one with two or three values a lot.

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds. This is a fact about how the runs were made; do not choose
            it by looking at the values.
        level: confidence level, between 0 and 1.
        procedure: ``"adjusted"``, ``"permutation"``, ``"bonett"`` or ``"normal"``. Name it before seeing the values.
        groups: which values of the fixed seeds each run of the two arms has, shapes (n1,) and (n2,); the same if
            paired. The SDs are then those within the groups, pooled (``"adjusted"`` and ``"normal"`` only).

    Returns:
        Interval without unit (below 1: the method is steadier); ``n`` is [n1, n2], ``p_value`` two-sided, ``procedure``
        the name of the test: ``adjusted F``, ``adjusted Pitman-Morgan``, ``permutation``, ``swap permutation``,
        ``Bonett``, ``F`` or ``Pitman-Morgan``.

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 3 runs in an arm, values that are not finite or not 1-D, paired arms of different length,
            a level outside (0, 1), an unknown procedure, or an arm that does not vary (the ratio is undefined or has no
            interval).

    Example:
        >>> base = [97.8, 98.1, 98.3, 97.9, 98.6, 98.0]
        >>> vml = [98.0, 98.1, 98.2, 97.9, 98.3, 98.1]
        >>> q = spread_ratio(vml, base, paired=True)
        >>> f"{q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], p = {q.p_value:.3f}"
        '0.48 [0.22, 1.69], p = 0.187'
        >>> q = spread_ratio(vml, base, paired=True, procedure="normal")
        >>> f"{q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], p = {q.p_value:.3f}"
        '0.48 [0.29, 0.82], p = 0.016'

    Source:
        Box & Andersen (1955), Permutation theory in the derivation of robust criteria, JRSS B 17, 1-34, and Shoemaker
        (2003), Fixing the F test for equal variances, American Statistician 57, 105-114 (adjusted F); Cribari-Neto
        (2004), CSDA 45, 215-233, and Wilcox (2015), Comparing the variances of two dependent variables, J. Statistical
        Distributions and Applications 2:7 (adjusting Pitman-Morgan for unequal variances of v); Bonett (2006), Robust
        confidence interval for a ratio of standard deviations, Applied Psychological Measurement 30, 432-439; Pitman
        (1939), Biometrika 31, 9-12; Morgan (1939), Biometrika 31, 13-19. The trimmed centre and the two constants of
        the paired test are ours, set by simulation.
    """
    arms = ratio_arms(method, base, paired, groups)
    level = _checks.level_in_range(level)
    name, test = ratio_test(arms, procedure, level)
    n = [arms.x.size, arms.y.size]
    if arms.identical:
        return Interval(1.0, 1.0, 1.0, level, n, name, 1.0)
    if procedure == "normal":
        runs = (arms.x.size - arms.lost[0], arms.y.size - arms.lost[1])
        low, high = _ratio_tests.normal_limits(*runs, arms.unexplained if paired else None, level)
    else:
        low, high = limits(test, level)
    q = arms.ratio
    return Interval(q, q * low, q * high, level, n, name, two_sided(test, 1 / q))


def reduction(
    method: ArrayLike,
    base: ArrayLike,
    *,
    paired: bool,
    level: float = 0.95,
    procedure: RatioProcedure = "adjusted",
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    """Estimate by how many percent the method reduces the spread: 100 (1 - SD(method) / SD(base)).

    The limits are those of :func:`spread_ratio`, carried over: low = 100 (1 - high ratio), high = 100 (1 - low ratio).

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        level: confidence level, between 0 and 1.
        procedure: see :func:`spread_ratio`.
        groups: see :func:`spread_ratio`.

    Returns:
        Interval in percent (negative: the method varies more), at most 100; ``n`` is [n1, n2], ``p_value`` two-sided.

    Raises:
        TypeError: values that are not numbers.
        ValueError: as :func:`spread_ratio`.

    Example:
        >>> base = [97.8, 98.1, 98.3, 97.9, 98.6, 98.0]
        >>> vml = [98.0, 98.1, 98.2, 97.9, 98.3, 98.1]
        >>> r = reduction(vml, base, paired=True)
        >>> f"{r.estimate:.0f} % [{r.low:.0f}, {r.high:.0f}]"
        '52 % [-69, 78]'

    Source:
        As :func:`spread_ratio`.
    """
    return as_reduction(spread_ratio(method, base, paired=paired, level=level, procedure=procedure, groups=groups))


def as_reduction(ratio: Interval) -> Interval:
    """Express a ratio of SDs as a reduction in percent: 100 (1 - q), the limits carried over.

    Args:
        ratio: method over base, such as :func:`spread_ratio` gives; ``n`` counts the runs axis of each arm.

    Returns:
        Interval in percent (above 0: the method is steadier), with the p-value of the ratio.

    Raises:
        AttributeError: something that is no Interval.

    Example:
        >>> r = as_reduction(Interval(0.7, 0.5, 1.1, 0.95, [20, 20], "F", p_value=0.12))
        >>> f"{r.estimate:.0f} % [{r.low:.0f}, {r.high:.0f}], p = {r.p_value}"
        '30 % [-10, 50], p = 0.12'

    Source:
        The definition of the Variance Minimizer Loss paper, which gives no interval.
    """
    return Interval(
        estimate=100 * (1 - ratio.estimate),
        low=100 * (1 - ratio.high),
        high=100 * (1 - ratio.low),
        level=ratio.level,
        n=ratio.n,
        procedure=ratio.procedure,
        p_value=ratio.p_value,
    )


def as_ratio(reduction: Interval) -> Interval:
    """Return the ratio of SDs that a reduction in percent expresses, the limits carried over.

    Example:
        >>> r = as_ratio(Interval(30, -10, 50, 0.95, [20, 20], "F"))
        >>> f"{r.estimate:.1f} [{r.low:.1f}, {r.high:.1f}]"
        '0.7 [0.5, 1.1]'

    """
    r = reduction
    return Interval(1 - r.estimate / 100, 1 - r.high / 100, 1 - r.low / 100, r.level, r.n, r.procedure)


def ratio_arms(
    method: ArrayLike, base: ArrayLike, paired: bool, groups: tuple[ArrayLike, ArrayLike] | None = None
) -> RatioArms:
    """Return both arms standardised, or say why their SDs have no ratio."""
    x, y = _checks.two_arms(method, base, paired)
    of_x, of_y = groups or (None, None)
    if paired and groups and not np.array_equal(np.asarray(of_x), np.asarray(of_y)):
        raise ValueError("the groups of a pair differ; pass both arms in the same order")
    (x, lost_x), (y, lost_y) = within_groups(x, of_x, "method"), within_groups(y, of_y, "base")
    sd_x, sd_y = sd(x), sd(y)
    if sd_y == 0:
        raise ValueError("the ratio is undefined: every run of base has the same value; pass a base that varies")
    if sd_x == 0:
        raise ValueError("a ratio of 0 has no interval: every run of method has the same value; use a finer metric")
    q = sd_x / sd_y
    unexplained = correlation(x, y)[1] if paired else 1.0
    identical = unexplained == 0
    if identical and abs(q - 1) > rounding(x) / sd_x + rounding(y) / sd_y:
        unexplained, identical = _hidden_by_rounding(x, sd_x) + _hidden_by_rounding(y, sd_y), False
    return RatioArms(
        _standardised(x, sd_x), _standardised(y, sd_y), paired, q, unexplained, identical, (lost_x, lost_y)
    )


def _hidden_by_rounding(values: NDArray[np.float64], deviation: float) -> float:
    """Return the share of a variance that rounding to the smallest gap between values would have: gap^2 / 12 / s^2."""
    gaps = np.diff(np.sort(values))
    gap = max(float(gaps[gaps > rounding(values)].min()), rounding(values))
    return gap**2 / (12 * deviation**2)


def ratio_test(arms: RatioArms, procedure: RatioProcedure, level: float) -> tuple[str, RatioTest]:
    """Return the test of a procedure, in ratios relative to the observed one, and its name."""
    x, y = arms.x, arms.y
    if procedure not in get_args(RatioProcedure):
        names = ", ".join(map(repr, get_args(RatioProcedure)))
        raise ValueError(f"procedure is {procedure!r}; pass one of {names}")
    if any(arms.lost) and procedure in ("permutation", "bonett"):
        raise ValueError(f"procedure {procedure!r} is for one group of runs; pass procedure='adjusted'")
    if procedure == "bonett":
        if arms.paired:
            raise ValueError("procedure 'bonett' is for independent arms; pass paired=False, or procedure='adjusted'")
        z = normal_quantile((1 + level) / 2)
        if z >= min(x.size, y.size):
            raise ValueError(f"level {level} is too high for {min(x.size, y.size)} runs; pass procedure='adjusted'")
        return "Bonett", _ratio_tests.bonett(x, y, level)
    if procedure == "permutation" and x.size + y.size > _ratio_tests.MOST_RUNS_TO_PERMUTE:
        raise ValueError(
            f"procedure 'permutation' is for up to {_ratio_tests.MOST_RUNS_TO_PERMUTE} runs in both arms together; "
            "pass procedure='adjusted', which agrees with it from about 20"
        )
    runs = (arms.x.size - arms.lost[0], arms.y.size - arms.lost[1])
    match procedure, arms.paired:
        case "normal", True:
            found = "Pitman-Morgan", _ratio_tests.pitman_morgan(runs[0], arms.unexplained)
        case "normal", False:
            found = "F", _ratio_tests.f_test(*runs)
        case "permutation", True:
            found = "swap permutation", _ratio_tests.swap_permutation(x, y)
        case "permutation", False:
            found = "permutation", _ratio_tests.permutation(x, y)
        case _, True:
            found = "adjusted Pitman-Morgan", _ratio_tests.adjusted_pitman_morgan(x, y, arms.unexplained, arms.lost[0])
        case _:
            found = "adjusted F", _ratio_tests.adjusted_f(x, y, arms.lost)
    return found


def spread_ratio_of_sds(
    sd_method: float, sd_base: float, *, n_method: int, n_base: int, level: float = 0.95
) -> Interval:
    """Estimate the ratio of two published SDs, of which the runs are not at hand: with the F interval.

        q / sqrt(f),   q = sd_method / sd_base

    with f the 1 - a/2 and a/2 quantiles of F(n_method - 1, n_base - 1).

    Assumes normal values and unpaired arms, which cannot be checked without the runs; with the runs, use
    :func:`spread_ratio`.

    Args:
        sd_method: sample SD (ddof 1) of the method over its runs, positive.
        sd_base: sample SD of the base over its runs, same unit, positive.
        n_method: runs of the method (the length of its runs axis), at least 3.
        n_base: runs of the base, at least 3.
        level: confidence level, between 0 and 1.

    Returns:
        Interval without unit; ``n`` is [n_method, n_base], ``p_value`` two-sided, ``procedure`` ``F``.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> q = spread_ratio_of_sds(0.112, 0.168, n_method=5, n_base=5)
        >>> f"{q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], p = {q.p_value:.2f}"
        '0.67 [0.22, 2.07], p = 0.45'

    Source:
        Snedecor & Cochran (1989), Statistical Methods, 8th edition, section 6.12.
    """
    sds = [
        _checks.between(value, 0, float("inf"), name, ".2")
        for value, name in ((sd_method, "sd_method"), (sd_base, "sd_base"))
    ]
    n = [_checks.at_least(value, name) for value, name in ((n_method, "n_method"), (n_base, "n_base"))]
    level = _checks.level_in_range(level)
    q, df, tail = sds[0] / sds[1], (n[0] - 1, n[1] - 1), (1 - level) / 2
    low, high = (q / f_quantile(p, *df) ** 0.5 for p in (1 - tail, tail))
    return Interval(q, low, high, level, n, "F", f_two_sided_p(q * q, *df))


def _standardised(values: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    # Dividing by the largest value first keeps deviations of huge or tiny metrics within range.
    scale = float(np.max(np.abs(values)))
    scaled = values / scale
    return (scaled - np.mean(scaled)) / (spread / scale)
