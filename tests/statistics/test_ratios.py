import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import reduction, spread_ratio


def arms(n: int, rho: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = np.random.default_rng(seed).standard_normal((2, n))
    return rho * z[0] + np.sqrt(1 - rho**2) * z[1], z[0]


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.5, 0.95])
@pytest.mark.parametrize("n", [3, 5, 20])
def test_paired_limits_are_the_ratios_that_pitman_morgan_just_accepts(n: int, rho: float, level: float) -> None:
    x, y = arms(n, rho)
    q = spread_ratio(x, y, paired=True, level=level)
    for limit in (q.low, q.high):  # equal SDs of x and limit * y: their sum and difference are uncorrelated
        assert stats.pearsonr(x + limit * y, x - limit * y).pvalue == pytest.approx(1 - level, rel=1e-6)
    assert q.p_value == pytest.approx(stats.pearsonr(x + y, x - y).pvalue)
    assert q.low < q.estimate < q.high
    assert q.estimate == pytest.approx(np.std(x, ddof=1) / np.std(y, ddof=1))


def test_paired_limits_are_the_published_closed_form() -> None:
    x, y = arms(12, 0.4, seed=5)
    f, r = np.var(x, ddof=1) / np.var(y, ddof=1), np.corrcoef(x, y)[0, 1]
    k = 1 + 2 * (1 - r**2) * stats.t.ppf(0.975, 10) ** 2 / 10
    q = spread_ratio(x, y, paired=True)
    assert [q.low**2, q.high**2] == pytest.approx([f * (k - np.sqrt(k**2 - 1)), f * (k + np.sqrt(k**2 - 1))])
    assert (q.n, q.procedure, q.level) == ([12, 12], "Pitman-Morgan", 0.95)


def test_unpaired_is_the_f_test() -> None:
    x, y = np.random.default_rng(1).normal(0, 2, 9), np.random.default_rng(2).normal(0, 1, 14)
    f = np.var(x, ddof=1) / np.var(y, ddof=1)
    q = spread_ratio(x, y, paired=False, level=0.9)
    assert q.low == pytest.approx(np.sqrt(f / stats.f.ppf(0.95, 8, 13)))
    assert q.high == pytest.approx(np.sqrt(f / stats.f.ppf(0.05, 8, 13)))
    assert q.p_value == pytest.approx(2 * min(stats.f.cdf(f, 8, 13), stats.f.sf(f, 8, 13)))
    assert (q.n, q.procedure) == ([9, 14], "F")


@pytest.mark.parametrize(("n", "factor"), [(5, 3.1), (20, 1.6), (25, 1.5), (100, 1.2)])
def test_the_interval_of_equal_arms_has_the_width_one_must_expect(n: int, factor: float) -> None:
    x, _ = arms(n, 0)
    q = spread_ratio(x, np.random.default_rng(1).permutation(x), paired=False)
    assert (q.high, 1 / q.low) == pytest.approx((factor, factor), abs=0.05)
    assert q.p_value == pytest.approx(1)


def test_a_paper_with_twenty_seeds_and_no_effect() -> None:
    # SDs .125 and .129 of twenty runs each give .97 with the 95 % interval [.61, 1.54].
    x = stats.zscore(np.arange(20.0), ddof=1)
    q = spread_ratio(0.125 * x, 0.129 * x[::-1], paired=False)
    assert [q.estimate, q.low, q.high] == pytest.approx([0.97, 0.61, 1.54], abs=0.005)


@pytest.mark.parametrize("paired", [True, False])
def test_swapping_the_arms_inverts_the_ratio(paired: bool) -> None:
    x, y = arms(8, 0.3)
    q, inverse = spread_ratio(x, y, paired=paired), spread_ratio(y, x, paired=paired)
    assert [inverse.low, inverse.estimate, inverse.high] == pytest.approx([1 / q.high, 1 / q.estimate, 1 / q.low])
    assert inverse.p_value == pytest.approx(q.p_value)


@pytest.mark.parametrize("paired", [True, False])
def test_reduction_is_the_ratio_in_percent(paired: bool) -> None:
    x, y = arms(8, 0.3)
    q, r = spread_ratio(x, y, paired=paired, level=0.9), reduction(x, y, paired=paired, level=0.9)
    assert [r.estimate, r.low, r.high] == pytest.approx([100 * (1 - v) for v in (q.estimate, q.high, q.low)])
    assert (r.p_value, r.n, r.level, r.procedure) == (q.p_value, q.n, 0.9, q.procedure)


@pytest.mark.parametrize("shift", [0.0, 0.1, 1 / 3, 1e6])
@pytest.mark.parametrize("sign", [1, -1])
def test_arms_that_differ_by_a_constant_have_ratio_one(shift: float, sign: int) -> None:
    _, y = arms(9, 0)
    q = spread_ratio(sign * y + shift, y, paired=True)
    assert (q.estimate, q.low, q.high, q.p_value) == (1.0, 1.0, 1.0, 1.0)


def test_arms_linear_in_each_other_have_no_interval() -> None:
    _, y = arms(9, 0)
    with pytest.raises(ValueError, match="exactly linear in each other"):
        spread_ratio(0.7 * y + 0.1, y, paired=True)
    with pytest.raises(ValueError, match="exactly linear in each other"):  # likely with three runs of a coarse metric
        spread_ratio([352 / 360, 354 / 360, 356 / 360], [353 / 360, 354 / 360, 355 / 360], paired=True)


def test_nearly_linear_arms_keep_their_digits() -> None:
    x, y = arms(10, 0)
    close = y + 1e-6 * x
    q = spread_ratio(1.5 * close, y, paired=True)
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


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("n", [5, 10, 20])
def test_paired_ratio_is_calibrated_on_normal_arms(n: int, rho: float) -> None:
    studies, rng = 2000, np.random.default_rng(1000 * n + int(10 * rho))
    rejected = covered = 0
    for _ in range(studies):
        z = rng.standard_normal((2, n))
        q = spread_ratio(rho * z[0] + np.sqrt(1 - rho**2) * z[1], z[0], paired=True)
        assert q.p_value is not None
        rejected += q.p_value < 0.05
        covered += q.low <= 1 <= q.high
    assert covered == studies - rejected  # test and interval say the same
    assert abs(rejected / studies - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("n", [5, 10, 20])
def test_unpaired_ratio_is_calibrated_on_normal_arms(n: int) -> None:
    studies, rng = 2000, np.random.default_rng(n)
    intervals = (spread_ratio(0.7 * x, y, paired=False) for x, y in rng.standard_normal((studies, 2, n)))
    covered = sum(q.low <= 0.7 <= q.high for q in intervals)
    assert abs(covered / studies - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / studies)
