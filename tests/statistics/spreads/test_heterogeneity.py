"""SDs group by group, and the error rate of the test that they are equal."""

import numpy as np
import pytest

from seedwise.statistics import group_spreads


def test_sds_are_those_of_each_group() -> None:
    rng = np.random.default_rng(0)
    values, groups = rng.normal(size=30), np.tile([4, 2, 9], 10)
    found = group_spreads(values, groups)
    assert found.groups == ("2", "4", "9")
    assert found.sds == pytest.approx([np.std(values[groups == g], ddof=1) for g in (2, 4, 9)])


def test_the_test_is_an_analysis_of_variance_of_distances_to_the_median() -> None:
    rng = np.random.default_rng(1)
    arms = [rng.normal(size=n) * s for n, s in ((8, 1), (11, 2), (9, 1))]
    distances = [np.abs(arm - np.median(arm)) for arm in arms]
    n, k = 28, 3
    grand = np.concatenate(distances).mean()
    between = sum(d.size * (d.mean() - grand) ** 2 for d in distances) / (k - 1)
    within = sum(((d - d.mean()) ** 2).sum() for d in distances) / (n - k)
    draws = np.random.default_rng(2).f(k - 1, n - k, 400_000)
    found = group_spreads(np.concatenate(arms), np.repeat([0, 1, 2], [8, 11, 9]))
    assert found.p_value == pytest.approx(np.mean(draws >= between / within), abs=0.003)


def test_equal_spreads_are_called_different_in_at_most_one_of_twenty() -> None:
    rng = np.random.default_rng(20240607)
    groups = np.repeat(np.arange(5), 10)
    called = np.mean([group_spreads(x, groups).p_value < 0.05 for x in rng.gamma(4, size=(2000, 50)) + 9 * groups])  # type: ignore[operator]
    assert called <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
    unequal = rng.standard_normal((300, 50)) * (1 + 3 * (groups == 2))
    assert np.mean([group_spreads(x, groups).p_value < 0.05 for x in unequal]) > 0.8  # type: ignore[operator]


def test_small_and_constant_groups() -> None:
    assert group_spreads([1, 2, 3, 9, 9], [0, 0, 0, 1, 1]).groups == ("0",)
    assert group_spreads([1, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1]).p_value is None
