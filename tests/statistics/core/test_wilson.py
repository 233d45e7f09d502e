"""Wilson's interval, from the score test that it inverts."""

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import example_errors, failure_difference, probability_of_improvement


def by_the_score_test(k: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    return found.low, found.high


@pytest.mark.parametrize("wrong", [0, 1, 4, 9, 10])
def test_every_function_that_names_wilson_has_his_limits(wrong: int) -> None:
    low, high = by_the_score_test(wrong, 10)
    errors = example_errors(np.arange(10)[:, None] >= wrong)
    assert (errors.low[0], errors.high[0]) == pytest.approx((low, high), abs=1e-12)
    ours = probability_of_improvement(
        np.where(np.arange(10) < wrong, 1.0, -1.0) + np.arange(10), np.arange(10.0), paired=True
    )
    assert (ours.probability.low, ours.probability.high) == pytest.approx((low, high), abs=1e-12)
    against_none = failure_difference(wrong, 0, n_method=10, n_base=10)
    rate, (_, high_of_none) = wrong / 10, by_the_score_test(0, 10)
    assert against_none.low == pytest.approx(rate - np.hypot(rate - low, high_of_none), abs=1e-12)
    assert against_none.high == pytest.approx(rate + (high - rate), abs=1e-12)
