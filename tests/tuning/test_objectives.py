"""Objectives against numbers worked out by hand and with numpy."""

from itertools import combinations

import numpy as np
import pytest

from seedwise.statistics import Cell, Metric
from seedwise.tuning import Gain, Measured, Objective, best, default_floor, front, measured, shortfalls, values_of

TRIALS = [
    Measured((0.90, 0.92, 0.94), 0, 0.10),
    Measured((0.93, 0.94, 0.95), 0, 0.08),
    Measured((0.80, 0.80, 0.83), 0, 0.02),
]
MEANS = [0.92, 0.94, 0.81]
SDS = [0.02, 0.01, 0.03 / 3**0.5]


def cell(values, status=None, predictions=None, chance=0.1, higher=True, replicate=None):
    n = len(values)
    return Cell(
        task="t", method="m", regime="all", group=[0] * n, replicate=list(replicate or range(n)), values=values,
        status=status or ("finished",) * n, metric=Metric("validation/accuracy", "share", higher, chance),
        predictions=predictions,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ({"name": "churn"}, [[0.10], [0.08], [0.02]]),
        ({"name": "sd"}, [[sd] for sd in SDS]),
        ({"name": "mean"}, [[-0.92], [-0.94], [-0.81]]),
        ({"name": "mean-sd", "c": 2}, [[2 * sd - mean] for mean, sd in zip(MEANS, SDS, strict=True)]),
        ({"name": "front", "spread": "churn"}, [[-0.92, 0.10], [-0.94, 0.08], [-0.81, 0.02]]),
        # SDs from .01 to .02, means from .81 to .94
        ({"name": "paper"}, [[1 - 0.11 / 0.13], [0 - 1], [(0.03 / 3**0.5 - 0.01) / 0.01 - 0]]),
    ],
    ids=lambda value: value.get("name") if isinstance(value, dict) else "",
)
def test_values_by_hand(objective, expected):
    np.testing.assert_allclose(values_of(Objective(**objective), TRIALS, higher_is_better=True), expected, atol=1e-12)


def test_where_low_values_are_good():
    losses = [Measured((0.3, 0.4, 0.5), 0), Measured((0.25, 0.3, 0.35), 0)]
    assert values_of(Objective(name="mean"), losses, higher_is_better=False)[:, 0].tolist() == pytest.approx([0.4, 0.3])
    assert values_of(Objective(name="paper"), losses, higher_is_better=False)[:, 0].tolist() == pytest.approx([1, -1])
    assert shortfalls(0.35, losses, higher_is_better=False) == pytest.approx([0.05, -0.05])
    assert default_floor(losses[1], higher_is_better=False) == pytest.approx(0.3 + 0.05)
    assert default_floor(losses[1], higher_is_better=True) == pytest.approx(0.3 - 0.05)
    assert best(Objective(name="sd"), losses, 0.35, higher_is_better=False) == 1


def test_ranks_of_the_papers_score_when_the_range_widens():
    """One trial that is better in both stays ahead whatever joins; one that trades mean for SD may fall behind."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        means, sds = rng.uniform(0.5, 1, 12), rng.uniform(0.001, 0.1, 12)
        trials = [Measured((m - s, m, m + s), 0) for m, s in zip(means, sds, strict=True)]
        for seen in (3, 6, 12):
            score = values_of(Objective(name="paper"), trials[:seen], higher_is_better=True)[:, 0]
            for i, j in combinations(range(seen), 2):
                if means[i] > means[j] and sds[i] < sds[j]:
                    assert score[i] < score[j]
    steady, good = Measured((0.89, 0.90, 0.91), 0), Measured((0.89, 0.91, 0.93), 0)
    poor = Measured((0.49, 0.50, 0.51), 0)  # widens the range of the mean alone
    close = values_of(Objective(name="paper"), [steady, good, Measured((0.87, 0.90, 0.93), 0)], higher_is_better=True)
    wide = values_of(Objective(name="paper"), [steady, good, poor], higher_is_better=True)
    assert close[1, 0] < close[0, 0]
    assert wide[0, 0] < wide[1, 0]


def test_the_front_is_what_no_other_dominates():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 5, (30, 2)).astype(float)
    expected = [not any((other <= one).all() and (other < one).any() for other in values) for one in values]
    assert front(values).tolist() == expected


def test_best_takes_the_least_that_reaches_the_floor():
    assert best(Objective(name="churn"), TRIALS, 0.9, higher_is_better=True) == 1
    assert best(Objective(name="churn"), TRIALS, 0.5, higher_is_better=True) == 2
    assert best(Objective(name="churn"), TRIALS, 0.99, higher_is_better=True) is None
    assert best(Objective(name="front", spread="churn"), TRIALS, 0.9, higher_is_better=True) == 1
    assert best(Objective(name="mean"), TRIALS, None, higher_is_better=True) == 1
    assert best(Objective(name="sd"), [TRIALS[0], TRIALS[0]], None, higher_is_better=True) == 0


def test_failed_runs_count_at_chance_and_disagree_with_all():
    predictions = np.array([[0, 1, 2, 3], [0, 1, 2, 2], [0, 1, 1, 1]])
    status = ("finished", "diverged", "finished", "finished")
    found = measured(cell([0.9, np.nan, 0.8, 0.7], status, predictions))
    assert found.values == (0.9, 0.1, 0.8, 0.7)
    assert found.failed == 1
    # pairs of the three: 1/4, 2/4, 2/4; the three with the failed run: 1 each
    assert found.churn == pytest.approx((0.25 + 0.5 + 0.5 + 3) / 6)
    assert measured(cell([np.nan] * 2, ("diverged", "crashed"))) is None
    no_chance = cell([0.9, np.nan, 0.8], ("finished", "crashed", "finished"), chance=None)
    assert measured(no_chance, worst=0.3).values == (0.9, 0.3, 0.8)
    assert measured(no_chance).values == (0.9, 0.8, 0.8)


def test_the_first_replicates_are_those_of_lowest_number():
    predictions = np.array([[0, 0], [1, 1], [0, 1]])
    found = measured(cell([0.7, 0.8, 0.9], predictions=predictions, replicate=[2, 0, 1]), runs=2)
    assert found.values == (0.8, 0.9)
    assert found.churn == 0.5


def test_gains_are_better_when_positive():
    base, tuned = Measured((0.3, 0.4, 0.5), 0, 0.2), Measured((0.25, 0.3, 0.35), 0, 0.15)
    found = Gain.between(base, tuned, higher_is_better=False)
    assert (found.mean, found.sd, found.churn) == pytest.approx((0.1, 50, 25))
    assert Gain.between(base, tuned, higher_is_better=True).mean == pytest.approx(-0.1)
