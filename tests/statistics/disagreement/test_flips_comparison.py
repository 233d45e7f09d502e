"""Negative flips of two methods against loops over all pairs, and against simulated studies."""

from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import Interval, excess_negative_flips, flips_verdict, relative_negative_flips
from seedwise.statistics.comparison.flips import Flips, flips_between

from .test_flips import right_of

Right = NDArray[np.bool_]


def mean(pairs: object) -> float:
    return float(np.mean([np.mean(a & ~b) for a, b in pairs]))  # type: ignore[attr-defined]


def excess(old: Right, new: Right, paired: bool) -> float:
    between = [(a, b) for (i, a), (j, b) in product(enumerate(old), enumerate(new)) if not (paired and i == j)]
    return mean(between) - mean(permutations(old, 2))


def relative(old: Right, new: Right) -> float:
    return mean(product(old, new)) / (old.mean() * (1 - new.mean()))


def test_the_excess_of_paired_arms_is_that_of_all_pairs_with_other_seeds() -> None:
    old, new = right_of(6, 40), right_of(6, 40, seed=1)
    found = excess_negative_flips(old, new, paired=True, level=0.9)
    pseudo = [
        6 * excess(old, new, True) - 5 * excess(np.delete(old, i, 0), np.delete(new, i, 0), True) for i in range(6)
    ]
    half = stats.t.ppf(0.95, 5) * np.std(pseudo, ddof=1) / np.sqrt(6)
    assert found.estimate == pytest.approx(excess(old, new, True))
    assert [found.low, found.high] == pytest.approx([found.estimate - half, found.estimate + half])
    assert found.p_value == pytest.approx(stats.ttest_1samp(pseudo, 0).pvalue)
    assert (found.n, found.procedure) == ([6, 6], "paired jackknife")


def test_the_excess_of_other_arms_is_that_of_all_pairs() -> None:
    old, new = right_of(5, 40), right_of(8, 40, seed=1)
    found = excess_negative_flips(old, new, paired=False)
    value = excess(old, new, False)
    first = [5 * value - 4 * excess(np.delete(old, i, 0), new, False) for i in range(5)]
    second = [8 * value - 7 * excess(old, np.delete(new, j, 0), False) for j in range(8)]
    v1, v2 = np.var(first, ddof=1) / 5, np.var(second, ddof=1) / 8
    df = (v1 + v2) ** 2 / (v1**2 / 4 + v2**2 / 7)
    half = stats.t.ppf(0.975, df) * np.sqrt(v1 + v2)
    assert found.estimate == pytest.approx(value)
    assert [found.low, found.high] == pytest.approx([value - half, value + half])
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(value) / np.sqrt(v1 + v2), df))


def test_the_relative_rate_is_that_of_all_pairs() -> None:
    old, new = right_of(5, 40), right_of(8, 40, seed=1)
    found, value = relative_negative_flips(old, new), np.log(relative(old, new))
    first = [5 * value - 4 * np.log(relative(np.delete(old, i, 0), new)) for i in range(5)]
    second = [8 * value - 7 * np.log(relative(old, np.delete(new, j, 0))) for j in range(8)]
    v1, v2 = np.var(first, ddof=1) / 5, np.var(second, ddof=1) / 8
    half = stats.t.ppf(0.975, (v1 + v2) ** 2 / (v1**2 / 4 + v2**2 / 7)) * np.sqrt(v1 + v2)
    assert found.estimate == pytest.approx(np.exp(value))
    assert [found.low, found.high] == pytest.approx([np.exp(value - half), np.exp(value + half)])


