import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from scipy import integrate, special, stats

from seedwise.statistics import expected_extremes, threshold_chance
from seedwise.statistics.core._noncentral import (
    noncentral_t_cdf,
    noncentral_t_quantile,
    noncentral_t_sf,
    noncentrality,
)
from seedwise.statistics.core._order import mean_of_top, unbiasing_constant

RUNS = [97.8, 98.1, 98.3, 97.9, 98.6, 98.0]


@pytest.mark.parametrize("df", [2, 4, 19, 300])
@pytest.mark.parametrize("t", [-7.0, 0.0, 0.5, 3.0, 30.0])
def test_noncentral_t_is_that_of_scipy(df: int, t: float) -> None:
    for nc in (t - 2 * np.sqrt(1 + t * t / (2 * df)), 0.8 * t, t + 1):
        assert noncentral_t_cdf(t, df, nc) == pytest.approx(stats.nct.cdf(t, df, nc), abs=2e-5)
    assert noncentral_t_cdf(noncentral_t_quantile(0.9, df, t), df, t) == pytest.approx(0.9)
    assert noncentral_t_cdf(t, df, noncentrality(t, df, 0.05)) == pytest.approx(0.05)


def over_log_u(t: float, df: float, nc: float, sign: int) -> float:
    """Sum the density of log U times P(sign (Z + nc - t U) <= 0): a smooth bell, for which an even grid is exact."""
    x = np.linspace(-40, 5.3, 40_001)
    u = np.exp(x)
    logs = np.log(2) + df / 2 * np.log(df / 2) - special.gammaln(df / 2) + df * x - df * u**2 / 2
    return float(np.exp(logs + special.log_ndtr(sign * (t * u - nc))).sum() * (x[1] - x[0]))


@pytest.mark.parametrize("df", [1, 1.7, 9, 99])
@pytest.mark.parametrize("t", [-40.0, -2.1, 0.0, 0.01, 2.1, 60.0])
def test_the_tails_of_noncentral_t_have_digits_of_their_own(df: float, t: float) -> None:
    for nc in (-30.0, -8.0, 0.5, 3.0, 38.0):
        below, above = noncentral_t_cdf(t, df, nc), noncentral_t_sf(t, df, nc)
        assert below == pytest.approx(over_log_u(t, df, nc, 1), rel=1e-8, abs=1e-290)
        assert above == pytest.approx(over_log_u(t, df, nc, -1), rel=1e-8, abs=1e-290)
        assert min(below, above) >= 0
        assert below + above == pytest.approx(1, abs=1e-12)


def test_noncentral_t_where_scipy_has_no_digits_or_no_number() -> None:
    # Reference: adaptive quadrature of the integral over Z (scipy.integrate.quad, relative error 1e-12).
    assert noncentral_t_cdf(-6, 1, 12) == pytest.approx(1.9418533530490e-35, rel=1e-9)
    central = [noncentral_t_cdf(t, 9, 0) for t in (-300.0, -40.0, 40.0)]
    assert central == pytest.approx(stats.t.cdf([-300.0, -40.0, 40.0], 9), rel=1e-9)


def test_noncentral_t_far_out_is_a_multiple_of_chi() -> None:
    # T / nc tends to 1 / U, so P(T <= t) to P(U >= nc / t)
    for t in (1e5, 1e9):
        assert noncentrality(t, 4, 0.1) == pytest.approx(t * np.sqrt(stats.chi2.ppf(0.9, 4) / 4), rel=1e-3)


@pytest.mark.parametrize(
    ("n", "k", "expected"),
    # Largest of 5, 10 and 20: printed tables; the rest by definition.
    [(2, 1, 1 / np.sqrt(np.pi)), (5, 1, 1.16296), (10, 1, 1.53875), (20, 1, 1.86748), (20, 20, 0.0), (1, 1, 0.0)],
)
def test_expected_tops_are_those_of_the_tables(n: int, k: int, expected: float) -> None:
    assert mean_of_top(n, k) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize(("n", "k"), [(7, 3), (20, 10), (500, 20)])
