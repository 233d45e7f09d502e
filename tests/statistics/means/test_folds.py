import math

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import five_by_two_difference, fold_difference, mean_difference

RNG = np.random.default_rng(0)
X, Y = RNG.normal(0.9, 0.02, (10, 10)), RNG.normal(0.88, 0.02, (10, 10))


def test_the_corrected_t_written_out() -> None:
    differences = (X - Y).ravel()
    se = math.sqrt((1 / 100 + 1 / 9) * np.var(differences, ddof=1))
    d = fold_difference(X, Y, level=0.9)
    half = stats.t.ppf(0.95, 99) * se
    p = 2 * stats.t.sf(abs(differences.mean()) / se, 99)
    assert [d.low, d.high, d.p_value] == pytest.approx([differences.mean() - half, differences.mean() + half, p])
    assert (d.n, d.level, d.procedure) == ([100, 100], 0.9, "corrected t over folds")


def test_ten_folds_widen_the_plain_interval_by_a_constant() -> None:
    plain, corrected = mean_difference(X[0], Y[0], paired=True), fold_difference(X[0], Y[0])
    assert (corrected.high - corrected.low) / (plain.high - plain.low) == pytest.approx(
        math.sqrt((1 / 10 + 1 / 9) * 10)
    )


def test_random_splits_have_a_share_of_their_own() -> None:
    half, fifth = (fold_difference(X[0], Y[0], test_share=share) for share in (0.5, 0.2))
    assert (half.high - half.estimate) / (fifth.high - fifth.estimate) == pytest.approx(math.sqrt(1.1 / 0.35))


def test_alpaydins_f_written_out() -> None:
    x, y = X[:5, :2], Y[:5, :2]
    p = x - y
    f = np.sum(p**2) / (2 * sum((one - other) ** 2 / 2 for one, other in p))
    assert five_by_two_difference(x, y).p_value == pytest.approx(stats.f.sf(f, 10, 5))


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_the_limits_of_five_by_two_are_where_its_test_rejects(level: float) -> None:
    x, y = X[:5, :2], Y[:5, :2]
    d = five_by_two_difference(x, y, level=level)
    for limit in (d.low, d.high):
        assert five_by_two_difference(x - limit, y, level=level).p_value == pytest.approx(1 - level)


def test_equal_folds_differ_by_nothing_and_a_constant_difference_is_refused() -> None:
    same = fold_difference(X[0], X[0])
    assert (same.low, same.high, same.p_value) == (0, 0, 1)
    with pytest.raises(ValueError, match="in every fold and has no interval"):
        fold_difference(X[0] + 0.1, X[0])
    with pytest.raises(ValueError, match="same in both folds"):
        five_by_two_difference(X[:5, :2] + 0.1, X[:5, :2])


def test_bad_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="on the same folds"):
        fold_difference(X, Y[:5])
    with pytest.raises(ValueError, match="five repeats of two folds"):
        five_by_two_difference(X, Y)
    with pytest.raises(ValueError, match=r"test_share is 1\.5"):
        fold_difference(X, Y, test_share=1.5)
    with pytest.raises(ValueError, match="no difference"):
        five_by_two_difference(np.arange(5.0)[:, None] + [0.0, 0.1], np.zeros((5, 2)))


def least_squares_folds(rng: np.random.Generator, studies: int, examples: int, folds: int) -> np.ndarray:
    """Cross-validate two linear models, each on one half of the features; shape (studies, 2, folds)."""
    x = rng.standard_normal((studies, 2, folds, examples // folds, 5))
    y = np.sign(0.3 * x.sum(axis=(1, 4)) + rng.standard_normal((studies, folds, examples // folds)))
    squares, products = x.swapaxes(3, 4) @ x, x.swapaxes(3, 4) @ y[:, None, ..., None]
    trained = np.linalg.solve(squares.sum(2, keepdims=True) - squares, products.sum(2, keepdims=True) - products)
    return np.mean(((x @ trained)[..., 0] > 0) == (y[:, None] > 0), axis=3)


def test_equally_good_methods_are_seldom_called_different() -> None:
    studies = 1500
    plain = corrected = 0
    for method, base in least_squares_folds(np.random.default_rng(8), studies, 60, 5):
        if np.ptp(method - base) > 1e-9:
            plain += mean_difference(method, base, paired=True).p_value < 0.05
            corrected += fold_difference(method, base).p_value < 0.05
    slack = 3 * math.sqrt(0.05 * 0.95 / studies)
    assert corrected / studies < 0.05 + slack / 3
    assert plain / studies > 0.05 + slack
