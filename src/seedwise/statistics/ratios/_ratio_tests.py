"""Tests of a ratio of SDs, as functions of the ratio under test, and their inversion into an interval.

Every test takes an array of ratios q and returns the two one-sided p-values of "the true ratio is q": against a smaller
and against a larger one. Arms come in standardised (SD 1), so q is relative to the observed ratio. The two default
tests also take many studies at once: arms of shape (studies, n), and one ratio per study.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.core._distributions import f_quantile, normal_cdf, normal_quantile, t_quantile
from seedwise.statistics.core._moments import trimmed_mean

Array = NDArray[np.float64]
Tails = tuple[Array, Array]
RatioTest = Callable[[Array], Tails]

MOST_RUNS_TO_PERMUTE = 1000
_PERMUTATIONS = 4999
_VALUES_AT_ONCE = 16_384  # so that what is worked on stays in the processor's cache
_WIDEST = math.log(1e15)  # limits further away than this are 0 and infinity
_POINTS, _MOST_ROUNDS, _DIGITS = 33, 16, 1e-9
# Chosen by simulation, as the trimmed share: see adjusted_pitman_morgan.
_RESIDUAL_SHARE, _LEVERAGE_POWER = 1.65, 1.5


def f_test(n_x: int, n_y: int) -> RatioTest:
    """F: exact for independent normal values."""

    def tails(q: Array) -> Tails:
        return _f_tails(q**-2.0, n_x - 1.0, n_y - 1.0)

    return tails


def adjusted_f(x: Array, y: Array, lost: tuple[int, int] = (0, 0)) -> RatioTest:
    r"""F with degrees of freedom that follow the kurtosis: what permuting the centred values gives, in closed form.

    d_i = 2 n_i / (g - (n_i-3)/(n_i-1)), g the largest of three kurtoses about trimmed means: m_4 / s^4 of each arm, and
    that of the pooled values x/q and y. These are pooled without rescaling the arms to equal SDs: equal SDs are the
    hypothesis. The arms' own are for arms of unequal tails, where the pooled one falls short of what the heavier arm
    does. Degrees of freedom ``lost`` to means of groups come off n_i in d_i. Skew in one arm alone is not covered,
    least of all if that arm has fewer runs: up to 13 % false alarms (see :func:`spread_ratio`).
    """
    fourth_x, fourth_y = _fourth(x), _fourth(y)
    n_x, n_y = x.shape[-1], y.shape[-1]
    runs = (n_x - lost[0], n_y - lost[1])
    own = np.maximum(fourth_x / n_x, fourth_y / n_y)  # the arms have SD 1

    def tails(q: Array) -> Tails:
        f = q**-2.0
        pooled = (n_x + n_y) * (fourth_x * f**2 + fourth_y) / ((n_x - 1) * f + (n_y - 1)) ** 2
        kurtosis = np.maximum(pooled, own)
        return _f_tails(f, *(2 * n / (kurtosis - (n - 3) / (n - 1)) for n in runs))

    return tails


def bonett(x: Array, y: Array, level: float) -> RatioTest:
    """Bonett (2006): the log ratio referred to a normal law with the pooled kurtosis; his constant needs the level."""
    z = normal_quantile((1 + level) / 2)
    n_x, n_y = x.size, y.size
    shift = math.log(n_x / (n_x - z)) - math.log(n_y / (n_y - z))
    fourths = [float(np.sum((arm - bonett_centre(arm)) ** 4)) for arm in (x, y)]

    def tails(q: Array) -> Tails:
        f = q**-2.0
        kurtosis = (n_x + n_y) * (fourths[0] * f**2 + fourths[1]) / ((n_x - 1) * f + (n_y - 1)) ** 2
        variance = sum((kurtosis - (n - 3) / n) / (n - 1) for n in (n_x, n_y))
        t = (shift + np.log(f)) / np.sqrt(variance)
        return normal_cdf(t), normal_cdf(-t)

    return tails


def bonett_centre(values: Array) -> float:
    """Mean trimmed by 1/(2 sqrt(n-4)) on each side; the median for n <= 5, where that share reaches one half."""
    n = values.size
    if n <= 5:
        return float(np.median(values))
    cut = int(n / (2 * math.sqrt(n - 4)))
    return float(np.mean(np.sort(values)[cut : n - cut]))


def pitman_morgan(n: int, unexplained: float) -> RatioTest:
    """Pitman-Morgan: exact for bivariate normal values; ``unexplained`` is 1 - r^2 of the arms."""

    def tails(q: Array) -> Tails:
        return _t_tails(_pitman_morgan_t(q, n, unexplained), n - 2)

    return tails


def adjusted_pitman_morgan(x: Array, y: Array, unexplained: float | Array, lost: int = 0) -> RatioTest:
    r"""Pitman-Morgan with t / sqrt(c), c the variance of sum uv relative to what normal values would give.

    u = x/q + y and v = x/q - y are uncorrelated if the ratio is q. With trimmed centres, b the slope of v on u,
    e = v - s b u, s = min(1, 1.65/sqrt(n)) and leverages h: c = n sum u^2 e^2 w / (sum u^2 sum e^2),
    w = ((1 - 2/n)/(1 - h))^1.5. The share s of the fit is taken out because a real difference would otherwise count as
    noise where n is small; it vanishes as n grows, because e = v is right under the hypothesis. ``lost`` degrees of
    freedom went to means of groups. Skew in one arm alone is not covered: 8 % false alarms (see :func:`spread_ratio`).
    """
    n = x.shape[-1]
    share = min(1.0, _RESIDUAL_SHARE / math.sqrt(n))
    centred = [arm - np.mean(arm, axis=-1, keepdims=True) for arm in (x, y)]
    trimmed = [arm - trimmed_mean(arm)[..., None] for arm in (x, y)]

    def tails(q: Array) -> Tails:
        at_once = max(1, _VALUES_AT_ONCE // n)
        blocks = [slice(i, i + at_once) for i in range(0, q.size, at_once)]
        c = np.concatenate([relative_variance(block, q[block, None]) for block in blocks])
        return _t_tails(_pitman_morgan_t(q, n - lost, unexplained) / np.sqrt(c), n - lost - 2)

    def relative_variance(studies: slice, ratio: Array) -> Array:
        u, v = _sum_and_difference([arm[studies] if x.ndim > 1 else arm for arm in centred], ratio)
        squares = u * u
        squares_u, squares_v = np.maximum(np.sum(squares, axis=1), 1e-300), np.sum(v * v, axis=1)
        products = np.sum(u * v, axis=1)
        spread_out = np.maximum(1 - 1 / n - squares / squares_u[:, None], 1e-9)
        weights = ((1 - 2 / n) / spread_out) ** _LEVERAGE_POWER
        u, v = _sum_and_difference([arm[studies] if x.ndim > 1 else arm for arm in trimmed], ratio)
        rest = v - share * (products / squares_u)[:, None] * u
        squares_rest = squares_v - share * (2 - share) * products**2 / squares_u
        c = n * np.sum(u * u * rest * rest * weights, axis=1) / np.maximum(squares_u * squares_rest, 1e-300)
        # Values on a coarse grid can make every product vanish; a variance of 0 would then prove anything.
        floored: Array = np.maximum(c, 1 / n)
        return floored

    return tails


def permutation(x: Array, y: Array) -> RatioTest:
    """Permute the median-centred values x/q and y between the arms; the first one's share of variance decides."""
    return _shares_of_variance(x, y, _groupings(x.size, y.size))


