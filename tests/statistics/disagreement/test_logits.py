from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from seedwise.statistics import cross_entropy, ensemble_delta, logit_correlation, spread

Logits = NDArray[np.float64]


def logits_of(runs: int, examples: int, classes: int = 4, seed: int = 0) -> Logits:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(1, examples, classes)) + rng.normal(size=(runs, examples, classes))


def labels_of(examples: int, classes: int = 4) -> NDArray[np.int64]:
    return np.arange(examples) % classes


def jackknife(statistic: list[list[float]], level: float) -> tuple[float, float]:
    """The interval by definition: the statistic of pairs (a table), recomputed without each run."""
    table = np.array(statistic)
    runs = len(table)

    def mean_over_pairs(kept: list[int]) -> float:
        return float(np.mean([table[a, b] for a, b in combinations(kept, 2)]))

    without = np.array([mean_over_pairs([j for j in range(runs) if j != i]) for i in range(runs)])
    se = np.sqrt((runs - 1) / runs * np.sum((without - without.mean()) ** 2))
    estimate = mean_over_pairs(list(range(runs)))
    half = stats.t.ppf((1 + level) / 2, runs - 1) * se
    return estimate - half, estimate + half


def test_cross_entropy_is_minus_the_log_of_the_softmax() -> None:
    z, y = logits_of(4, 30), labels_of(30)
    assert cross_entropy(z, y) == pytest.approx(-np.log(special.softmax(z, axis=2)[:, np.arange(30), y]))
    assert spread(cross_entropy(z, y).mean(axis=1)).n == 4


def test_cross_entropy_of_large_logits_is_finite() -> None:
    z = np.array([[[60_000.0, 0.0]]] * 3, dtype=np.float16)
    assert cross_entropy(z, [0]).tolist() == [[0.0]] * 3
    assert cross_entropy(z, [1]).tolist() == [[float(np.float16(60_000))]] * 3


@pytest.mark.parametrize("kind", ["spearman", "pearson"])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("runs", [3, 6])
def test_the_correlation_is_that_of_scipy_averaged_over_pairs(kind: str, centre: bool, runs: int) -> None:
    z = np.round(logits_of(runs, 25), 1)  # with ties
    c = logit_correlation(z, kind=kind, centre=centre, level=0.9)  # type: ignore[arg-type]
    kept = z - z.mean(axis=2, keepdims=True) if centre else z
    of_pair = stats.spearmanr if kind == "spearman" else stats.pearsonr
    table = [[float(of_pair(a.ravel(), b.ravel()).statistic) for b in kept] for a in kept]
    assert c.estimate == pytest.approx(np.mean([table[a][b] for a, b in combinations(range(runs), 2)]))
    if runs > 3:
        low, high = jackknife(table, 0.9)
        assert [c.low, c.high] == pytest.approx([max(-1, low), min(1, high)])
    assert (c.n, c.level, c.procedure) == (runs, 0.9, "jackknife")


def test_centring_takes_away_what_the_softmax_does_not_see() -> None:
    z = logits_of(5, 40)
    shifted = z + 5 * np.random.default_rng(1).normal(size=(5, 40, 1))
    assert logit_correlation(shifted).estimate < logit_correlation(z).estimate - 0.1
    one, other = (logit_correlation(x, centre=True, kind="pearson") for x in (z, shifted))
    assert [one.estimate, one.low, one.high] == pytest.approx([other.estimate, other.low, other.high])


def test_runs_that_agree_have_correlation_one() -> None:
    c = logit_correlation(np.tile(logits_of(1, 20), (4, 1, 1)))
    assert [c.estimate, c.low, c.high] == pytest.approx([1, 1, 1])
    assert c.high <= 1


@pytest.mark.parametrize("runs", [3, 6])
def test_the_ensemble_delta_is_that_of_all_pairs_written_out(runs: int) -> None:
    z, y = logits_of(runs, 60), labels_of(60)
    z[:, np.arange(60), y] += 1

    def accuracy(scores: Logits) -> float:
        return float(np.mean(scores.argmax(axis=1) == y))

    table = [[accuracy((a + b) / 2) - (accuracy(a) + accuracy(b)) / 2 for b in z] for a in z]
    d = ensemble_delta(z, y, level=0.9)
    assert d.estimate == pytest.approx(np.mean([table[a][b] for a, b in combinations(range(runs), 2)]))
    assert d.estimate > 0.03
    if runs > 3:
        assert [d.low, d.high] == pytest.approx(jackknife(table, 0.9))


def test_half_precision_is_summed_in_single_precision() -> None:
    z, y = logits_of(5, 200).astype(np.float16), labels_of(200)
    assert ensemble_delta(z, y) == ensemble_delta(z.astype(np.float64), y)
    assert logit_correlation(z) == logit_correlation(z.astype(np.float64))


def test_double_precision_is_kept() -> None:
    z = np.tile([[[1.0, 1.0 + 1e-12], [1.0 + 1e-12, 1.0]]], (3, 1, 1))
    z[0] = [[1.0 + 3e-12, 1.0], [1.0, 1.0]]  # with another run, the first class leads by 1e-12
    assert ensemble_delta(z, [0, 0]).estimate == pytest.approx((1 + 1 + 0.5) / 3 - (1 + 0.5 + 0.5) / 3)


