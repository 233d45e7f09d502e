"""The difference of forecasts: pairs by hand, what it means, and the coverage of its interval."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seedwise.statistics import forecast_difference


def by_pairs(forecasts: NDArray[np.float64], truth: NDArray[np.float64], pairs: list[tuple[int, int]]) -> float:
    found = []
    for a, b in pairs:
        apart = np.sqrt(np.mean((forecasts[a] - forecasts[b]) ** 2))
        error = np.sqrt((np.mean((forecasts[a] - truth) ** 2) + np.mean((forecasts[b] - truth) ** 2)) / 2)
        found.append(apart / error)
    return float(np.mean(found))


def runs_of(n: int, shape: tuple[int, ...], seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=shape)
    return truth + rng.normal(size=shape) + rng.normal(size=(n, *shape)) * rng.uniform(0.1, 2, n)[:, None, None], truth


@pytest.mark.parametrize("runs", [3, 7])
def test_it_is_the_mean_over_pairs(runs: int) -> None:
    forecasts, truth = runs_of(runs, (11, 5), runs)
    found = forecast_difference(forecasts, truth)
    assert found.estimate == pytest.approx(by_pairs(forecasts, truth, list(combinations(range(runs), 2))), rel=1e-12)
    assert (found.n, found.level) == (runs, 0.95)


def test_the_interval_is_that_of_pseudo_values() -> None:
    forecasts, truth = runs_of(6, (11, 5), 0)
    whole = by_pairs(forecasts, truth, list(combinations(range(6), 2)))
    rest = [by_pairs(forecasts, truth, [p for p in combinations(range(6), 2) if k not in p]) for k in range(6)]
    pseudo = 6 * whole - 5 * np.array(rest)
    half = 2.570581835636314 * np.std(pseudo, ddof=1) / np.sqrt(6)  # t with 5 degrees of freedom
    found = forecast_difference(forecasts, truth)
    assert [found.low, found.high] == pytest.approx([whole - half, whole + half])


def test_what_the_numbers_mean() -> None:
    rng = np.random.default_rng(1)
    truth, common = rng.normal(size=(2, 20_000))
    own = rng.normal(size=(4, 20_000))
    assert forecast_difference(np.stack([common] * 3), truth).estimate == 0
    assert forecast_difference(truth + own, truth).estimate == pytest.approx(np.sqrt(2), abs=0.02)
    share = truth + np.sqrt(0.75) * common + np.sqrt(0.25) * own  # three quarters of the squared error in common
    assert forecast_difference(share, truth).estimate == pytest.approx(np.sqrt(0.5), abs=0.02)
    opposite = forecast_difference(np.stack([truth + 1, truth - 1, truth + 1]), truth)
    assert opposite.estimate == pytest.approx(2 * 2 / 3)
    assert opposite.high == 2
    assert forecast_difference(np.stack([truth] * 3), truth).estimate == 0


def test_units_shapes_and_precision_do_not_matter() -> None:
    forecasts, truth = runs_of(5, (12, 6), 2)
    one = forecast_difference(forecasts, truth)
    other = forecast_difference(7 - 3 * forecasts.reshape(5, 12, 3, 2), 7 - 3 * truth.reshape(12, 3, 2))
    assert [other.low, other.estimate, other.high] == pytest.approx([one.low, one.estimate, one.high])
    half = forecast_difference(forecasts.astype(np.float16), truth.astype(np.float32))
    assert half.estimate == pytest.approx(one.estimate, abs=1e-3)


def test_only_runs_of_one_group_are_paired() -> None:
    forecasts, truth = runs_of(5, (11, 5), 3)
    groups = [0, 1, 0, 1, 0]
    pairs = [(a, b) for a, b in combinations(range(5), 2) if groups[a] == groups[b]]
    found = forecast_difference(forecasts, truth, groups=groups)
    assert found.estimate == pytest.approx(by_pairs(forecasts, truth, pairs))


@pytest.mark.parametrize("runs", [5, 10, 20])
def test_the_interval_covers_the_difference_of_new_runs(runs: int) -> None:
    """Runs share an error, and deviate from it in a few directions, by more or less."""
    studies, rng = 1000, np.random.default_rng(runs)
    truth = np.zeros((40, 3))
    common = rng.normal(size=(40, 3))
    directions = rng.normal(size=(6, 40, 3)) * np.array([1, 0.7, 0.5, 0.3, 0.2, 0.1])[:, None, None]

    def train(n: int) -> NDArray[np.float64]:
        scale = rng.lognormal(-1, 0.3, (n, 1))
        deviation: NDArray[np.float64] = np.tensordot(scale * rng.normal(size=(n, 6)), directions, 1)
        return common + deviation

    many = train(40_000).reshape(2, 20_000, -1)
    apart = np.mean((many[0] - many[1]) ** 2, axis=1)
    true = float(np.mean(np.sqrt(apart / np.mean(many**2, axis=2).mean(axis=0))))
    covered = sum(d.low <= true <= d.high for d in (forecast_difference(train(runs), truth) for _ in range(studies)))
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # beside 2 % for the jackknife, which is approximate
    assert abs(covered / studies - 0.95) <= 0.02 + slack


@pytest.mark.parametrize(
    ("forecasts", "truth", "options", "message"),
    [
        (np.zeros((2, 4, 3)), np.zeros((4, 3)), {}, "has 2 runs"),
        (np.zeros((3, 4, 3)), np.zeros((4, 2)), {}, r"truth has shape \(4, 2\) and forecasts \(3, 4, 3\)"),
        (np.full((3, 4), np.nan), np.zeros(4), {}, "run 0 holds values that are not finite"),
        (np.zeros((3, 4)), np.full(4, np.inf), {}, "truth holds values that are not finite"),
        (np.zeros((3, 2)), np.zeros(2), {"example_ids": [[0, 1], [0, 1], [1, 0]]}, "different examples"),
        (np.zeros((3, 2)), np.zeros(2), {"level": 1.0}, "level"),
        (np.zeros((3, 2)), np.zeros(2), {"groups": [0, 1, 2]}, "in one group"),
    ],
)
def test_what_it_refuses(
    forecasts: NDArray[np.float64], truth: NDArray[np.float64], options: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        forecast_difference(forecasts, truth, **options)
