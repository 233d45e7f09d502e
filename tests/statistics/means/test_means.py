import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import mean_difference

RNG = np.random.default_rng(0)
X, Y, LONGER = RNG.normal(1.0, 2.0, 8), RNG.normal(0.0, 1.0, 8), RNG.normal(0.0, 0.5, 13)


def test_paired_is_the_paired_t_test() -> None:
    expected = stats.ttest_rel(X, Y)
    limits = expected.confidence_interval(0.9)
    d = mean_difference(X, Y, paired=True, level=0.9)
    assert [d.estimate, d.low, d.high, d.p_value] == pytest.approx(
        [X.mean() - Y.mean(), limits.low, limits.high, expected.pvalue]
    )
    assert (d.n, d.procedure, d.level) == ([8, 8], "paired t", 0.9)


@pytest.mark.parametrize("unit", [1.0, 1e-160, 1e38])
def test_unpaired_is_welch(unit: float) -> None:
    expected = stats.ttest_ind(X, LONGER, equal_var=False)
    limits = expected.confidence_interval(0.95)
    d = mean_difference(unit * X, unit * LONGER, paired=False)
    assert [d.estimate / unit, d.low / unit, d.high / unit, d.p_value] == pytest.approx(
        [X.mean() - LONGER.mean(), limits.low, limits.high, expected.pvalue]
    )
    assert (d.n, d.procedure) == ([8, 13], "Welch t")


def test_one_constant_arm_leaves_the_other_ones_interval() -> None:
    d = mean_difference(X, [0.5] * 4, paired=False)
    expected = stats.ttest_1samp(X, 0.5)
    assert [d.low, d.p_value] == pytest.approx([expected.confidence_interval().low - 0.5, expected.pvalue])


@pytest.mark.parametrize(("method", "base", "paired"), [(X, X, True), ([0.1] * 3, [0.1] * 4, False)])
def test_equal_arms_differ_by_nothing(method: list[float], base: list[float], paired: bool) -> None:
    d = mean_difference(method, base, paired=paired)
    assert (d.estimate, d.low, d.high, d.p_value) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("method", "base", "paired"), [(X + 0.1, X, True), ([0.1] * 3, [0.3] * 4, False)])
def test_a_difference_equal_in_every_run_has_no_interval(method: list[float], base: list[float], paired: bool) -> None:
    with pytest.raises(ValueError, match=r"in every run and has no interval"):
        mean_difference(method, base, paired=paired)


def test_bad_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="paired arms need one value per pair"):
        mean_difference(X, LONGER, paired=True)
    with pytest.raises(ValueError, match="method has 2 runs"):
        mean_difference(X[:2], Y, paired=False)
    with pytest.raises(TypeError, match="base must be numbers"):
        mean_difference(X, ["a"] * 8, paired=True)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("n", [5, 20])
def test_calibrated_on_normal_arms(n: int, paired: bool) -> None:
    studies = 2000
    samples = np.random.default_rng(n).standard_normal((studies, 2, n)) * [[1.0], [0.5]]
    covered = sum(d.low <= 0 <= d.high for d in (mean_difference(x, y, paired=paired) for x, y in samples))
    slack = 3 * np.sqrt(0.05 * 0.95 / studies) + (0 if paired else 0.01)  # Welch is approximate at n = 5
    assert abs(covered / studies - 0.95) <= slack


def test_a_small_constant_difference_of_large_values_is_seen_as_constant() -> None:
    method, base = 1e6 + (LONGER + 0.3), 1e6 + LONGER
    assert 0 < np.ptp(method - base) < 1e-9  # rounding
    with pytest.raises(ValueError, match=r"the difference is 0.3 in every run"):
        mean_difference(method, base, paired=True)