def test_a_method_that_changes_nothing_has_no_excess() -> None:
    old = right_of(5, 40)
    found = excess_negative_flips(old, old, paired=True)
    assert (found.estimate, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_errors_that_are_independent_have_a_relative_rate_of_one() -> None:
    rng = np.random.default_rng(0)
    old, new = rng.random((20, 5000)) < 0.9, rng.random((20, 5000)) < 0.7
    found = relative_negative_flips(old, new)
    assert found.low < 1 < found.high
    assert found.high - found.low < 0.05


@pytest.mark.parametrize("runs", [5, 15])
def test_intervals_cover_and_null_studies_claim_nothing(runs: int) -> None:
    """Runs differ in quality; a paired run of the new method shares the quality and half of its draws."""
    studies, examples, rng = 600, 100, np.random.default_rng(runs)
    hard, factor = rng.random(examples), 0.7
    q = 0.2 * hard  # the mean chance of an error over runs: runs of two seeds are independent

    def errors(u: NDArray[np.float64], quality: NDArray[np.float64], easier: float) -> Right:
        return u >= easier * quality * hard

    within = float(np.mean((1 - q) * q))
    truth = {easier: float(np.mean((1 - q) * easier * q)) - within for easier in (factor, 1.0)}
    rate = float(np.mean((1 - q) * factor * q)) / (np.mean(1 - q) * np.mean(factor * q))
    covered, claims = np.zeros(3), np.zeros(2)
    for _ in range(studies):
        quality, u = rng.beta(20, 80, size=(2, runs, 1)), rng.random((2, runs, examples))
        shared = np.where(rng.random((runs, examples)) < 0.5, u[0], u[1])
        old = errors(u[0], quality[0], 1.0)
        other, twin = errors(u[1], quality[1], factor), errors(shared, quality[0], factor)
        both = excess_negative_flips(old, other, paired=False), excess_negative_flips(old, twin, paired=True)
        of_rate = relative_negative_flips(old, other)
        covered += [*(one.low <= truth[factor] <= one.high for one in both), of_rate.low <= rate <= of_rate.high]
        null = (
            excess_negative_flips(old, errors(u[1], quality[1], 1.0), paired=False),
            excess_negative_flips(old, errors(shared, quality[0], 1.0), paired=True),
        )
        claims += [one.p_value is not None and one.p_value < 0.05 for one in null]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # added to 2 % for the jackknife, which is approximate
    assert np.all(np.abs(covered / studies - 0.95) <= 0.02 + slack), covered / studies
    assert np.all(claims / studies <= 0.07 + slack), claims / studies


def test_what_cannot_be_compared_is_refused_in_one_line() -> None:
    right = right_of(3, 4)
    with pytest.raises(ValueError, match="paired arms need one run per pair; got 4 and 3 runs: pass the runs present"):
        excess_negative_flips(right, right_of(4, 4), paired=True)
    with pytest.raises(ValueError, match="no run of new has an example wrong that a run of correct has right"):
        relative_negative_flips(right, np.ones((3, 4), dtype=bool))
    with pytest.raises(ValueError, match="whichever run is left out and has no interval; pass more runs"):
        excess_negative_flips(np.ones((3, 4), dtype=bool), np.zeros((3, 4), dtype=bool), paired=False)
    with pytest.raises(TypeError, match="new must be true or false"):
        excess_negative_flips(right, right + 1, paired=False)
    with pytest.raises(ValueError, match="correct and new are about different examples"):
        excess_negative_flips(right, right, paired=False, example_ids=([0, 1, 2, 3], [0, 1, 3, 2]))


def test_verdicts() -> None:
    more = Interval(0.004, 0.001, 0.007, 0.95, [10, 10], "paired jackknife", p_value=0.006)
    fewer = Interval(-0.004, -0.007, -0.001, 0.95, [10, 10], "paired jackknife", p_value=0.006)
    assert flips_verdict(more, p_adjusted=0.04).word == "more negative flips"
    assert flips_verdict(fewer, p_adjusted=0.04).sentence == (
        "fewer negative flips: .40 points fewer than with another seed (95 % interval .10 to .70), corrected p = .04"
    )
    assert flips_verdict(more, p_adjusted=0.06).is_open
    with pytest.raises(TypeError, match="excess must be the Interval"):
        flips_verdict(0.1, p_adjusted=0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="p_adjusted"):
        flips_verdict(more, p_adjusted=2)


def test_every_method_is_compared_with_the_base_in_both_directions() -> None:
    from tests.reporting.samples import cell, predicted

    truth = np.arange(400) % 2
    base, worse = predicted("base", truth, 0.05), predicted("worse", truth, 0.25, seed=0)
    unknown = cell("unknown", np.full(12, 0.5))
    cells = [base, worse, unknown]
    first, second = flips_between(cells, [truth] * 3, "base")
    assert isinstance(first, Flips)
    assert isinstance(second, Flips)
    assert [(one.old.method, one.new.method) for one in (first, second)] == [("base", "worse"), ("worse", "base")]
    right, wrong = base.predictions == truth, worse.predictions == truth
    assert first.rate.estimate == pytest.approx(mean(product(right, wrong)))
    assert second.rate.estimate == pytest.approx(mean(product(wrong, right)))
    assert first.excess.estimate == pytest.approx(excess(right, wrong, True))
    assert first.verdict.word == "more negative flips"
    (low, smallest), (high, other) = sorted((one.excess.p_value, one.p_adjusted) for one in (first, second))
    assert (smallest, other) == pytest.approx((2 * low, max(2 * low, high)))
    two = predicted("base", truth, 0.05, runs=2), predicted("few", truth, 0.05, runs=2)
    (reason,) = flips_between(two, [truth] * 2, "base")
    assert reason == (
        "few: no negative flips: correct has 2 runs: an interval over runs needs at least 3; "
        "pass more runs, runs axis first (runs, examples)"
    )
