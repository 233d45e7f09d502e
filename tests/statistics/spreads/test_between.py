"""The SD between groups: against an analysis of variance of scipy's, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics.spreads.between import between_spread


def test_where_pairing_explains_nothing_it_is_that_of_a_one_way_analysis_of_variance() -> None:
    # Seeds whose means are equal: F of the one-way analysis, with the degrees of freedom of the paired one.
    x = np.random.default_rng(1).normal(size=(4, 6)) + np.arange(4)[:, None]
    x -= x.mean(axis=0)
    f = stats.f_oneway(*x).statistic
    within = x.var(axis=1, ddof=1).mean() * 20 / 15
    f = f * 15 / 20
    assert between_spread(x).estimate == pytest.approx(np.sqrt(within * (f - 1) / 6))


def test_what_the_seeds_have_in_common_is_no_spread_between_groups() -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=(4, 8)) + np.arange(4)[:, None]
    again = between_spread(x + 100 * draw.normal(size=8))
    assert again.estimate == pytest.approx(between_spread(x).estimate)
    assert (again.low, again.high) == pytest.approx((between_spread(x).low, between_spread(x).high))


@pytest.mark.parametrize(("groups", "runs", "sd"), [(3, 10, 1.0), (5, 10, 0.5), (10, 5, 0.3)])
def test_the_interval_covers_the_true_value_as_often_as_it_says(groups: int, runs: int, sd: float) -> None:
    draw = np.random.default_rng(3)
    found = [
        between_spread(
            draw.normal(0, sd, (groups, 1)) + draw.normal(0, 2, (1, runs)) + draw.normal(size=(groups, runs)),
        )
        for _ in range(600)
    ]
    covered = np.mean([one.low <= sd <= one.high for one in found])
    assert 0.925 < covered < 0.985


def test_groups_that_are_alike_have_none() -> None:
    x = np.tile([1.0, 2.0, 4.0, 3.0], (3, 1)) + np.array([[0.1, -0.1, 0, 0], [-0.1, 0.1, 0, 0], [0, 0, 0.1, -0.1]])
    assert (between_spread(x).estimate, between_spread(x).low) == (0, 0)


@pytest.mark.parametrize("shape", [(2, 10), (3, 1), (6,)])
def test_too_little_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 3 groups and 2 runs"):
        between_spread(np.zeros(shape))
