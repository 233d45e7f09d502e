import sys
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from seedwise.statistics import churn, cross_entropy, ensemble_spread, spread

Array = NDArray[np.float64]
LABELS = np.zeros(200, dtype=int)
HARD = np.random.default_rng(11).normal(1.2, 1.0, 200)


def pool(runs: int, rng: np.random.Generator, size: int = 1, shift: float = 0.3) -> Array:
    """Mean logits of ensembles of ``size`` runs: normal, so their law is known for every size."""
    z = 0.5 * rng.standard_normal((runs, 200, 2))
    z[..., 0] += shift * rng.standard_normal((runs, 1))
    z /= np.sqrt(size)
    z[..., 0] += HARD
    return z


def over_all_pairs(z: Array, size: int, runs: list[int]) -> tuple[float, float]:
    """Variance and churn over all pairs of disjoint ensembles of these runs: what partitions sample."""
    classes = {g: z[list(g)].mean(axis=0).argmax(axis=1) for g in combinations(runs, size)}
    accuracy = {g: float(np.mean(c == 0)) for g, c in classes.items()}
    pairs = [(a, b) for a, b in combinations(classes, 2) if not set(a) & set(b)]
    return (
        float(np.mean([(accuracy[a] - accuracy[b]) ** 2 / 2 for a, b in pairs])),
        float(np.mean([np.mean(classes[a] != classes[b]) for a, b in pairs])),
    )


def test_many_partitions_approach_all_pairs_of_disjoint_ensembles_and_their_jackknife() -> None:
    runs, size = 8, 2
    z = pool(runs, np.random.default_rng(3))
    e = ensemble_spread(z, LABELS, size, partitions=4000)
    variance, disagreement = over_all_pairs(z, size, list(range(runs)))
    assert e.spread.estimate**2 == pytest.approx(variance, rel=0.02)
    assert e.churn is not None
    assert e.churn.estimate == pytest.approx(disagreement, rel=0.01)
    accuracy = (z.argmax(axis=2) == 0).mean(axis=1)
    assert e.base == pytest.approx(spread(accuracy).estimate)
    assert e.ratio.estimate == pytest.approx(e.spread.estimate / e.base)
    logs, churns = [], []
    for left_out in range(runs):
        kept = [run for run in range(runs) if run != left_out]
        v, c = over_all_pairs(z, size, kept)
        logs.append(np.log(v / np.var(accuracy[kept], ddof=1)) / 2)
        churns.append(c)

    def error(values: list[float]) -> float:
        return float(np.sqrt((runs - 1) / runs * np.sum((np.array(values) - np.mean(values)) ** 2)))

    t = stats.t.ppf(0.975, runs - 1)
    assert np.log(e.ratio.high / e.ratio.estimate) == pytest.approx(t * error(logs), rel=0.05)
    assert np.log(e.ratio.estimate / e.ratio.low) == pytest.approx(t * error(logs), rel=0.05)
    assert e.churn.high - e.churn.estimate == pytest.approx(t * error(churns), rel=0.05)
    expected_p = 2 * stats.t.sf(abs(np.log(e.ratio.estimate)) / error(logs), runs - 1)
    assert e.ratio.p_value == pytest.approx(expected_p, rel=0.1)
    assert e.reduction.estimate == pytest.approx(100 * (1 - e.ratio.estimate))
    assert (e.size, e.n, e.ensembles, e.partitions) == (2, 8, 4, 4000)


def test_one_partition_at_a_time_is_what_the_definition_says() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=(11, 200, 3))
    labels = rng.integers(0, 3, 200)
    e = ensemble_spread(z, labels, 3, partitions=100, rng=7, score="cross_entropy")
    orders = np.random.default_rng(7).permuted(np.tile(np.arange(11), (100, 1)), axis=1)
    variances, means, differing = [], [], []
    for order in orders:
        mean_logits = np.stack([z[order[k : k + 3]].mean(axis=0) for k in (0, 3, 6)])
        losses = -np.take_along_axis(special.log_softmax(mean_logits, axis=2), labels[None, :, None], axis=2)[..., 0]
        variances.append(np.var(losses.mean(axis=1), ddof=1))
        means.append(losses.mean())
        differing.append(churn(mean_logits.argmax(axis=2)).estimate)
    assert e.spread.estimate**2 == pytest.approx(np.mean(variances), rel=1e-5)
    assert e.mean.estimate == pytest.approx(np.mean(means), rel=1e-6)
    assert e.gain.estimate == pytest.approx(np.mean(means) - cross_entropy(z, labels).mean(), rel=1e-5)
    assert e.churn is not None
    assert e.churn_ratio is not None
    assert e.churn.estimate == pytest.approx(np.mean(differing))
    assert e.churn_ratio.estimate == pytest.approx(np.mean(differing) / churn(z.argmax(axis=2)).estimate)


@pytest.mark.parametrize("size", [2, 5])
def test_the_mean_of_a_linear_score_spreads_less_by_the_root_of_the_size(size: int) -> None:
    forecasts = np.random.default_rng(1).normal(size=(20, 40))  # any shape (runs, examples, ...) with an own score
    found = [
        ensemble_spread(forecasts, np.zeros(40), size, score=lambda z, y: z - y, partitions=200, rng=k)
        for k in range(60)
    ]
    # The pool says it exactly, so that all that is left is the draw of partitions: 95 % of 60 intervals, less 3 SE.
    assert np.mean([e.ratio.low < size**-0.5 < e.ratio.high for e in found]) > 0.86
    e = found[0]
    assert e.ratio.estimate == pytest.approx(size**-0.5, rel=0.1)
    assert e.ratio.high / e.ratio.low < 1.25  # what both pools share cancels: the spread itself is uncertain by 2
    assert e.spread.high / e.spread.low > 1.5
    assert e.mean.estimate == pytest.approx(forecasts.mean(), abs=1e-6)
    assert e.churn is None
    assert e.churn_ratio is None