def test_examples_in_pieces_give_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    z, y = logits_of(4, 37), labels_of(37)
    expected = ensemble_delta(z, y), cross_entropy(z, y).tolist()
    monkeypatch.setattr("seedwise.statistics.core._predictions._VALUES_AT_ONCE", 100)
    assert (ensemble_delta(z, y), cross_entropy(z, y).tolist()) == expected


@pytest.mark.parametrize("runs", [5, 12])
def test_the_intervals_cover_the_values_of_new_runs(runs: int) -> None:
    studies, examples, rng = 1000, 60, np.random.default_rng(runs)
    signal, y = rng.normal(size=(examples, 3)), rng.integers(0, 3, examples)
    signal[np.arange(examples), y] += 1

    def train(n: int) -> Logits:  # runs differ in quality, and so in how they agree with others
        noise = np.exp(rng.normal(0, 0.3, size=(n, 1, 1)))
        return signal + noise * rng.normal(size=(n, examples, 3))

    many = 10_000
    a, b = train(many), train(many)
    right = [float(np.mean(x.argmax(axis=2) == y)) for x in (a, b, (a + b) / 2)]
    u, v = ((x - x.mean(axis=(1, 2), keepdims=True)).reshape(many, -1) for x in (a, b))
    true_correlation = np.mean(np.sum(u * v, axis=1) / np.sqrt(np.sum(u * u, axis=1) * np.sum(v * v, axis=1)))
    true_delta = right[2] - (right[0] + right[1]) / 2
    covered = np.zeros(2)
    for _ in range(studies):
        z = train(runs)
        c, d = logit_correlation(z, kind="pearson"), ensemble_delta(z, y)
        covered += [c.low <= true_correlation <= c.high, d.low <= true_delta <= d.high]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # beside 2 % for the jackknife, which is approximate
    assert np.all(np.abs(covered / studies - 0.95) <= 0.02 + slack), covered / studies


def test_twenty_runs_on_ten_thousand_examples_take_no_time() -> None:
    import time

    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((20, 10_000, 10)).astype(np.float16), rng.integers(0, 10, 10_000)
    start = time.perf_counter()
    logit_correlation(z)
    ensemble_delta(z, y)
    assert time.perf_counter() - start < 10  # well under 1 s on an idle core


@pytest.mark.parametrize(
    ("logits", "error", "message"),
    [
        (np.zeros((2, 5, 3)), ValueError, "logits has 2 runs: an interval over runs needs at least 3"),
        (np.zeros((3, 5)), ValueError, r"logits has shape \(3, 5\); pass a 3-D array \(runs, examples, classes\)"),
        (np.zeros((3, 0, 2)), ValueError, "logits has 0 examples: at least 1 needed"),
        (np.zeros((3, 5, 1)), ValueError, "logits has 1 class; pass one score per class"),
        (np.full((3, 5, 2), np.inf), ValueError, "logits of run 0 holds values that are not finite"),
        (np.full((3, 5, 2), "a"), TypeError, "logits must be numbers; got <U1"),
        ([[[1, 2]], [[1, 2]], [[1, 2], [1, 2]]], ValueError, "the runs of logits have different numbers of examples"),
    ],
)
def test_bad_logits_are_refused(logits: object, error: type[Exception], message: str) -> None:
    for function in (cross_entropy, ensemble_delta):
        with pytest.raises(error, match=message):
            function(logits, [0] * 5)  # type: ignore[arg-type]
    with pytest.raises(error, match=message):
        logit_correlation(logits)  # type: ignore[arg-type]


def test_what_does_not_fit_is_refused() -> None:
    z = logits_of(3, 4)
    for function in (cross_entropy, ensemble_delta):
        with pytest.raises(ValueError, match=r"labels has shape \(3,\); pass one true class per example, \(4,\)"):
            function(z, [0, 1, 2])
        with pytest.raises(ValueError, match="labels run from 0 to 4, but the logits have 4 classes"):
            function(z, [0, 1, 2, 4])
        with pytest.raises(ValueError, match="labels run from -1 to 2"):
            function(z, [0, 1, 2, -1])
        with pytest.raises(TypeError, match="labels must be integers; got float64"):
            function(z, [0.0, 1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="kind is 'kendall'; pass 'spearman' or 'pearson'"):
        logit_correlation(z, kind="kendall")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the logits of run 1 are all equal"):
        logit_correlation(np.stack([z[0], np.full_like(z[0], 0.1), z[2]]))
    other_order = [[0, 1, 2, 3], [0, 1, 2, 3], [3, 2, 1, 0]]
    for result in (
        lambda: logit_correlation(z, example_ids=other_order),
        lambda: ensemble_delta(z, [0] * 4, example_ids=other_order),
    ):
        with pytest.raises(ValueError, match="runs 0 and 2 predicted different examples"):
            result()
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="level is"):
            logit_correlation(z, level=level)
