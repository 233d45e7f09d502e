from itertools import combinations, product
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import reduction, spread_ratio, spread_ratio_of_sds
from seedwise.statistics.ratios.ratios import RatioProcedure


def arms(n: int, rho: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = np.random.default_rng(seed).standard_normal((2, n))
    return rho * z[0] + np.sqrt(1 - rho**2) * z[1], z[0]


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.5, 0.95])
@pytest.mark.parametrize("n", [3, 5, 20])
def test_paired_limits_are_the_ratios_that_pitman_morgan_just_accepts(n: int, rho: float, level: float) -> None:
    x, y = arms(n, rho)
    q = spread_ratio(x, y, paired=True, level=level, procedure="normal")
    for limit in (q.low, q.high):  # equal SDs of x and limit * y: their sum and difference are uncorrelated
        assert stats.pearsonr(x + limit * y, x - limit * y).pvalue == pytest.approx(1 - level, rel=1e-6)
    assert q.p_value == pytest.approx(stats.pearsonr(x + y, x - y).pvalue)
    assert q.low < q.estimate < q.high
    assert q.estimate == pytest.approx(np.std(x, ddof=1) / np.std(y, ddof=1))


def test_paired_limits_are_the_published_closed_form() -> None:
    x, y = arms(12, 0.4, seed=5)
    f, r = np.var(x, ddof=1) / np.var(y, ddof=1), np.corrcoef(x, y)[0, 1]
    k = 1 + 2 * (1 - r**2) * stats.t.ppf(0.975, 10) ** 2 / 10
    q = spread_ratio(x, y, paired=True, procedure="normal")
    assert [q.low**2, q.high**2] == pytest.approx([f * (k - np.sqrt(k**2 - 1)), f * (k + np.sqrt(k**2 - 1))])
    assert (q.n, q.procedure, q.level) == ([12, 12], "Pitman-Morgan", 0.95)


def test_unpaired_is_the_f_test() -> None:
    x, y = np.random.default_rng(1).normal(0, 2, 9), np.random.default_rng(2).normal(0, 1, 14)
    f = np.var(x, ddof=1) / np.var(y, ddof=1)
    q = spread_ratio(x, y, paired=False, level=0.9, procedure="normal")
    assert q.low == pytest.approx(np.sqrt(f / stats.f.ppf(0.95, 8, 13)))
    assert q.high == pytest.approx(np.sqrt(f / stats.f.ppf(0.05, 8, 13)))
    assert q.p_value == pytest.approx(2 * min(stats.f.cdf(f, 8, 13), stats.f.sf(f, 8, 13)))
    assert (q.n, q.procedure) == ([9, 14], "F")


@pytest.mark.parametrize(("n", "factor"), [(5, 3.1), (20, 1.6), (25, 1.5), (100, 1.2)])
def test_the_interval_of_equal_arms_has_the_width_one_must_expect(n: int, factor: float) -> None:
    x, _ = arms(n, 0)
    q = spread_ratio(x, np.random.default_rng(1).permutation(x), paired=False, procedure="normal")
    assert (q.high, 1 / q.low) == pytest.approx((factor, factor), abs=0.05)
    assert q.p_value == pytest.approx(1)


def test_a_paper_with_twenty_seeds_and_no_effect() -> None:
    # SDs .125 and .129 of twenty runs each give .97 with the 95 % interval [.61, 1.54].
    x = stats.zscore(np.arange(20.0), ddof=1)
    q = spread_ratio(0.125 * x, 0.129 * x[::-1], paired=False, procedure="normal")
    assert [q.estimate, q.low, q.high] == pytest.approx([0.97, 0.61, 1.54], abs=0.005)


