"""The largest SD against the smallest, beside published tables of Hartley's ratio and simulations."""

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import largest_gap


@pytest.mark.parametrize(
    # Upper 5 % points of the largest variance over the smallest: Pearson & Hartley, Biometrika Tables I, table 31.
    ("cells", "df", "ratio"),
    [(2, 4, 9.60), (3, 4, 15.5), (5, 4, 25.2), (6, 4, 29.5), (3, 9, 5.34), (5, 9, 7.11), (5, 2, 202)],
)
def test_limits_are_those_of_published_tables(cells: int, df: int, ratio: float) -> None:
    found = largest_gap(1.0, 0.5, cells=cells, n=df + 1)
    assert (1 - found.chance_high / 100) ** -2 == pytest.approx(ratio, rel=0.003)


def test_two_cells_are_compared_as_by_the_two_sided_f_test() -> None:
    for n, smallest in ((5, 0.6), (20, 0.7), (3, 0.1)):
        expected = 2 * stats.f.sf(smallest**-2, n - 1, n - 1)
        assert largest_gap(1.0, smallest, cells=2, n=n).p_value == pytest.approx(expected, rel=1e-5)


def test_chance_is_what_simulated_studies_show() -> None:
    rng = np.random.default_rng(3)
    sds = rng.standard_normal((40_000, 5, 5)).std(axis=2, ddof=1)
    gaps = 100 * (1 - sds.min(axis=1) / sds.max(axis=1))
    found = largest_gap(0.40, 0.25, cells=5, n=5)
    assert found.reduction == pytest.approx(37.5)
    assert found.chance_median == pytest.approx(np.median(gaps), abs=0.4)
    assert found.chance_high == pytest.approx(np.quantile(gaps, 0.95), abs=0.4)
    assert found.p_value == pytest.approx(np.mean(gaps >= 37.5), abs=0.006)
    # Five SDs of five runs each differ by a median of 58 %: more than any of the three published reductions.
    assert round(found.chance_median) == 58


def test_null_studies_are_called_different_in_one_of_twenty() -> None:
    rng = np.random.default_rng(4)
    p = [
        largest_gap(s.max(), s.min(), cells=4, n=10).p_value
        for s in rng.standard_normal((1000, 4, 10)).std(axis=2, ddof=1)
    ]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_ends() -> None:
    assert largest_gap(2.0, 2.0, cells=3, n=10).p_value == pytest.approx(1)
    nothing = largest_gap(2.0, 0.0, cells=3, n=10)
    assert (nothing.reduction, nothing.p_value) == (100, 0)
    assert largest_gap(2.0, 1.0, cells=3, n=10, level=0.5).chance_high == pytest.approx(nothing.chance_median)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0.0, 0.0, 5, 5), "largest is 0"),
        ((1.0, 2.0, 5, 5), "smallest is 2.0; pass an SD from 0 to the largest, 1.0"),
        ((1.0, -1.0, 5, 5), "smallest is -1"),
        ((1.0, 0.5, 1, 5), "cells is 1"),
        ((1.0, 0.5, 5, 2), "n is 2"),
    ],
)
def test_mistakes(arguments: tuple[float, float, int, int], text: str) -> None:
    largest, smallest, cells, n = arguments
    with pytest.raises(ValueError, match=text):
        largest_gap(largest, smallest, cells=cells, n=n)
    with pytest.raises(TypeError, match="whole number"):
        largest_gap(1.0, 0.5, cells=5.0, n=5)  # type: ignore[arg-type]
