import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from seedwise.statistics import (
    churn,
    churn_difference,
    churn_ratio,
    churn_ratio_seeds_needed,
    churn_sd,
    error_variance,
    error_variance_difference,
    error_variance_ratio,
    mean_difference,
)

Labels = NDArray[np.int64]
HARD = special.logit(np.clip(np.random.default_rng(3).beta(0.4, 2.0, 120), 1e-4, None))
FUNCTIONS = (churn_ratio, churn_difference, error_variance_ratio, error_variance_difference)


def answers(runs: int, shift: float, rng: np.random.Generator, copy: Labels | None = None) -> Labels:
    """Class 0 is right; runs with a large z are worse as a whole. Half of the answers of ``copy`` are taken over."""
    wrong = rng.random((runs, 120)) < special.expit(HARD + shift * rng.standard_normal((runs, 1)))
    labels = np.where(wrong, rng.integers(1, 5, (runs, 120)), 0)
    return labels if copy is None else np.where(rng.random((runs, 120)) < 0.5, copy, labels)


def leave_out(values: NDArray[np.float64] | Labels, run: int, error: bool) -> float:
    kept = np.delete(values, run, axis=0)
    if error:
        return float(np.mean(np.var(kept != 0, axis=0, ddof=1)))
    return float(np.mean([np.mean(kept[a] != kept[b]) for a in range(len(kept)) for b in range(a)]))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("paired", [False, True])
def test_comparisons_are_those_of_the_means_of_pseudo_values(function: object, paired: bool) -> None:
    rng = np.random.default_rng(8)
    runs = (7, 7 if paired else 9)
    x, y = answers(runs[0], 0.5, rng), answers(runs[1], 0.2, rng)
    error, is_ratio = "error" in function.__name__, "ratio" in function.__name__  # type: ignore[attr-defined]
    given = (x != 0, y != 0) if error else (x, y)
    found = function(*given, paired=paired, level=0.9)  # type: ignore[operator]
    pseudo, whole = [], []
    for arm in (x, y):
        n = len(arm)
        one = np.mean(np.var(arm != 0, axis=0, ddof=1)) if error else churn(arm).estimate
        without = np.array([leave_out(arm, run, error) for run in range(n)])
        scale = np.log if is_ratio else (lambda v: v)
        whole.append(scale(one))
        pseudo.append(n * scale(one) - (n - 1) * scale(without))
    expected = mean_difference(pseudo[0], pseudo[1], paired=paired, level=0.9)
    half = expected.high - expected.estimate
    centre = whole[0] - whole[1]
    back = np.exp if is_ratio else (lambda v: v)
    assert [found.estimate, found.low, found.high] == pytest.approx(back([centre, centre - half, centre + half]))
    if paired or not is_ratio:  # Welch's degrees of freedom are inside mean_difference
        df = None if not paired else runs[0] - 1
        p = expected.p_value if not is_ratio else 2 * stats.t.sf(abs(centre) / (half / stats.t.ppf(0.95, df)), df)
        assert found.p_value == pytest.approx(p)
    assert found.n == list(runs)
    assert found.procedure == ("paired jackknife" if paired else "jackknife")


def test_error_variance_is_the_mean_of_the_variances_over_runs() -> None:
    x = np.random.default_rng(0).normal(size=(6, 30))
    v = error_variance(x)
    assert v.estimate == pytest.approx(np.mean(np.var(x, axis=0, ddof=1)))
    pseudo = [6 * v.estimate - 5 * np.mean(np.var(np.delete(x, i, axis=0), axis=0, ddof=1)) for i in range(6)]
    assert v.high - v.estimate == pytest.approx(stats.t.ppf(0.975, 5) * np.std(pseudo, ddof=1) / 6**0.5)
    right = x > 0
    assert error_variance(right).estimate == pytest.approx(churn(right.astype(int)).estimate / 2)
    assert error_variance(right) == error_variance(~right)
    groups = [0, 0, 0, 1, 1, 1]
    inside = [np.mean(np.var(part, axis=0, ddof=1)) for part in (x[:3], x[3:])]
    assert error_variance(x, groups=groups).estimate == pytest.approx(np.mean(inside))


