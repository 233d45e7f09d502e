"""Our SDs and ratios beside published ones: limits by hand, words, and the error rates of a simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import (
    Interval,
    beside_published,
    mean_beside_published,
    ratio_beside_published,
    spread_ratio_of_sds,
)

SEED = 20240607


def test_the_limits_are_those_of_f() -> None:
    found = beside_published(0.3, 0.2, n=20, n_published=5).ratio
    assert found.estimate == pytest.approx(1.5)
    assert found.low == pytest.approx(1.5 / math.sqrt(stats.f.ppf(0.975, 19, 4)))
    assert found.high == pytest.approx(1.5 / math.sqrt(stats.f.ppf(0.025, 19, 4)))


@pytest.mark.parametrize(
    ("sd", "n", "n_published", "word"),
    [
        (0.2, 5, 5, "uninformative"),  # a factor of 3.1 either way
        (0.2, 20, 20, "compatible"),  # of 1.6
        (0.5, 20, 20, "incompatible"),
        (5.0, 5, 5, "incompatible"),
    ],
)
def test_words(sd: float, n: int, n_published: int, word: str) -> None:
    assert beside_published(sd, 0.2, n=n, n_published=n_published).word == word


def test_the_difference_of_means_is_that_of_welch() -> None:
    x, y = 94 + 0.3 * stats.zscore(np.arange(20.0), ddof=1), 95 + 0.1 * stats.zscore([1.0, 2, 4, 5, 7], ddof=1)
    found = mean_beside_published(94, 95, sd=0.3, sd_published=0.1, n=20, n_published=5, level=0.9)
    low, high = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.9)
    assert [found.low, found.estimate, found.high] == pytest.approx([low, -1, high])
    with pytest.raises(ValueError, match="sd is 0; pass a number above 0"):
        mean_beside_published(94, 95, sd=0, sd_published=0.1, n=20, n_published=5)


def test_beside_a_mean_without_sd_it_is_the_t_interval_of_ours() -> None:
    x = 0.387 + 0.002 * stats.zscore(np.arange(10.0), ddof=1)
    found = mean_beside_published(0.387, 0.386, sd=0.002, sd_published=None, n=10, n_published=None, level=0.9)
    low, high = stats.ttest_1samp(x, 0.386).confidence_interval(0.9)
    assert [found.low, found.estimate, found.high] == pytest.approx([low - 0.386, 0.001, high - 0.386])
    assert found.n == [10]


def interval(low: float, estimate: float, high: float) -> Interval:
    return Interval(estimate, low, high, 0.95, [5, 5], "by hand")


def test_limits_of_a_ratio_of_ratios_by_hand() -> None:
    found = ratio_beside_published(interval(0.5, 1.0, 4.0), interval(0.25, 0.5, 2.0)).ratio
    # In powers of two: 1 below and 2 above for each, so 1 -+ sqrt(1 + 4).
    assert math.log2(found.estimate) == pytest.approx(1)
    assert math.log2(found.low) == pytest.approx(1 - math.sqrt(5))
    assert math.log2(found.high) == pytest.approx(1 + math.sqrt(5))
    assert found.n == [5, 5, 5, 5]


def test_an_open_interval_says_nothing() -> None:
    assert ratio_beside_published(interval(0.0, 1.0, 2.0), interval(0.9, 1.0, 1.1)).word == "uninformative"
    assert ratio_beside_published(interval(0.9, 1.0, math.inf), interval(0.9, 1.0, 1.1)).word == "uninformative"


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="levels differ"):
        ratio_beside_published(interval(0.5, 1, 2), Interval(1.0, 0.5, 2.0, 0.9, [5, 5], "by hand"))
    with pytest.raises(ValueError, match="sd_base is 0"):
        beside_published(1.0, 0.0, n=5, n_published=5)


@pytest.mark.parametrize(("n", "n_published"), [(20, 5), (5, 5), (20, 20)])
def test_equal_truths_are_incompatible_in_one_of_twenty(n: int, n_published: int) -> None:
    """Normal values, 3000 studies of equal true SDs and ratios; slack: three standard errors, and 1.5 % for MOVER."""
    rng = np.random.default_rng(SEED)
    studies = 3000
    ours, our_base = (rng.standard_normal((studies, n)).std(axis=1, ddof=1) for _ in range(2))
    theirs, their_base = (rng.standard_normal((studies, n_published)).std(axis=1, ddof=1) for _ in range(2))
    sd, ratio = 0, 0
    for a, b, c, d in zip(ours, our_base, theirs, their_base, strict=True):
        sd += beside_published(a, c, n=n, n_published=n_published).word == "incompatible"
        found = spread_ratio_of_sds(a, b, n_method=n, n_base=n)
        published = spread_ratio_of_sds(c, d, n_method=n_published, n_base=n_published)
        ratio += ratio_beside_published(found, published).word == "incompatible"
    slack = 3 * math.sqrt(0.05 * 0.95 / studies)
    assert abs(sd / studies - 0.05) <= slack
    assert abs(ratio / studies - 0.05) <= slack + 0.015