def test_expected_tops_are_means_of_order_statistics(n: int, k: int) -> None:
    def density(x: float, i: int) -> float:
        return float(stats.beta.pdf(stats.norm.cdf(x), i, n - i + 1) * stats.norm.pdf(x))

    parts = [integrate.quad(lambda x, i=i: x * density(x, i), -8, 8, limit=200)[0] for i in range(n - k + 1, n + 1)]
    assert mean_of_top(n, k) == pytest.approx(np.mean(parts), abs=1e-6)
    assert mean_of_top(n, k) * k == pytest.approx(mean_of_top(n, n - k) * (n - k))  # the whole has mean 0


def test_the_unbiasing_constant_is_the_mean_of_chi() -> None:
    for n in (2, 5, 400):
        assert unbiasing_constant(n) == pytest.approx(stats.chi(n - 1).mean() / np.sqrt(n - 1))


@pytest.mark.parametrize("threshold", [97.0, 98.0, 98.1, 99.5])
def test_the_limits_of_a_chance_are_those_of_the_noncentral_t(threshold: float) -> None:
    chance = threshold_chance(RUNS, threshold, level=0.9)
    m, s, n = np.mean(RUNS), np.std(RUNS, ddof=1), len(RUNS)
    normal = chance.normal
    assert normal is not None
    assert normal.estimate == pytest.approx(stats.norm.cdf((threshold - m) / s))
    t = np.sqrt(n) * (m - threshold) / s
    for limit, p in ((normal.low, 0.05), (normal.high, 0.95)):
        assert stats.nct.cdf(t, n - 1, -np.sqrt(n) * stats.norm.ppf(limit)) == pytest.approx(p, abs=1e-5)
    below = sum(value < threshold for value in RUNS)
    ci = stats.binomtest(below, n).proportion_ci(0.9)
    assert chance.empirical.estimate == below / n
    assert [chance.empirical.low, chance.empirical.high] == pytest.approx([ci.low, ci.high])
    assert (normal.n, normal.level, chance.empirical.n) == (6, 0.9, 6)


def test_above_is_below_upside_down() -> None:
    above, below = threshold_chance(RUNS, 98.2, side="above"), threshold_chance([-x for x in RUNS], -98.2)
    assert above == below
    assert above.empirical.estimate == 2 / 6
    strictly = threshold_chance(RUNS, 98.0), threshold_chance(RUNS, 98.0, side="above")
    assert [chance.empirical.estimate for chance in strictly] == [2 / 6, 3 / 6]


def test_runs_that_do_not_vary_say_nothing_about_tails() -> None:
    chance = threshold_chance([0.1, 0.1, 0.1], 0.05)
    assert chance.normal is None
    assert (chance.empirical.low, chance.empirical.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 3)))


