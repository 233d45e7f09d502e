from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import churn, example_errors, negative_flips


def right_of(runs: int, examples: int, seed: int = 0) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    return rng.random((runs, examples)) < rng.random(examples)


@pytest.mark.parametrize(("runs", "examples"), [(3, 1), (4, 30), (9, 50)])
def test_flips_within_a_cell_are_those_of_all_ordered_pairs(runs: int, examples: int) -> None:
    right = right_of(runs, examples)
    flips = negative_flips(right)
    assert flips.estimate == pytest.approx(np.mean([np.mean(a & ~b) for a, b in permutations(right, 2)]))


def test_with_two_classes_flips_are_half_of_churn_and_so_is_their_interval() -> None:
    right = right_of(7, 40)
    flips, c = negative_flips(right, level=0.8), churn(right.astype(int), level=0.8)
    assert [2 * flips.estimate, 2 * flips.low, 2 * flips.high] == pytest.approx([c.estimate, c.low, c.high])
    assert (flips.n, flips.procedure, flips.level) == (7, "jackknife", 0.8)


def test_flips_between_cells_are_those_of_all_pairs_with_a_two_sample_jackknife() -> None:
    old, new = right_of(5, 40), right_of(8, 40, seed=1)
    flips = negative_flips(old, new, level=0.9)

    def mean(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
        return float(np.mean([np.mean(a & ~b) for a, b in product(first, second)]))

    without_old = np.array([mean(np.delete(old, i, axis=0), new) for i in range(5)])
    without_new = np.array([mean(old, np.delete(new, i, axis=0)) for i in range(8)])
    v1, v2 = ((len(w) - 1) / len(w) * np.sum((w - w.mean()) ** 2) for w in (without_old, without_new))
    half = stats.t.ppf(0.95, (v1 + v2) ** 2 / (v1**2 / 4 + v2**2 / 7)) * np.sqrt(v1 + v2)
    assert flips.estimate == pytest.approx(mean(old, new))
    assert [flips.low, flips.high] == pytest.approx([flips.estimate - half, flips.estimate + half])
    assert flips.n == [5, 8]


def test_cells_that_never_or_always_flip() -> None:
    all_right, all_wrong = np.ones((3, 4), dtype=bool), np.zeros((3, 4), dtype=bool)
    for old, new, expected in ((all_right, all_wrong, 1.0), (all_wrong, all_right, 0.0), (all_right, None, 0.0)):
        flips = negative_flips(old, new)
        assert (flips.estimate, flips.low, flips.high) == (expected, expected, expected)


@pytest.mark.parametrize("runs", [5, 15])
def test_the_intervals_cover_the_flips_of_new_runs(runs: int) -> None:
    studies, examples, rng = 800, 100, np.random.default_rng(runs)
    hard, easier = rng.random(examples), 0.7

    def train(n: int, factor: float = 1.0) -> NDArray[np.bool_]:  # runs differ in quality, example errors follow
        return rng.random((n, examples)) >= factor * rng.beta(20, 80, size=(n, 1)) * hard

    q = 0.2 * hard  # the mean chance of an error; two runs of a cell are independent
    within, between = float(np.mean((1 - q) * q)), float(np.mean((1 - q) * easier * q))
    covered = np.zeros(2)
    for _ in range(studies):
        old, new = train(runs), train(runs, easier)
        one, two = negative_flips(old), negative_flips(old, new)
        covered += [one.low <= within <= one.high, two.low <= between <= two.high]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # beside 2 % for the jackknife, which is approximate
    assert np.all(np.abs(covered / studies - 0.95) <= 0.02 + slack), covered / studies


def test_example_errors_have_the_intervals_of_scipy() -> None:
    right = right_of(9, 30)
    right[:, 0], right[:, 1] = True, False
    errors = example_errors(right, level=0.9)
    for example in range(30):
        wrong = int(np.sum(~right[:, example]))
        expected = stats.binomtest(wrong, 9).proportion_ci(0.9, "wilson")
        assert errors.rates[example] == pytest.approx(wrong / 9)
        assert [errors.low[example], errors.high[example]] == pytest.approx([expected.low, expected.high], abs=1e-12)
    assert errors.rates.shape == errors.low.shape == errors.high.shape == (30,)
    assert (errors.n, errors.level, errors.procedure) == (9, 0.9, "Wilson")
    assert errors.always_right == int(np.sum(errors.rates == 0)) >= 1
    assert errors.always_wrong == int(np.sum(errors.rates == 1)) >= 1


@pytest.mark.parametrize("function", [negative_flips, example_errors])
def test_bad_correctness_is_refused(function: object) -> None:
    for bad, error, message in (
        (np.full((3, 4), 2), TypeError, "correct must be true or false, one per run and example; pass predictions =="),
        (np.full((3, 4), 0.5), TypeError, "correct must be true or false"),
        (np.full((3, 4), "yes"), TypeError, "correct must be true or false"),
        (np.ones((2, 4), dtype=bool), ValueError, "correct has 2 runs: an interval over runs needs at least 3"),
        (np.ones((3, 0), dtype=bool), ValueError, "correct has 0 examples: at least 1 needed"),
        (np.ones(4, dtype=bool), ValueError, r"correct has shape \(4,\); pass a 2-D array \(runs, examples\)"),
        ([[1, 0], [1, 0], [1]], ValueError, "the runs of correct have different numbers of examples"),
    ):
        with pytest.raises(error, match=message):
            function(bad)  # type: ignore[operator]
    with pytest.raises(ValueError, match="runs 0 and 1 predicted different examples"):
        function(np.ones((3, 2)), example_ids=[[0, 1], [1, 0], [0, 1]])  # type: ignore[operator]
    with pytest.raises(ValueError, match="level is 2"):
        function(np.ones((3, 2)), level=2)  # type: ignore[operator]


def test_cells_on_different_examples_are_refused() -> None:
    right = right_of(3, 4)
    with pytest.raises(ValueError, match="correct has 4 examples and new 3; pass the examples they share"):
        negative_flips(right, right[:, :3])
    with pytest.raises(ValueError, match="example ids are given for one of correct and new; pass both, or neither"):
        negative_flips(right, right, example_ids=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="correct and new are about different examples, or in another order"):
        negative_flips(right, right, example_ids=[0, 1, 2, 3], new_example_ids=[0, 1, 3, 2])
    ids = ["a", "b", "c", "d"]
    assert negative_flips(right, right, example_ids=ids, new_example_ids=[ids] * 3) == negative_flips(right, right)
