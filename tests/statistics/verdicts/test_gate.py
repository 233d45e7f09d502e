import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import gate, mean_equivalence

RNG = np.random.default_rng(4)
BASE, NEW = RNG.normal(98, 0.3, 7), RNG.normal(97.9, 0.3, 4)


def test_one_run_is_judged_by_the_prediction_interval() -> None:
    found = gate(97.4, BASE, higher_is_better=True)
    se = BASE.std(ddof=1) * np.sqrt(1 + 1 / 7)
    d, half = 97.4 - BASE.mean(), stats.t.ppf(0.95, 6) * se
    assert [found.difference.low, found.difference.high] == pytest.approx([d - half, d + half])
    assert found.p_regression == pytest.approx(stats.t.cdf(d / se, 6))
    assert (found.difference.level, found.difference.n) == (pytest.approx(0.9), [1, 7])


def test_several_runs_are_judged_by_welch() -> None:
    for higher, alternative in ((True, "less"), (False, "greater")):
        expected = stats.ttest_ind(NEW, BASE, equal_var=False, alternative=alternative)
        assert gate(NEW, BASE, higher_is_better=higher).p_regression == pytest.approx(expected.pvalue)


def test_outcomes() -> None:
    assert gate(96.0, BASE, higher_is_better=True).outcome == "regression"
    assert gate(96.0, BASE, higher_is_better=False).outcome == "no regression"
    assert gate(100.0, BASE, higher_is_better=False).outcome == "regression"
    near = float(BASE.mean())
    assert gate(near, BASE, higher_is_better=True).outcome == "no regression"
    assert gate(near, BASE, higher_is_better=True, margin=0.1).outcome == "equivalence not shown"
    assert gate(near, BASE, higher_is_better=True, margin=2.0).outcome == "no regression"
    assert gate(96.0, BASE, higher_is_better=True, margin=0.1).outcome == "regression"


def test_equivalence_is_that_of_the_means() -> None:
    found, expected = (
        gate(NEW, BASE, higher_is_better=True, margin=0.8).equivalence,
        mean_equivalence(NEW, BASE, margin=0.8, paired=False),
    )
    assert found is not None
    assert (found.p_value, found.equivalent) == (pytest.approx(expected.p_value), expected.equivalent)
    assert found.interval.low == pytest.approx(expected.interval.low)


def test_the_smallest_regression_is_found_with_a_chance_of_8_in_10() -> None:
    found = gate(97.9, BASE, higher_is_better=True)
    se = BASE.std(ddof=1) * np.sqrt(1 + 1 / 7)
    power = stats.nct.sf(stats.t.ppf(0.95, 6), 6, found.smallest_regression / se)
    assert power == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(("m", "n"), [(1, 5), (2, 10), (4, 5)])
def test_false_alarms_over_bases_and_of_one_base(m: int, n: int) -> None:
    rng, bases, uses = np.random.default_rng([m, n]), 4000, 150
    base, new = rng.standard_normal((bases, 1, n)), rng.standard_normal((bases, uses, m))
    variance = base.var(axis=2, ddof=1) * (1 / m + 1 / n), np.asarray(n - 1.0)
    if m > 2:
        v, w = base.var(axis=2, ddof=1) / n, new.var(axis=2, ddof=1) / m
        variance = v + w, (v + w) ** 2 / (v**2 / (n - 1) + w**2 / (m - 1))
    p = stats.t.cdf((new.mean(axis=2) - base.mean(axis=2)) / np.sqrt(variance[0]), variance[1])
    first = gate(new[0, 0], base[0, 0], higher_is_better=True)
    assert first.p_regression == pytest.approx(p[0, 0])
    rates = 100 * np.mean(p < 0.05, axis=1)
    assert rates.mean() == pytest.approx(first.false_alarms, abs=1.2)  # Welch is approximate
    assert first.false_alarms == pytest.approx(5)
    assert list(first.false_alarms_range) == pytest.approx(np.quantile(rates, [0.05, 0.95]).tolist(), abs=2.5)


def test_runs_without_noise() -> None:
    assert gate(0.3, [0.3] * 4, higher_is_better=True, margin=0.1).outcome == "no regression"
    with pytest.raises(ValueError, match="there is no noise to judge it by"):
        gate(0.2, [0.3] * 4, higher_is_better=True)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="base has 2 runs"):
        gate(0.2, [0.3, 0.2], higher_is_better=True)
    with pytest.raises(ValueError, match="new has no run"):
        gate([], BASE, higher_is_better=True)
    with pytest.raises(ValueError, match=r"new\[0\] is nan"):
        gate(float("nan"), BASE, higher_is_better=True)
    with pytest.raises(TypeError, match="higher_is_better"):
        gate(0.2, BASE, higher_is_better=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="margin is 0"):
        gate(0.2, BASE, higher_is_better=True, margin=0)
