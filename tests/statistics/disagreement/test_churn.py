import sys
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import churn


def by_pairs(labels: NDArray[np.int64]) -> float:
    return float(np.mean([np.mean(a != b) for a, b in combinations(labels, 2)]))


def labels_of(runs: int, examples: int, classes: int = 4, seed: int = 0) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, classes, examples)
    return np.where(rng.random((runs, examples)) < 0.3, rng.integers(0, classes, (runs, examples)), base)


@pytest.mark.parametrize(("runs", "examples"), [(3, 1), (3, 40), (7, 25), (20, 100)])
def test_churn_is_the_mean_over_pairs_with_a_jackknife_interval(runs: int, examples: int) -> None:
    labels = labels_of(runs, examples)
    c = churn(labels, level=0.9)
    without = [by_pairs(np.delete(labels, i, axis=0)) if runs > 3 else None for i in range(runs)]
    if runs == 3:
        without = [
            float(np.mean(a != b)) for a, b in ((labels[1], labels[2]), (labels[0], labels[2]), (labels[0], labels[1]))
        ]
    theta = np.array(without, dtype=float)
    se = np.sqrt((runs - 1) / runs * np.sum((theta - theta.mean()) ** 2))
    half = stats.t.ppf(0.95, runs - 1) * se
    assert c.estimate == pytest.approx(by_pairs(labels))
    assert [c.low, c.high] == pytest.approx([max(0, c.estimate - half), min(1, c.estimate + half)])
    assert (c.n, c.level, c.procedure, c.p_value) == (runs, 0.9, "jackknife", None)


def test_the_names_of_the_classes_do_not_matter() -> None:
    labels = labels_of(5, 30)
    expected = churn(labels)
    assert churn(labels * 1000 - 7) == expected
    assert churn(np.array(list("abcd"))[labels]) == expected
    assert churn(labels.astype(np.uint8)) == expected
    assert churn(labels - 3) == expected
    # The farthest apart that integers can be, and a kind of them that int64 does not hold.
    assert churn(np.array([np.iinfo(np.int64).min, -1, 0, np.iinfo(np.int64).max])[labels]) == expected
    assert churn(labels.astype(np.uint64) + 2**63) == expected


def test_examples_are_counted_in_pieces_without_changing_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = labels_of(6, 101)
    expected = churn(labels)
    monkeypatch.setattr(sys.modules["seedwise.statistics.disagreement.churn"], "_COUNTS_AT_ONCE", 50)
    assert churn(labels) == expected


def test_runs_that_agree_everywhere_have_no_churn() -> None:
    c = churn(np.tile(labels_of(1, 20), (5, 1)))
    assert (c.estimate, c.low, c.high) == (0.0, 0.0, 0.0)


def test_one_run_on_its_own_is_seen() -> None:
    labels = np.zeros((4, 10), dtype=int)
    labels[0] = 1
    assert churn(labels).estimate == pytest.approx(0.5)  # 3 of 6 pairs disagree everywhere


def test_example_ids_must_agree() -> None:
    labels = labels_of(3, 5)
    ids = np.arange(5)
    expected = churn(labels)
    for same in (ids, ids.tolist(), [ids] * 3, np.tile(ids, (3, 1)), tuple("abcde"), [list("abcde")] * 3):
        assert churn(labels, example_ids=same) == expected
    with pytest.raises(ValueError, match="runs 0 and 2 predicted different examples, or in another order"):
        churn(labels, example_ids=[ids, ids, ids[::-1]])
    with pytest.raises(ValueError, match="runs 0 and 1 predicted different examples"):
        churn(labels, example_ids=np.arange(15).reshape(3, 5))
    with pytest.raises(ValueError, match="example_ids has 2 rows for 3 runs"):
        churn(labels, example_ids=[ids, ids])
    with pytest.raises(ValueError, match=r"example_ids of run 1 has shape \(4,\)"):
        churn(labels, example_ids=[ids, ids[:4], ids])


@pytest.mark.parametrize(
    ("predictions", "error", "message"),
    [
        (np.zeros((2, 5), dtype=int), ValueError, "predictions has 2 runs: an interval of churn needs at least 3"),
        (np.zeros((5, 3, 10)), TypeError, r"class labels; got float64: pass scores.argmax\(axis=-1\)"),
        (np.zeros(5, dtype=int), ValueError, r"predictions has shape \(5,\); pass a 2-D array \(runs, examples\)"),
        (np.zeros((3, 0), dtype=int), ValueError, "predictions has no examples"),
        ([[1, 2], [1, 2], [1]], ValueError, "different numbers of examples"),
    ],
)
def test_bad_predictions_are_refused(predictions: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        churn(predictions)  # type: ignore[arg-type]


@pytest.mark.parametrize("runs", [5, 10, 20])
def test_the_interval_covers_the_churn_of_new_runs(runs: int) -> None:
    studies, examples, rng = 1000, 100, np.random.default_rng(runs)
    # Runs differ in quality (a share q of the hard examples is wrong), and err independently given their quality.
    hard = rng.random(examples)

    def train(n: int) -> NDArray[np.int64]:
        quality = rng.beta(20, 80, size=(n, 1))
        return np.where(rng.random((n, examples)) < quality * hard, rng.integers(1, 10, (n, examples)), 0)

    q1 = 0.2 * hard  # two runs: P(agree) = P(both right) + P(both wrong) / 9, with E(q^2) of beta(20, 80)
    q2 = 20 * 21 / (100 * 101) * hard**2
    true = float(np.mean(1 - (1 - 2 * q1 + q2) - q2 / 9))
    covered = sum(c.low <= true <= c.high for c in (churn(train(runs)) for _ in range(studies)))
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # beside 2 % for the jackknife, which is approximate
    assert abs(covered / studies - 0.95) <= 0.02 + slack


def test_the_interval_stays_between_zero_and_one() -> None:
    c = churn([[0, 1, 2, 1], [0, 1, 2, 2], [0, 1, 1, 2]])  # disagreements of the pairs: 1/4, 2/4, 1/4
    assert (c.low, c.high) == (0.0, 1.0)