def test_a_hopeless_threshold_is_no_trouble() -> None:
    chance = threshold_chance([0.95, 0.951, 0.952, 0.9495], 0.0).normal
    assert chance is not None
    assert (chance.low, chance.estimate, chance.high) == (0.0, 0.0, 0.0)
    sure = threshold_chance([0.95, 0.951, 0.952, 0.9495], 2.0).normal
    assert sure is not None
    assert (sure.low, sure.estimate, sure.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("n", [3, 5, 20])
def test_the_normal_intervals_cover(n: int) -> None:
    studies, of = 400, 7
    samples = np.random.default_rng(n).normal(95, 0.2, (studies, n))
    chance, best = stats.norm.cdf(-1.5), 0.2 * mean_of_top(of, 1)
    covered = np.zeros(3)
    for x in samples:
        c, e = threshold_chance(x, 95 - 0.3).normal, expected_extremes(x, of)
        assert c is not None
        covered += [
            c.low <= chance <= c.high,
            e.best.low <= 95 + best <= e.best.high,
            e.worst.low <= 95 - best <= e.worst.high,
        ]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # exact, so only Monte Carlo error
    assert np.all(np.abs(covered / studies - 0.95) <= slack), covered / studies


@pytest.mark.parametrize("of", [1, 2, 4, 6])
def test_extremes_of_the_pool_are_means_over_all_subsets(of: int) -> None:
    e = expected_extremes(RUNS, of)
    assert e.best_of_pool == pytest.approx(np.mean([max(subset) for subset in combinations(RUNS, of)]))
    assert e.worst_of_pool == pytest.approx(np.mean([min(subset) for subset in combinations(RUNS, of)]))
    m, s = np.mean(RUNS), np.std(RUNS, ddof=1)
    assert [e.worst.estimate, e.best.estimate] == pytest.approx(
        [m - s * mean_of_top(of, 1), m + s * mean_of_top(of, 1)]
    )
    assert e.best.low < e.best.estimate < e.best.high
    assert e.of == of


def test_one_run_is_expected_at_the_mean_with_students_interval() -> None:
    e = expected_extremes(RUNS, 1, level=0.9)
    low, high = stats.t.interval(0.9, 5, np.mean(RUNS), stats.sem(RUNS))
    for interval in (e.best, e.worst):
        assert [interval.low, interval.high] == pytest.approx([low, high])


def test_the_pool_is_not_asked_for_more_than_it_has() -> None:
    e = expected_extremes(RUNS, 7)
    assert (e.best_of_pool, e.worst_of_pool) == (None, None)
    assert e.best.estimate > max(RUNS) - 0.2


def test_the_direction_of_the_metric_swaps_worst_and_best() -> None:
    up, down = expected_extremes(RUNS, 3), expected_extremes(RUNS, 3, higher_is_better=False)
    for one, other in ((up.worst, down.best), (up.best, down.worst)):
        assert [one.estimate, one.low, one.high] == pytest.approx([other.estimate, other.low, other.high])
    assert (up.worst_of_pool, up.best_of_pool) == pytest.approx((down.best_of_pool, down.worst_of_pool))
    mirrored = expected_extremes([-x for x in RUNS], 3)
    assert [mirrored.worst.low, mirrored.worst.high] == pytest.approx([-up.best.high, -up.best.low])


def test_constant_runs_have_constant_extremes() -> None:
    e = expected_extremes([0.5] * 4, 3)
    assert (e.worst.low, e.best.high, e.best_of_pool) == (0.5, 0.5, pytest.approx(0.5))


def test_scipy_stats_is_never_loaded() -> None:
    code = (
        "import sys, seedwise.statistics as s; x, y = [1., 2., 4.], [1., 3., 2.]\n"
        "s.threshold_chance(x, 1); s.expected_extremes(x, 2); s.ranking_flips({'x': x, 'y': y}, 2, paired=False)\n"
        "s.seed_effect(x, 1); s.group_size_table(x, y, (3,), paired=True); s.crossed_mean([x, y, y])\n"
        "s.spread_sources([x, y, y]); s.logit_correlation([[x], [y], [y]])\n"
        "print('scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="values has 2 runs"):
        threshold_chance([1.0, 2.0], 1)
    with pytest.raises(ValueError, match="values has 2 runs"):
        expected_extremes([1.0, 2.0], 1)
    with pytest.raises(TypeError, match="threshold must be a number; got str"):
        threshold_chance(RUNS, "98")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threshold is nan; pass a finite number"):
        threshold_chance(RUNS, float("nan"))
    with pytest.raises(ValueError, match="side is 'left'; pass 'below' or 'above'"):
        threshold_chance(RUNS, 98, side="left")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="of must be an integer; got float"):
        expected_extremes(RUNS, 2.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="of is 0; pass the number of new runs, at least 1"):
        expected_extremes(RUNS, 0)
    for level in (0, 95):
        with pytest.raises(ValueError, match="level is"):
            threshold_chance(RUNS, 98, level=level)
        with pytest.raises(ValueError, match="level is"):
            expected_extremes(RUNS, 2, level=level)
