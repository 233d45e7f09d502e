import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import pooled_difference

RNG = np.random.default_rng(6)
METHODS = [RNG.normal(shift, sd, 6) for shift, sd in ((0.5, 1.0), (2.0, 0.3), (0.0, 0.6), (1.0, 0.8))]
BASES = [RNG.normal(0, sd, 6) for sd in (0.8, 0.5, 0.4, 1.0)]


def test_formulas_written_out() -> None:
    d = np.array([np.mean(x - y) for x, y in zip(METHODS, BASES, strict=True)])
    v = np.array([np.var(x - y, ddof=1) / 6 for x, y in zip(METHODS, BASES, strict=True)])
    w = 1 / v
    q = np.sum(w * (d - np.sum(w * d) / np.sum(w)) ** 2)
    tau2 = max(0, (q - 3) / (np.sum(w) - np.sum(w**2) / np.sum(w)))
    w = 1 / (v + tau2)
    mean = np.sum(w * d) / np.sum(w)
    se = np.sqrt(1 / np.sum(w)) * max(1, np.sqrt(np.sum(w * (d - mean) ** 2) / 3))
    found = pooled_difference(METHODS, BASES, paired=True)
    assert [found.difference.estimate, found.difference.high] == pytest.approx(
        [mean, mean + stats.t.ppf(0.975, 3) * se]
    )
    assert found.difference.p_value == pytest.approx(2 * stats.t.sf(abs(mean) / se, 3))
    assert (found.between, found.difference.n) == (pytest.approx(np.sqrt(tau2)), 4)
    assert found.heterogeneity == pytest.approx(max(0, 1 - 3 / q))


def test_one_difference_for_all_is_welchs_analysis_of_variance() -> None:
    """Of two tasks the test is Welch's t test of their paired differences."""
    first, second = (METHODS[i] - BASES[i] for i in (0, 1))
    expected = stats.ttest_ind(first, second, equal_var=False).pvalue
    found = pooled_difference(METHODS[:2], BASES[:2], paired=True)
    assert found.heterogeneity_p == pytest.approx(expected)


@pytest.mark.parametrize("between", [0.0, 1.0])
def test_covers_with_and_without_heterogeneity(between: float) -> None:
    rng, studies, held, rejected = np.random.default_rng(9), 500, 0, 0
    for _ in range(studies):
        methods = rng.standard_normal((5, 6)) + between * rng.standard_normal((5, 1))
        found = pooled_difference(list(methods), list(rng.standard_normal((5, 6))), paired=False)
        held += found.difference.low <= 0 <= found.difference.high
        rejected += found.heterogeneity_p < 0.05
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert held / studies >= 0.95 - slack
    if between == 0:
        assert rejected / studies <= 0.05 + slack


def test_bad_tasks_are_named() -> None:
    with pytest.raises(ValueError, match="task 1: method has 2 runs"):
        pooled_difference([METHODS[0], [1.0, 2.0]], BASES[:2], paired=False)
    with pytest.raises(ValueError, match="task 0: the difference does not vary"):
        pooled_difference([BASES[0] + 1, METHODS[1]], BASES[:2], paired=True)
    with pytest.raises(ValueError, match="got 1 task"):
        pooled_difference(METHODS[:1], BASES[:1], paired=True)
    with pytest.raises(ValueError, match="pass the same tasks"):
        pooled_difference(METHODS, BASES[:2], paired=True)
