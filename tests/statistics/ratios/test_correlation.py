import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import arm_correlation

Z = np.random.default_rng(2).standard_normal((2, 15))


@pytest.mark.parametrize("sign", [1, -1])
def test_is_fishers_interval(sign: int) -> None:
    x, y = sign * (0.7 * Z[0] + Z[1]), Z[0]
    r = arm_correlation(x, y, level=0.9)
    expected = stats.pearsonr(x, y)
    limits = expected.confidence_interval(0.9)
    assert [r.estimate, r.low, r.high] == pytest.approx([expected.statistic, limits.low, limits.high])
    assert r.p_value == pytest.approx(2 * stats.norm.sf(abs(np.arctanh(expected.statistic)) * np.sqrt(12)))
    assert (r.n, r.procedure) == ([15, 15], "Fisher z")


def test_arms_linear_in_each_other_correlate_fully() -> None:
    r = arm_correlation(Z[0] + 1, -2 * Z[0])
    assert (r.estimate, r.low, r.high, r.p_value) == (-1.0, -1.0, -1.0, 0.0)
    nearly = arm_correlation(Z[0] + 1e-7 * Z[1], Z[0])
    assert 1 - 1e-12 < nearly.low <= nearly.estimate <= nearly.high <= 1


@pytest.mark.parametrize(("rho", "n"), [(0.0, 5), (0.6, 10), (0.9, 20)])
def test_covers_normal_arms(rho: float, n: int) -> None:
    studies = 1000
    z = np.random.default_rng(n).standard_normal((studies, 2, n))
    intervals = (arm_correlation(rho * a + np.sqrt(1 - rho**2) * b, a) for a, b in z)
    covered = sum(i.low <= rho <= i.high for i in intervals)
    assert abs(covered / studies - 0.95) <= 0.01 + 3 * np.sqrt(0.05 * 0.95 / studies)  # Fisher's z is approximate


def test_what_has_no_correlation_is_refused() -> None:
    with pytest.raises(ValueError, match="needs at least 4 pairs; got 3"):
        arm_correlation([1, 2, 3], [1, 3, 2])
    with pytest.raises(ValueError, match="every run of base has the same value"):
        arm_correlation([1, 2, 3, 5], [1, 1, 1, 1])
    with pytest.raises(ValueError, match="paired arms need one value per pair"):
        arm_correlation([1, 2, 3, 5], [1, 2, 3, 5, 6])