def swap_permutation(x: Array, y: Array) -> RatioTest:
    """Swap the median-centred values x/q and y within pairs."""
    return _shares_of_variance(x, y, _swaps(x.size))


def normal_limits(n_x: int, n_y: int, unexplained: float | None, level: float) -> tuple[float, float]:
    """Return the limits of the F test, or of Pitman-Morgan if ``unexplained`` is given, in closed form."""
    tail = (1 - level) / 2
    if unexplained is None:
        low, high = (f_quantile(p, n_x - 1, n_y - 1) ** -0.5 for p in (1 - tail, tail))
        return low, high
    # With F the ratio of variances and K = 1 + 2 (1 - r^2) t^2 / (n - 2) = cosh(2 w), the published limits
    # F (K -+ sqrt(K^2 - 1)) are F exp(-+ 2 w), which lose no digits.
    w = math.asinh(t_quantile(1 - tail, n_x - 2) * math.sqrt(unexplained / (n_x - 2)))
    return math.exp(-w), math.exp(w)


def limits(test: RatioTest, level: float) -> tuple[float, float]:
    """Return the ratios between which both one-sided p-values exceed half of 1 - level: relative to the observed ratio.

    The outermost accepted ratios, if acceptance should have gaps.
    """
    tail = (1 - level) / 2
    low = _outermost(lambda logs: test(np.exp(-logs))[1] > tail)
    high = _outermost(lambda logs: test(np.exp(logs))[0] > tail)
    return math.exp(-low), math.exp(high)


def two_sided(test: RatioTest, q: float) -> float:
    """Return the two-sided p-value of the ratio q: twice the smaller tail."""
    below, above = test(np.array([q]))
    return min(1.0, 2 * float(min(below[0], above[0])))


def default_p_values(x: Array, y: Array, *, paired: bool) -> Array:
    """Return the two-sided p-values of equal SDs by the default tests, for many studies: arms of shape (studies, n)."""
    (x, sd_x), (y, sd_y) = _standardised(x), _standardised(y)
    return _two_sided(adjusted_pitman_morgan(x, y, _unexplained(x, y)) if paired else adjusted_f(x, y), sd_y / sd_x)


def normal_p_values(x: Array, y: Array, *, paired: bool) -> Array:
    """Return the same by the tests that are exact for normal values."""
    n = x.shape[1]
    (x, sd_x), (y, sd_y) = _standardised(x), _standardised(y)
    if not paired:
        return _two_sided(f_test(n, n), sd_y / sd_x)
    t = _pitman_morgan_t(sd_y / sd_x, n, _unexplained(x, y))
    return _two_sided(lambda _: _t_tails(t, n - 2), t)


