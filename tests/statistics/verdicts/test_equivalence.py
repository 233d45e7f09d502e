import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import mean_equivalence, spread_equivalence, spread_ratio
from seedwise.statistics.ratios.ratios import RatioProcedure


def arms(n: int, rho: float = 0.0, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = np.random.default_rng(seed).standard_normal((2, n))
    return rho * z[0] + np.sqrt(1 - rho**2) * z[1], z[0]


@pytest.mark.parametrize("procedure", ["adjusted", "permutation", "normal"])
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_equal_spreads_are_shown_where_the_interval_lies_within_the_factor(
    paired: bool, alpha: float, procedure: RatioProcedure
) -> None:
    found = []
    for seed in range(20):
        x, y = arms(60, 0.4, seed)
        e = spread_equivalence(x, y, factor=1.4, paired=paired, alpha=alpha, procedure=procedure)
        q = spread_ratio(x, y, paired=paired, level=1 - 2 * alpha, procedure=procedure)
        assert [e.interval.low, e.interval.estimate, e.interval.high] == pytest.approx([q.low, q.estimate, q.high])
        assert e.equivalent == (q.low > 1 / 1.4 and q.high < 1.4)
        found.append(e.equivalent)
    assert {True, False} <= set(found)


def test_the_one_sided_tests_of_f() -> None:
    x, y = arms(30)
    e = spread_equivalence(x, 1.1 * y, factor=1.5, paired=False, procedure="normal")
    f = np.var(x, ddof=1) / np.var(1.1 * y, ddof=1)
    law = stats.f(29, 29)
    assert e.p_value == pytest.approx(max(law.sf(f * 1.5**2), law.cdf(f / 1.5**2)))
    assert (e.low, e.high, e.alpha) == (pytest.approx(1 / 1.5), 1.5, 0.05)


@pytest.mark.parametrize("paired", [True, False])
def test_a_ratio_at_the_factor_is_called_equivalent_in_at_most_5_percent(paired: bool) -> None:
    studies, n = 1000, 40
    samples = np.random.default_rng(8).standard_normal((studies, 2, n))
    found = sum(spread_equivalence(1.5 * x, y, factor=1.5, paired=paired).equivalent for x, y in samples)
    assert found / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_the_planning_numbers_of_the_docstring() -> None:
    for factor, n in ((1.5, 55), (1.25, 175)):
        law = stats.f(n - 1, n - 1)
        assert law.cdf(factor**2 / law.ppf(0.95)) - law.cdf(law.ppf(0.95) / factor**2) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("paired", [True, False])
def test_means_are_two_one_sided_t_tests(paired: bool) -> None:
    x, y = arms(12, 0.3)
    e = mean_equivalence(x + 0.1, y, margin=0.8, paired=paired)
    test = (
        stats.ttest_rel
        if paired
        else lambda a, b, alternative: stats.ttest_ind(a, b, equal_var=False, alternative=alternative)
    )
    expected = max(
        test(x + 0.1 + 0.8, y, alternative="greater").pvalue, test(x + 0.1 - 0.8, y, alternative="less").pvalue
    )
    assert e.p_value == pytest.approx(expected)
    assert e.equivalent == (e.interval.low > -0.8 and e.interval.high < 0.8)
    assert e.interval.level == pytest.approx(0.9)
    assert e.interval.p_value is None
    opposite = mean_equivalence(y, x + 0.1, margin=0.8, paired=paired)
    assert opposite.p_value == pytest.approx(e.p_value)


def test_arms_without_any_difference_are_equivalent() -> None:
    x, _ = arms(5)
    assert spread_equivalence(x + 1, x, factor=1.01, paired=True).equivalent
    assert mean_equivalence(x, x, margin=1e-6, paired=True).equivalent
    assert mean_equivalence([0.1] * 3, [0.1] * 4, margin=1e-6, paired=False).p_value == 0


def test_wrong_bounds_are_refused() -> None:
    x, y = arms(5)
    for factor in (1.0, 0.8, float("nan")):
        with pytest.raises(ValueError, match="factor is"):
            spread_equivalence(x, y, factor=factor, paired=True)
    with pytest.raises(ValueError, match="margin is 0; pass a number above 0"):
        mean_equivalence(x, y, margin=0, paired=True)
    with pytest.raises(ValueError, match=r"alpha is 0.5; pass a number above 0 and below 0.5"):
        mean_equivalence(x, y, margin=1, paired=True, alpha=0.5)
    with pytest.raises(ValueError, match="in every run and has no interval"):
        mean_equivalence(x + 1, x, margin=2, paired=True)
