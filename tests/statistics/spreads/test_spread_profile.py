"""SDs of many numbers at once are those of each alone."""

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import spread, spread_profile


def test_each_column_is_a_spread_of_its_own() -> None:
    values = np.random.default_rng(0).normal(size=(8, 4)) * [1, 10, 0.1, 0]
    profile = spread_profile(values, level=0.9)
    assert (profile.n, profile.level) == (8, 0.9)
    np.testing.assert_allclose(profile.sd, values.std(axis=0, ddof=1), atol=1e-15)
    np.testing.assert_allclose(profile.mean, values.mean(axis=0), atol=1e-15)
    for k, column in enumerate(values.T):
        alone = spread(column, level=0.9)
        assert (profile.low[k], profile.high[k]) == (alone.low, alone.high)
    assert (profile.sd[3], profile.low[3], profile.high[3]) == (0, 0, 0)


def test_groups_are_freed_of_their_means() -> None:
    values, groups = np.random.default_rng(2).normal(size=(8, 3)), np.repeat([0, 1], 4)
    shifted = values + 100 * groups[:, None]
    profile = spread_profile(shifted, groups=groups)
    pooled = [np.sqrt((4 - 1) * (x[:4].var(ddof=1) + x[4:].var(ddof=1)) / (8 - 2)) for x in values.T]
    np.testing.assert_allclose(profile.sd, pooled, rtol=1e-9)


def test_each_interval_covers() -> None:
    rng = np.random.default_rng(1)
    profile = spread_profile(rng.normal(scale=2, size=(10, 2000)))
    covered = int(np.sum((profile.low <= 2) & (profile.high >= 2)))
    assert stats.binomtest(covered, 2000, 0.95).proportion_ci(0.999).low <= 0.965
    assert covered / 2000 >= 0.93


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        spread_profile([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="at least 3"):
        spread_profile([[1.0, 2.0], [1.0, 3.0]])