def _two_sided(test: RatioTest, q: Array) -> Array:
    below, above = test(q)
    p: Array = np.minimum(1.0, 2 * np.minimum(below, above))
    return p


def _standardised(values: Array) -> tuple[Array, Array]:
    centred = values - values.mean(axis=1, keepdims=True)
    sds = np.sqrt(np.sum(centred * centred, axis=1) / (values.shape[1] - 1))
    return centred / sds[:, None], sds


def _unexplained(x: Array, y: Array) -> Array:
    r: Array = np.sum(x * y, axis=1) / (x.shape[1] - 1)
    return 1 - r**2


def _outermost(accepted: Callable[[Array], NDArray[np.bool_]]) -> float:
    """Find the largest log distance that is accepted, by cutting into 32 parts again and again."""
    near, far = 0.0, _WIDEST
    for _ in range(_MOST_ROUNDS):
        if far - near <= _DIGITS * far:
            break
        grid = np.linspace(near, far, _POINTS)
        inside = np.flatnonzero(accepted(grid))
        last = int(inside[-1]) if inside.size else 0
        if last == _POINTS - 1:
            return math.inf if far == _WIDEST else far
        near, far = float(grid[last]), float(grid[last + 1])
    return (near + far) / 2


def _fourth(values: Array) -> Array:
    fourth: Array = np.sum((values - trimmed_mean(values)[..., None]) ** 4, axis=-1)
    return fourth


def _sum_and_difference(arms: list[Array], ratio: Array) -> tuple[Array, Array]:
    x, y = arms[0] / ratio, arms[1]
    return x + y, x - y


def _pitman_morgan_t(q: Array, n: int, unexplained: float | Array) -> Array:
    t: Array = np.sinh(-np.log(q)) * np.sqrt((n - 2) / unexplained)
    return t


def _t_tails(t: Array, df: float) -> Tails:
    from scipy import special

    return special.stdtr(df, t), special.stdtr(df, -t)


def _f_tails(f: Array, df_x: Array | float, df_y: Array | float) -> Tails:
    from scipy import special

    return special.fdtr(df_x, df_y, f), special.fdtrc(df_x, df_y, f)


def _shares_of_variance(x: Array, y: Array, first: Array) -> RatioTest:
    """Compare var(first arm) / (var(first arm) + var(second arm)) with its law over permutations.

    ``first`` has one row per permutation, which marks the values of the first arm among x then y; row 0 is the data as
    they are. The share is the ratio of variances in a form that stays finite when an arm of equal values comes up.
    """
    n_x, n_y = x.size, y.size
    x, y = x - np.median(x), y - np.median(y)
    of_x, of_y = first[:, :n_x], first[:, n_x:]
    sums, squares = [of_x @ x, of_y @ y], [of_x @ x**2, of_y @ y**2]
    totals = [float(np.sum(v)) for v in (x, y, x**2, y**2)]

    def tails(q: Array) -> Tails:
        scale = 1 / q[:, None]
        s, ss = scale * sums[0] + sums[1], scale**2 * squares[0] + squares[1]
        s_total, ss_total = scale * totals[0] + totals[1], scale**2 * totals[2] + totals[3]
        one = np.maximum(ss - s**2 / n_x, 0) / (n_x - 1)
        other = np.maximum(ss_total - ss - (s_total - s) ** 2 / n_y, 0) / (n_y - 1)
        both = one + other
        share = np.where(both > 1e-12 * ss_total, one / np.maximum(both, 1e-300), 0.5)
        seen = share[:, :1]
        return np.mean(share <= seen + 1e-9, axis=1), np.mean(share >= seen - 1e-9, axis=1)

    return tails


@lru_cache(maxsize=4)
def _groupings(n_x: int, n_y: int) -> Array:
    """All ways to choose the first arm if at most 5000, otherwise the data and 4999 drawn with a fixed seed."""
    n = n_x + n_y
    if math.comb(n, n_x) <= _PERMUTATIONS + 1:
        chosen = np.array(list(combinations(range(n), n_x)))  # the first is 0..n_x-1
    else:
        order = np.random.default_rng(n_x).permuted(np.tile(np.arange(n), (_PERMUTATIONS + 1, 1)), axis=1)
        order[0] = np.arange(n)
        chosen = order[:, :n_x]
    first = np.zeros((len(chosen), n))
    np.put_along_axis(first, chosen, 1.0, axis=1)
    return first


@lru_cache(maxsize=4)
def _swaps(n: int) -> Array:
    """All ways to swap pairs if at most 5000, otherwise the data and 4999 drawn with a fixed seed."""
    if 2**n <= _PERMUTATIONS + 1:
        kept = 1.0 - (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        kept = np.random.default_rng(n).integers(0, 2, (_PERMUTATIONS + 1, n)).astype(np.float64)
        kept[0] = 1
    return np.hstack([kept, 1 - kept])
