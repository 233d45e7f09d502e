from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import score_spread

RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 4, 60)
LOGITS = RNG.normal(size=(5, 60, 4)) + 2 * np.eye(4)[LABELS]


def test_is_what_loops_over_runs_and_pairs_give() -> None:
    found = score_spread(LOGITS.astype(np.float16), LABELS, level=0.9)
    z = LOGITS.astype(np.float16).astype(np.float64)
    losses = [
        -np.mean([np.log(np.exp(row)[y] / np.exp(row).sum()) for row, y in zip(run, LABELS, strict=True)]) for run in z
    ]
    assert found.cross_entropy.estimate == pytest.approx(np.std(losses, ddof=1))
    pairs = list(combinations(z, 2))
    correlations = [stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in pairs]
    assert found.correlation.estimate == pytest.approx(np.mean(correlations))

    def accuracy(scores: np.ndarray) -> float:
        return float(np.mean(scores.argmax(1) == LABELS))

    gains = [accuracy(a + b) - (accuracy(a) + accuracy(b)) / 2 for a, b in pairs]
    assert found.ensemble_delta.estimate == pytest.approx(np.mean(gains))
    for result in (found.cross_entropy, found.correlation, found.ensemble_delta):
        assert result.low < result.estimate < result.high
        assert (result.n, result.level) == (5, 0.9)


def test_runs_on_different_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="predicted different examples"):
        score_spread(LOGITS, LABELS, example_ids=[np.arange(60) + run for run in range(5)])