@pytest.mark.parametrize("procedure", get_args(RatioProcedure))
@pytest.mark.parametrize("paired", [True, False])
def test_swapping_the_arms_inverts_the_ratio(paired: bool, procedure: RatioProcedure) -> None:
    if paired and procedure == "bonett":
        pytest.skip("for independent arms")
    x, y = arms(7, 0.3)
    q = spread_ratio(x, y, paired=paired, procedure=procedure)
    inverse = spread_ratio(y, x, paired=paired, procedure=procedure)
    assert [inverse.low, inverse.estimate, inverse.high] == pytest.approx([1 / q.high, 1 / q.estimate, 1 / q.low])
    assert inverse.p_value == pytest.approx(q.p_value)


@pytest.mark.parametrize("paired", [True, False])
def test_reduction_is_the_ratio_in_percent(paired: bool) -> None:
    x, y = arms(8, 0.3)
    q = spread_ratio(x, y, paired=paired, level=0.9, procedure="permutation")
    r = reduction(x, y, paired=paired, level=0.9, procedure="permutation")
    assert [r.estimate, r.low, r.high] == pytest.approx([100 * (1 - v) for v in (q.estimate, q.high, q.low)])
    assert (r.p_value, r.n, r.level, r.procedure) == (q.p_value, q.n, 0.9, q.procedure)


@pytest.mark.parametrize("shift", [0.0, 0.1, 1 / 3, 1e6])
@pytest.mark.parametrize("sign", [1, -1])
def test_arms_that_differ_by_a_constant_have_ratio_one(shift: float, sign: int) -> None:
    _, y = arms(9, 0)
    q = spread_ratio(sign * y + shift, y, paired=True)
    assert (q.estimate, q.low, q.high, q.p_value) == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("n", [5, 12, 30])
@pytest.mark.parametrize("slope", [0.01, -0.01, 0.7, 100])
def test_arms_linear_in_each_other_are_resolved_as_nearly_linear_ones_are(n: int, slope: float) -> None:
    noise, y = arms(n, 0)
    q = spread_ratio(slope * y + 0.1, y, paired=True)
    near = spread_ratio(slope * (y + 1e-6 * noise), y, paired=True)
    assert q.low < abs(slope) < q.high
    assert q.low / q.high == pytest.approx(1, abs=0.2 if n == 5 else 0.1)
    assert (q.p_value < 0.001, near.p_value < 0.001) == (True, True)  # type: ignore[operator]


def test_values_on_a_coarse_grid_are_linear_by_chance() -> None:
    # 1 - r^2 that rounding to the gaps can hide is 2 (2^2 / 12 / 2^2) = 1/6; Pitman-Morgan with t = 3/4 sqrt(1 / (1/6))
    q = spread_ratio([352, 354, 356], [353, 354, 355], paired=True, procedure="normal")
    assert q.p_value == pytest.approx(2 * stats.t.sf(0.75 * np.sqrt(6), 1))
    assert q.low < 1 < q.high
    two_values = spread_ratio([0.9, 0.9, 0.8, 0.9, 0.9], [0.95, 0.95, 0.94, 0.95, 0.95], paired=True)
    assert two_values.p_value > 0.05  # type: ignore[operator]


def test_nearly_linear_arms_keep_their_digits() -> None:
    x, y = arms(10, 0)
    close = y + 1e-6 * x
    q = spread_ratio(1.5 * close, y, paired=True, procedure="normal")
    residual = stats.linregress(y, close)
    unexplained = np.sum((close - residual.intercept - residual.slope * y) ** 2) / np.sum((close - close.mean()) ** 2)
    width = np.arcsinh(stats.t.ppf(0.975, 8) * np.sqrt(unexplained / 8))
    assert np.log(q.high / q.low) == pytest.approx(2 * width, rel=1e-4)


@pytest.mark.parametrize("paired", [True, False])
def test_arms_that_do_not_vary_are_refused(paired: bool) -> None:
    flat, y = [0.5] * 5, arms(5, 0)[1]
    with pytest.raises(ValueError, match="ratio is undefined: every run of base has the same value"):
        spread_ratio(y, flat, paired=paired)
    with pytest.raises(ValueError, match="ratio of 0 has no interval: every run of method has the same value"):
        spread_ratio(flat, y, paired=paired)
    with pytest.raises(ValueError, match="ratio is undefined"):
        reduction(flat, flat, paired=paired)