def test_results_can_be_repeated_and_do_not_depend_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    z = pool(12, np.random.default_rng(0))
    e = ensemble_spread(z, LABELS, 3, rng=4)
    assert ensemble_spread(z, LABELS, 3, rng=4) == e
    assert ensemble_spread(z, LABELS, 3, rng=5) != e
    monkeypatch.setattr(sys.modules["seedwise.statistics.spreads.ensembles"], "_VALUES_AT_ONCE", 10_000)
    assert ensemble_spread(z, LABELS, 3, rng=4) == e
    assert ensemble_spread(z.astype(np.float32), LABELS, 3, rng=4).mean.estimate == pytest.approx(e.mean.estimate)


def test_another_base_with_the_same_seeds_is_left_out_run_by_run_too() -> None:
    runs, size = 8, 2
    z = pool(runs, np.random.default_rng(3))
    own = (z.argmax(axis=2) == 0).mean(axis=1)
    alone = ensemble_spread(z, LABELS, size, partitions=2000)
    same = ensemble_spread(z, LABELS, size, partitions=2000, base=own)
    assert same.ratio.low == pytest.approx(alone.ratio.low)
    assert same.gain.high == pytest.approx(alone.gain.high)
    other = own + np.random.default_rng(1).normal(0, 0.01, runs)
    e = ensemble_spread(z, LABELS, size, partitions=2000, base=other)
    assert e.base == pytest.approx(np.std(other, ddof=1))
    assert e.gain.estimate == pytest.approx(e.mean.estimate - other.mean())
    assert e.churn_ratio == alone.churn_ratio
    logs = []
    for left_out in range(runs):
        kept = [run for run in range(runs) if run != left_out]
        logs.append(np.log(over_all_pairs(z, size, kept)[0] / np.var(other[kept], ddof=1)) / 2)
    error = np.sqrt((runs - 1) / runs * np.sum((np.array(logs) - np.mean(logs)) ** 2))
    assert np.log(e.ratio.high / e.ratio.estimate) == pytest.approx(stats.t.ppf(0.975, runs - 1) * error, rel=0.05)
    with pytest.raises(ValueError, match="base has 7 runs and logits 8; pass the runs present in both"):
        ensemble_spread(z, LABELS, size, base=other[1:])


def test_half_the_pool_has_a_spread_but_no_limits() -> None:
    z = pool(10, np.random.default_rng(0))
    e = ensemble_spread(z, LABELS, 5)
    assert (e.ratio.low, e.ratio.high, e.ratio.p_value) == (0.0, np.inf, 1.0)
    assert 0 < e.ratio.estimate < 2
    assert e.churn is not None
    assert (e.churn.low, e.churn.high) == (0.0, 1.0)
    assert np.isfinite(e.mean.high)


@pytest.mark.parametrize(("runs", "size", "studies"), [(20, 2, 200), (20, 5, 200), (50, 5, 100)])
def test_the_interval_of_the_ratio_covers_the_known_truth(runs: int, size: int, studies: int) -> None:
    rng = np.random.default_rng(100 * runs + size)

    def accuracies(n: int) -> Array:
        return np.concatenate([(pool(1000, rng, n).argmax(axis=2) == 0).mean(axis=1) for _ in range(30)])

    truth = np.std(accuracies(size), ddof=1) / np.std(accuracies(1), ddof=1)
    found = [ensemble_spread(pool(runs, rng), LABELS, size, partitions=200, rng=k).ratio for k in range(studies)]
    covered = np.mean([q.low <= truth <= q.high for q in found])
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert 0.95 - 0.02 - slack <= covered  # beside 2 % for the jackknife, which is approximate
    logs = np.log([q.estimate for q in found])
    assert np.mean(logs) == pytest.approx(np.log(truth), abs=0.02 + 3 * np.std(logs) / np.sqrt(studies))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"size": 7}, ValueError, "takes two ensembles without a common run, 14 runs; the pool has 12: train 2 more"),
        ({"size": 1}, ValueError, "size is 1; pass at least 2"),
        ({"size": 2.0}, TypeError, "size must be a whole number"),
        ({"partitions": 99}, ValueError, "partitions is 99; pass at least 100"),
        ({"score": "f1"}, ValueError, "score is 'f1'; pass 'accuracy', 'cross_entropy' or a function"),
        ({"score": lambda z, y: z}, ValueError, r"score returned shape .*; return one number per ensemble and example"),
        ({"labels": LABELS[:-1]}, ValueError, "labels has shape"),
        ({"logits": np.ones((12, 200, 2))}, ValueError, "every run has the same metric"),
        ({"logits": np.full((12, 200, 2), np.nan)}, ValueError, "not finite"),
        ({"level": 1.0}, ValueError, "level is 1.0"),
    ],
)
def test_what_cannot_be_answered_is_refused(change: dict[str, object], error: type[Exception], message: str) -> None:
    given = {"logits": pool(12, np.random.default_rng(0)), "labels": LABELS, "size": 3, **change}
    with pytest.raises(error, match=message):
        ensemble_spread(**given)  # type: ignore[arg-type]


def test_ensembles_that_agree_in_the_metric_have_no_ratio() -> None:
    z = np.zeros((4, 2, 2))
    z[..., 0] = 1
    z[0, 0, 1] = 1.5  # one run errs once, and no pair of runs does
    with pytest.raises(ValueError, match="a ratio of 0 has no interval: the ensembles of 2 have the same metric"):
        ensemble_spread(z, [0, 0], 2)
