import math

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import Interval, compare_study, spread_ratio, spread_ratio_of_sds
from seedwise.statistics.comparison.published import (
    ratio_to_base_beside_published,
    row_mean_beside_published,
    sd_beside_published,
    values_beside_published,
)

from .cells import RNG, cell

BASE, NEW = 98 + 0.4 * RNG.normal(size=10), 98 + 0.2 * RNG.normal(size=10)
ROWS = compare_study([cell("base", BASE), cell("new", NEW), cell("still", [98.0] * 10)], base="base")


def test_the_ratio_of_two_sds_has_the_f_interval() -> None:
    found = sd_beside_published(ROWS[0], 0.3, 5)
    assert found is not None
    q = BASE.std(ddof=1) / 0.3
    assert found.ratio.estimate == pytest.approx(q)
    assert found.ratio.low == pytest.approx(q / math.sqrt(stats.f.ppf(0.975, 9, 4)))
    assert sd_beside_published(ROWS[2], 0.3, 5) is None


def test_means_are_compared_by_welchs_interval() -> None:
    found = row_mean_beside_published(ROWS[0], 97.5, 0.3, 5)
    assert found is not None
    v, w = BASE.var(ddof=1) / 10, 0.3**2 / 5
    half = stats.t.ppf(0.975, (v + w) ** 2 / (v**2 / 9 + w**2 / 4)) * math.sqrt(v + w)
    assert (found.low, found.high) == pytest.approx((BASE.mean() - 97.5 - half, BASE.mean() - 97.5 + half))
    assert row_mean_beside_published(ROWS[2], 97.5, 0.3, 5) is None


def test_ratios_to_the_base_stand_beside_each_other() -> None:
    found = ratio_to_base_beside_published(ROWS[1], sd=0.2, base_sd=0.4, n=5, base_n=5)
    assert found.published == spread_ratio_of_sds(0.2, 0.4, n_method=5, n_base=5)
    ours = spread_ratio(NEW, BASE, paired=True)
    assert isinstance(found.ours, Interval)
    assert (found.ours.low, found.ours.high) == pytest.approx((ours.low, ours.high))
    assert found.beside is not None
    still = ratio_to_base_beside_published(ROWS[2], sd=0.2, base_sd=0.4, n=5, base_n=5)
    assert still.beside is None


def test_a_mean_without_an_sd_has_the_t_interval_of_ours() -> None:
    found = values_beside_published(BASE, np.zeros(10, dtype=np.int64), 97.5)
    assert found is not None
    low, high = stats.t.interval(0.95, 9, BASE.mean(), stats.sem(BASE))
    assert (found.low, found.high) == pytest.approx((low - 97.5, high - 97.5))
    assert values_beside_published(BASE[:2], np.zeros(2, dtype=np.int64), 97.5) is None
    assert values_beside_published(np.full(5, 98.0), np.zeros(5, dtype=np.int64), 97.5) is None