def test_bad_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="paired arms need one value per pair; got 4 and 3 runs"):
        spread_ratio([1.0, 2.0, 4.0, 3.0], [1.0, 2.0, 4.0], paired=True)
    with pytest.raises(ValueError, match="base has 2 runs"):
        spread_ratio([1.0, 2.0, 4.0], [1.0, 2.0], paired=False)
    with pytest.raises(ValueError, match=r"method\[0\] is nan"):
        reduction([float("nan"), 2.0, 4.0], [1.0, 2.0, 5.0], paired=True)
    with pytest.raises(ValueError, match="level is 1"):
        spread_ratio([1.0, 2.0, 4.0], [1.0, 2.0, 5.0], paired=True, level=1)


@pytest.mark.parametrize("rho", [0.0, 0.9])
@pytest.mark.parametrize("n", [5, 20])
def test_paired_ratio_is_calibrated_on_normal_arms(n: int, rho: float) -> None:
    studies, rng = 2000, np.random.default_rng(1000 * n + int(10 * rho))
    rejected = covered = 0
    for _ in range(studies):
        z = rng.standard_normal((2, n))
        q = spread_ratio(rho * z[0] + np.sqrt(1 - rho**2) * z[1], z[0], paired=True, procedure="normal")
        assert q.p_value is not None
        rejected += q.p_value < 0.05
        covered += q.low <= 1 <= q.high
    assert covered == studies - rejected  # test and interval say the same
    assert abs(rejected / studies - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("n", [5, 10, 20])
def test_unpaired_ratio_is_calibrated_on_normal_arms(n: int) -> None:
    studies, rng = 2000, np.random.default_rng(n)
    intervals = (
        spread_ratio(0.7 * x, y, paired=False, procedure="normal") for x, y in rng.standard_normal((studies, 2, n))
    )
    covered = sum(q.low <= 0.7 <= q.high for q in intervals)
    assert abs(covered / studies - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("unit", [1e-200, 1e-9, 1e38, 1e200])
def test_the_unit_does_not_matter(unit: float, paired: bool) -> None:
    x, y = arms(8, 0.3)
    x, y = x + 3, y + 3
    one, other = spread_ratio(x, y, paired=paired), spread_ratio(unit * x, unit * y, paired=paired)
    assert [other.low, other.high, other.p_value] == pytest.approx([one.low, one.high, one.p_value])


@pytest.mark.parametrize("procedure", ["adjusted", "normal"])
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("n", [3, 5, 10, 25])
def test_test_and_interval_say_the_same(n: int, paired: bool, procedure: RatioProcedure) -> None:
    rng = np.random.default_rng(n)
    for k in range(200):
        x = rng.standard_t(2, n) if k % 2 else rng.binomial(360, 0.98, n).astype(float)
        y = 3 ** rng.standard_normal() * (rng.standard_normal(n) + 0.5 * x)
        if np.ptp(x) == 0:
            continue
        q = spread_ratio(x, y, paired=paired, procedure=procedure)
        assert q.p_value is not None
        assert q.low < q.estimate < q.high
        assert (q.p_value < 0.05) == (not q.low < 1 < q.high)


def trimmed_mean(values: NDArray[np.float64]) -> float:
    """Drop .55 sqrt(n) values on each side, counting the last one dropped in part."""
    fine = np.repeat(np.sort(values), 10_000)
    cut = round(0.55 * np.sqrt(values.size) * 10_000)
    return float(np.mean(fine[cut : fine.size - cut]))


@pytest.mark.parametrize(("n_x", "n_y"), [(5, 5), (10, 7), (20, 20)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_adjusted_f_is_the_formula_written_out(n_x: int, n_y: int, level: float) -> None:
    rng = np.random.default_rng(n_x)
    x, y = rng.gamma(3, size=n_x), 0.6 * rng.standard_normal(n_y)
    result = spread_ratio(x, y, paired=False, level=level)

    def two_sided(q: float) -> float:
        z, w = x / q, y
        fourth = np.sum((z - trimmed_mean(z)) ** 4) + np.sum((w - trimmed_mean(w)) ** 4)
        squares = (n_x - 1) * np.var(z, ddof=1) + (n_y - 1) * np.var(w, ddof=1)
        own = [np.mean((v - trimmed_mean(v)) ** 4) / np.var(v, ddof=1) ** 2 for v in (z, w)]
        g = max((n_x + n_y) * fourth / squares**2, *own)
        df = [2 * n / (g - (n - 3) / (n - 1)) for n in (n_x, n_y)]
        law, f = stats.f(*df), np.var(z, ddof=1) / np.var(w, ddof=1)
        return float(2 * min(law.cdf(f), law.sf(f)))

    assert result.p_value == pytest.approx(two_sided(1.0), rel=1e-3)
    assert [two_sided(result.low), two_sided(result.high)] == pytest.approx([1 - level] * 2, rel=1e-3)
    assert result.procedure == "adjusted F"


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_adjusted_pitman_morgan_is_the_formula_written_out(n: int, level: float) -> None:
    rng = np.random.default_rng(n)
    y = rng.gamma(3, size=n)
    x = 0.4 * y + 0.5 * rng.standard_normal(n)
    result = spread_ratio(x, y, paired=True, level=level)

    def two_sided(q: float) -> float:
        u, v = x / q + y, x / q - y
        fit = stats.linregress(u, v)
        leverage = 1 / n + (u - u.mean()) ** 2 / np.sum((u - u.mean()) ** 2)
        a, b = x / q - trimmed_mean(x / q), y - trimmed_mean(y)
        share = min(1, 1.65 / np.sqrt(n))
        rest = (a - b) - share * fit.slope * (a + b)
        middle = v - v.mean() - share * fit.slope * (u - u.mean())
        products = (a + b) ** 2 * rest**2 * ((1 - 2 / n) / (1 - leverage)) ** 1.5
        c = n * np.sum(products) / (np.sum((u - u.mean()) ** 2) * np.sum(middle**2))
        t = fit.rvalue * np.sqrt((n - 2) / (1 - fit.rvalue**2)) / np.sqrt(c)
        return float(2 * stats.t.sf(abs(t), n - 2))

    assert result.p_value == pytest.approx(two_sided(1.0), rel=1e-3)
    assert [two_sided(result.low), two_sided(result.high)] == pytest.approx([1 - level] * 2, rel=1e-3)
    assert result.procedure == "adjusted Pitman-Morgan"


def test_bonett_gives_the_documented_example_of_statpsych() -> None:
    y1, y2 = [32, 39, 26, 35, 43, 27, 40, 37, 34, 29], [36, 44, 47, 42, 49, 39, 46, 31, 33, 48]
    q = spread_ratio(y1, y2, paired=False, procedure="bonett")
    assert [q.estimate, q.low, q.high] == pytest.approx([0.8854257, 0.486279, 1.728396], abs=2e-6)


def brute_force(x: NDArray[np.float64], y: NDArray[np.float64], paired: bool, q: float) -> tuple[float, float]:
    """One-sided p-values over every regrouping, one at a time."""
    a, b = (x - np.median(x)) / q, y - np.median(y)
    pool, n = np.concatenate([a, b]), x.size
    shares = []
    if paired:
        groups = [[i if keep else i + n for i, keep in enumerate(kept)] for kept in product([True, False], repeat=n)]
    else:
        groups = [list(group) for group in combinations(range(pool.size), n)]
    for group in groups:
        first, second = np.var(pool[group], ddof=1), np.var(np.delete(pool, group), ddof=1)
        shares.append(first / (first + second))
    seen = np.var(a, ddof=1) / (np.var(a, ddof=1) + np.var(b, ddof=1))
    return float(np.mean(np.array(shares) <= seen + 1e-9)), float(np.mean(np.array(shares) >= seen - 1e-9))


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("kind", ["normal", "ties"])
def test_permutation_is_every_regrouping_for_few_runs(paired: bool, kind: str) -> None:
    rng = np.random.default_rng(4)
    n_x, n_y = (8, 8) if paired else (5, 6)
    x, y = rng.standard_normal(n_x), 0.3 * rng.standard_normal(n_y)
    if kind == "ties":
        x, y = np.round(2 * x), np.round(4 * y)
    q = spread_ratio(x, y, paired=paired, procedure="permutation")
    below, above = brute_force(x, y, paired, 1.0)
    assert q.p_value == pytest.approx(min(1, 2 * min(below, above)))
    for limit, side in ((q.low, 1), (q.high, 0)):  # just inside accepted, just outside rejected
        if 0 < limit < np.inf:
            inward = 1e-6 if side else -1e-6
            assert brute_force(x, y, paired, limit * (1 + inward))[side] > 0.025
            assert brute_force(x, y, paired, limit * (1 - inward))[side] <= 0.025


def test_permutation_with_too_few_pairs_has_no_limits() -> None:
    x, y = arms(5, 0.3)
    q = spread_ratio(x, 100 * y, paired=True, procedure="permutation")
    assert (q.low, q.high) == (0.0, np.inf)
    assert q.p_value is not None
    assert q.p_value >= 2 / 32


def test_permutations_are_the_same_every_time_and_bounded() -> None:
    x, y = arms(40, 0.3)
    for paired in (True, False):
        first = spread_ratio(x, y, paired=paired, procedure="permutation")
        assert first == spread_ratio(x, y, paired=paired, procedure="permutation")
        assert first.low < first.estimate < first.high
    with pytest.raises(ValueError, match="'permutation' is for up to 1000 runs in both arms together"):
        spread_ratio(np.arange(600.0), np.arange(600.0), paired=False, procedure="permutation")


def test_procedures_are_checked() -> None:
    x, y = arms(5, 0)
    with pytest.raises(
        ValueError, match="procedure is 'levene'; pass one of 'adjusted', 'permutation', 'bonett', 'nor"
    ):
        spread_ratio(x, y, paired=True, procedure="levene")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'bonett' is for independent arms"):
        spread_ratio(x, y, paired=True, procedure="bonett")
    with pytest.raises(ValueError, match=r"level 0.9999999 is too high for 5 runs"):
        spread_ratio(x, y, paired=False, procedure="bonett", level=0.9999999)


def test_many_runs() -> None:
    x, y = arms(50_000, 0.5)
    for paired in (True, False):
        adjusted = spread_ratio(0.9 * x, y, paired=paired)
        normal = spread_ratio(0.9 * x, y, paired=paired, procedure="normal")
        assert [adjusted.low, adjusted.high] == pytest.approx([normal.low, normal.high], abs=1e-3)


def test_the_published_table_one_ratio_at_a_time() -> None:
    # SDs of eight pairs of network and dataset over five seeds: none survives Holm, the smallest p is .022.
    q = spread_ratio_of_sds(0.056, 0.217, n_method=5, n_base=5)
    assert q.p_value == pytest.approx(0.022, abs=5e-4)
    x = stats.zscore(np.arange(5.0), ddof=1)
    same = spread_ratio(0.056 * x, 0.217 * x[::-1], paired=False, procedure="normal")
    assert [q.low, q.high, q.p_value] == pytest.approx([same.low, same.high, same.p_value])
    with pytest.raises(ValueError, match="sd_base is 0; pass a number above 0"):
        spread_ratio_of_sds(0.1, 0, n_method=5, n_base=5)
    with pytest.raises(ValueError, match="n_base is 2: an SD needs at least 3 runs"):
        spread_ratio_of_sds(0.1, 0.1, n_method=5, n_base=2)
    with pytest.raises(TypeError, match="n_method must be a whole number"):
        spread_ratio_of_sds(0.1, 0.1, n_method=5.0, n_base=5)  # type: ignore[arg-type]