def test_groups_keep_to_pairs_of_runs_with_equal_fixed_seeds() -> None:
    rng = np.random.default_rng(4)
    x, y, groups = answers(8, 0.3, rng), answers(8, 0.3, rng), [0, 0, 0, 0, 1, 1, 1, 1]
    q = churn_ratio(x, y, paired=True, groups=(groups, groups))
    assert q.estimate == pytest.approx(churn(x, groups=groups).estimate / churn(y, groups=groups).estimate)
    with pytest.raises(ValueError, match="the groups of a pair differ"):
        churn_ratio(x, y, paired=True, groups=(groups, groups[::-1]))


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("runs", [5, 10, 20, 50])
def test_null_studies_are_rejected_in_at_most_five_percent(runs: int, paired: bool) -> None:
    studies, found = 600, np.zeros((2, 4))
    rng = np.random.default_rng([runs, paired])
    for k, shift in enumerate((0.0, 0.5)):
        for _ in range(studies // 2):
            x = answers(runs, shift, rng)
            y = answers(runs, shift, rng, x if paired else None)
            for i, function in enumerate(FUNCTIONS):
                given = (x, y) if i < 2 else (x != 0, y != 0)
                found[k, i] += (function(*given, paired=paired).p_value or 0) < 0.05
    assert (found.sum(axis=0) / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)).all()


def test_a_plan_from_a_pilot_reaches_its_power() -> None:
    rng, studies = np.random.default_rng(12), 400
    pilot = churn(answers(200, 0.3, rng))
    easier = HARD - 0.4

    def method(runs: int) -> Labels:
        wrong = rng.random((runs, 120)) < special.expit(easier + 0.3 * rng.standard_normal((runs, 1)))
        return np.where(wrong, rng.integers(1, 5, (runs, 120)), 0)

    true = churn(method(200)).estimate / pilot.estimate
    n = churn_ratio_seeds_needed(ratio=true, sd=churn_sd(pilot, relative=True))
    assert 5 < n < 40
    found = [(churn_ratio(method(n), answers(n, 0.3, rng), paired=False).p_value or 0) < 0.05 for _ in range(studies)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04 + 3 * np.sqrt(0.16 / studies))  # .04: the pilot's own error


def test_arms_that_agree_and_arms_that_cannot_be_compared() -> None:
    x = answers(5, 0.3, np.random.default_rng(0))
    same = churn_ratio(x, x, paired=True)
    assert (same.estimate, same.low, same.high, same.p_value) == (1.0, 1.0, 1.0, 1.0)
    same = churn_difference(x, x, paired=True)
    assert (same.estimate, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)
    still = np.zeros_like(x)
    with pytest.raises(ValueError, match="the ratio is undefined: the churn of base is 0"):
        churn_ratio(x, still, paired=True)
    with pytest.raises(ValueError, match="the churn of method is 0; use churn_difference"):
        churn_ratio(still, x, paired=True)
    assert churn_difference(still, x, paired=True).estimate == pytest.approx(-churn(x).estimate)
    one = still.copy()
    one[0, :10] = 1
    alone = churn_ratio(one, x, paired=True)  # without run 0 nothing is left
    assert (alone.low, alone.high, alone.p_value) == (0.0, math.inf, 1.0)
    with pytest.raises(ValueError, match="paired arms need one run per pair; got 5 and 4 runs"):
        churn_ratio(x, x[:4], paired=True)
    with pytest.raises(ValueError, match="method has 120 examples and base 119"):
        churn_difference(x, x[:, 1:], paired=False)
    with pytest.raises(ValueError, match="method and base are about different examples"):
        churn_ratio(x, x, paired=False, example_ids=(np.arange(120), np.arange(120)[::-1]))
    with pytest.raises(TypeError, match="class labels"):
        churn_ratio(x * 1.0, x, paired=True)
    with pytest.raises(ValueError, match="level is 1"):
        error_variance_ratio(x != 0, x != 0, paired=True, level=1)
    with pytest.raises(ValueError, match="errors of run 0 holds values that are not finite"):
        error_variance_difference(np.full((3, 4), np.nan), np.ones((3, 4)), paired=True)
