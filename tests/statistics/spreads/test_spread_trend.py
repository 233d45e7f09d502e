"""The factor per doubling, against numpy's line and the plain jackknife, and its coverage."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import spread_trend

Draw = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


def test_the_line_is_numpys() -> None:
    rng = np.random.default_rng(0)
    levels, runs = [2, 4, 16, 64], [rng.normal(size=n) * s for n, s in ((8, 3), (9, 2), (10, 2), (8, 1))]
    slope = np.polyfit(np.log2(levels), [np.log(np.std(r, ddof=1)) for r in runs], 1)[0]
    found = spread_trend(levels, runs, paired=False)
    assert found.estimate == pytest.approx(np.exp(slope))
    assert found.n == [8, 9, 10, 8]


def test_a_known_factor_is_found() -> None:
    rng = np.random.default_rng(1)
    runs = [rng.normal(size=4000) * 0.8**k for k in range(5)]
    found = spread_trend([2.0**k for k in range(5)], runs, paired=True)
    assert found.estimate == pytest.approx(0.8, abs=0.01)
    assert found.low < 0.8 < found.high
    assert found.p_value is not None
    assert found.p_value < 1e-6


def test_the_paired_standard_error_is_that_of_the_delete_one_jackknife() -> None:
    rng = np.random.default_rng(2)
    levels, runs = np.array([2, 4, 8]), rng.gamma(4, size=(3, 12))

    def slope(values: NDArray[np.float64]) -> float:
        return float(np.polyfit(np.log2(levels), np.log(values.std(axis=1, ddof=1)), 1)[0])

    left = np.array([slope(np.delete(runs, r, axis=1)) for r in range(12)])
    se = np.sqrt(11 / 12 * np.sum((left - left.mean()) ** 2))
    half = stats.t.ppf(0.975, 11) * se
    found = spread_trend(levels, list(runs), paired=True)
    assert np.log(found.high / found.low) / 2 == pytest.approx(half)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(slope(runs)) / se, 11))


DRAWS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, cells, n: rng.normal(size=(cells, n)), 0.93),
    "seeds shared": (lambda rng, cells, n: rng.normal(size=(cells, n)) + 1.5 * rng.normal(size=n), 0.93),
    "binomial": (lambda rng, cells, n: rng.binomial(10_000, 0.95, size=(cells, n)).astype(float), 0.93),
    "gamma(4)": (lambda rng, cells, n: rng.gamma(4, size=(cells, n)), 0.90),
    "t5": (lambda rng, cells, n: rng.standard_t(5, size=(cells, n)), 0.90),
}


@pytest.mark.parametrize("n", [10, 20])
@pytest.mark.parametrize("name", DRAWS)
def test_the_interval_holds_where_nothing_changes(name: str, n: int) -> None:
    draw, least = DRAWS[name]
    rng, studies = np.random.default_rng(20261126 + n), 300
    held = 0
    for _ in range(studies):
        found = spread_trend([2, 4, 8, 16], list(draw(rng, 4, n)), paired=True)
        held += found.low <= 1 <= found.high
    assert held / studies >= least - 2 * np.sqrt(least * (1 - least) / studies)
    # Nor is it much too wide.
    assert held / studies <= 0.985


def test_unpaired_cells_of_different_sizes_hold_too() -> None:
    rng, studies = np.random.default_rng(5), 500
    held = 0
    for _ in range(studies):
        found = spread_trend([2, 4, 8], [rng.normal(size=n) for n in (8, 12, 20)], paired=False)
        held += found.low <= 1 <= found.high
    assert 0.92 <= held / studies <= 0.98


@pytest.mark.parametrize(
    ("levels", "values", "text"),
    [
        ([2, 2], [[1, 2, 3, 4], [1, 2, 3, 5]], "at least 2 different"),
        ([0, 2], [[1, 2, 3, 4], [1, 2, 3, 5]], "positive"),
        ([2, 4], [[1, 2, 3], [1, 2, 3]], "needs at least 4"),
        ([2, 4], [[1, 2, 3, 4], [1, 2, 3, 4, 5]], "the same replicates"),
        ([2, 4], [[1, 2, 3, 4], [1, 1, 1, 2]], r"values\[1\] do not vary"),
    ],
)
def test_mistakes(levels: list[float], values: list[list[float]], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        spread_trend(levels, values, paired=True)
    with pytest.raises(TypeError, match="one per cell"):
        spread_trend([1], values, paired=True)
