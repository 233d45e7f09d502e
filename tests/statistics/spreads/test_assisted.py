import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, special, stats

from seedwise.statistics import assisted_spread, assisted_spread_ratio, error_variance, spread, spread_sources

HARD = special.logit(np.clip(np.random.default_rng(2).beta(0.4, 2.0, 500), 1e-6, None))
NODES = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None]


def wrong(runs: int, shift: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    return rng.random((runs, 500)) < special.expit(HARD + shift * rng.standard_normal((runs, 1)))


def true_parts(shift: float) -> tuple[float, float]:
    """Variance of the error rate over runs, and its part from independent examples, by averaging over runs' z."""
    p = special.expit(HARD + shift * NODES)
    return float(np.mean(np.sum(p * (1 - p), axis=1)) / 500**2 + np.var(p.mean(axis=1))), float(
        np.sum(p.mean(axis=0) * (1 - p.mean(axis=0))) / 500**2
    )


def shift_of(share: float) -> float:
    if share == 0:
        return 0.0
    return float(optimize.brentq(lambda s: 1 - true_parts(s)[1] / true_parts(s)[0] - share, 1e-3, 3))


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_larger_of_both_variances_and_limits(shift: float) -> None:
    seen = set()
    for seed in range(20):
        x = wrong(6, shift, np.random.default_rng(seed))
        a = assisted_spread(x, level=0.9)
        s = spread(x.mean(axis=1), procedure="chi-square", level=0.9)
        noise = error_variance(x, level=0.9)
        b, b_low = noise.estimate / 500, noise.low / 500
        assert [a.plain.estimate, a.plain.low, a.plain.high] == pytest.approx([s.estimate, s.low, s.high])
        assert a.noise.estimate**2 == pytest.approx(b)
        assert a.noise.estimate**2 == pytest.approx(spread_sources(x).noise)
        assert [a.noise.low**2, a.noise.high**2] == pytest.approx([b_low, noise.high / 500])
        estimate = max(s.estimate**2, b)
        assert a.spread.estimate**2 == pytest.approx(estimate)
        assert a.spread.low**2 == pytest.approx(max(s.low**2, b_low))
        assert a.spread.high**2 == pytest.approx(max(s.high**2, estimate))
        assert (a.spread.n, a.spread.level, a.plain.procedure) == (6, 0.9, "chi-square")
        seen.add(a.spread.estimate > s.estimate)
    assert seen == ({True, False} if shift == 0 else {False})


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("runs", [5, 20])
def test_coverage_and_gain_by_the_share_of_the_covariance(runs: int, share: float) -> None:
    studies, shift, rng = 1000, shift_of(share), np.random.default_rng([runs, round(100 * share)])
    sd = math.sqrt(true_parts(shift)[0])
    found = [assisted_spread(wrong(runs, shift, rng)) for _ in range(studies)]
    covered = np.mean([a.spread.low <= sd <= a.spread.high for a in found])
    slack = 3 * math.sqrt(0.05 * 0.95 / studies)
    assert abs(covered - 0.95) <= 0.015 + slack  # beside 1.5 % for the normality that chi-square assumes
    plain, helped = (
        np.sqrt(np.mean(np.log([i.estimate / sd for i in part]) ** 2))
        for part in ([a.plain for a in found], [a.spread for a in found])
    )
    if share <= 0.1:
        assert helped < 0.7 * plain
    if share == 0.9:
        assert helped == pytest.approx(plain, rel=0.1)


def test_the_ratio_is_movers_and_its_p_value_is_where_the_interval_ends() -> None:
    rng = np.random.default_rng(4)
    x, y = wrong(6, 0.2, rng), rng.random((9, 500)) < 0.3
    q = assisted_spread_ratio(x, y)
    a, b = assisted_spread(x).spread, assisted_spread(y).spread
    d = np.log(a.estimate / b.estimate)
    low = d - np.hypot(np.log(a.estimate / a.low), np.log(b.high / b.estimate))
    high = d + np.hypot(np.log(a.high / a.estimate), np.log(b.estimate / b.low))
    # On the scale of SDs all logarithms are half as long, so the closed form holds there too.
    assert [q.estimate, q.low, q.high] == pytest.approx(np.exp([d, low, high]))
    assert q.n == [6, 9]
    assert q.p_value is not None
    edge = assisted_spread_ratio(x, y, level=1 - q.p_value)
    assert min(abs(np.log(edge.low)), abs(np.log(edge.high))) < 1e-6
    back = assisted_spread_ratio(y, x)
    assert [back.low, back.high, back.p_value] == pytest.approx([1 / q.high, 1 / q.low, q.p_value])


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_equal_arms_are_called_different_in_at_most_five_percent(share: float) -> None:
    studies, shift, rng = 400, shift_of(share), np.random.default_rng(round(100 * share))
    for runs in (5, 10):
        found = [
            (assisted_spread_ratio(wrong(runs, shift, rng), wrong(runs, shift, rng)).p_value or 0) < 0.05
            for _ in range(studies)
        ]
        assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)


def test_what_is_refused() -> None:
    x = wrong(5, 0.0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="base has no spread: all of its runs err on the same examples"):
        assisted_spread_ratio(x, np.zeros_like(x))
    with pytest.raises(ValueError, match="method has 500 examples and base 499"):
        assisted_spread_ratio(x, x[:, 1:])
    with pytest.raises(ValueError, match="errors has 2 runs"):
        assisted_spread(x[:2])
    with pytest.raises(ValueError, match="level is 0"):
        assisted_spread(x, level=0)
    with pytest.raises(ValueError, match="different examples"):
        assisted_spread(x, example_ids=[np.arange(500)] * 4 + [np.arange(500)[::-1]])
    none = assisted_spread(np.zeros((3, 4)))
    assert (none.spread.estimate, none.spread.low, none.spread.high) == (0.0, 0.0, 0.0)
