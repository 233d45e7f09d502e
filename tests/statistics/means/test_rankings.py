import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import ranking_flips

A = [97.8, 98.1, 98.3, 97.9, 98.6, 98.0]
B = [98.3, 98.1, 98.6, 98.2, 98.4, 98.4]
C = [97.9, 98.4, 98.0, 98.3, 98.5, 97.7]


@pytest.mark.parametrize("seeds", [1, 3, 40])
def test_two_paired_methods_flip_as_the_noncentral_t_says(seeds: int) -> None:
    flips = ranking_flips({"a": A, "b": B}, seeds, paired=True, level=0.9)
    d = np.subtract(B, A)
    chance = flips.pairs[0].chance
    assert chance.estimate == pytest.approx(stats.norm.cdf(-np.sqrt(seeds) * d.mean() / d.std(ddof=1)))
    t = stats.ttest_rel(B, A).statistic
    for limit, p in ((chance.low, 0.05), (chance.high, 0.95)):  # the effect behind a limit makes t just so likely
        effect = -stats.norm.ppf(limit) / np.sqrt(seeds)
        assert stats.nct.cdf(t, 5, np.sqrt(6) * effect) == pytest.approx(p, abs=1e-5)
    assert flips.order == ("b", "a")
    assert (flips.pairs[0].better, flips.pairs[0].worse, flips.seeds) == ("b", "a", seeds)
    assert flips.any_flip == flips.winner_flips == chance.estimate
    assert (chance.n, chance.level) == ([6, 6], 0.9)


def test_two_unpaired_methods_flip_as_welch_says() -> None:
    chance = ranking_flips({"a": A, "b": B[:4]}, 3, paired=False).pairs[0].chance
    v1, v2 = np.var(A, ddof=1), np.var(B[:4], ddof=1)
    d = np.mean(B[:4]) - np.mean(A)
    assert chance.estimate == pytest.approx(stats.norm.cdf(-d / np.sqrt((v1 + v2) / 3)))
    welch = stats.ttest_ind(B[:4], A, equal_var=False)
    scale = np.sqrt((v1 + v2) / 3) / np.sqrt(v1 / 6 + v2 / 4)
    for limit, p in ((chance.low, 0.025), (chance.high, 0.975)):
        nc = -stats.norm.ppf(limit) * scale
        assert stats.nct.cdf(welch.statistic, welch.df, nc) == pytest.approx(p, abs=1e-5)
    assert chance.n == [4, 6]


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("seeds", [2, 10])
def test_the_ranking_flips_as_often_as_when_seeds_are_drawn_from_a_known_truth(paired: bool, seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    means, sds = np.array([0.0, 0.25, 0.4]), np.array([1.0, 0.7, 1.2])
    shared = 0.8 if paired else 0.0

    def train(*shape: int) -> np.ndarray:  # (..., seeds, methods)
        noise = np.sqrt(shared) * rng.normal(size=(*shape, 1)) + np.sqrt(1 - shared) * rng.normal(size=(*shape, 3))
        return means + sds * noise

    pool = train(400)
    pool = (pool - pool.mean(axis=0)) / pool.std(axis=0, ddof=1) * sds + means  # the truth, up to correlations
    flips = ranking_flips(dict(zip("xyz", pool.T, strict=True)), seeds, paired=paired)
    assert flips.order == ("z", "y", "x")
    drawn = train(20_000, seeds).mean(axis=1)
    any_flip = np.mean(np.any(np.diff(drawn, axis=1) < 0, axis=1))
    winner = np.mean(drawn.argmax(axis=1) != 2)
    slack = 3 * np.sqrt(0.25 / 20_000) + 0.015  # and the correlations of the pool
    assert abs(flips.any_flip - any_flip) < slack
    assert abs(flips.winner_flips - winner) < slack
    for pair, (i, j) in zip(flips.pairs, ((2, 1), (2, 0), (1, 0)), strict=True):
        assert abs(pair.chance.estimate - np.mean(drawn[:, i] < drawn[:, j])) < slack
    assert flips.winner_flips <= flips.any_flip <= sum(pair.chance.estimate for pair in flips.pairs)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("n", [3, 5, 20])
def test_the_chance_of_a_pair_is_covered(paired: bool, n: int) -> None:
    studies, rng = 600, np.random.default_rng(n)
    sds = (1.0, 1.0) if paired else (1.0, 0.5)
    rho = 0.6 if paired else 0.0
    true = stats.norm.cdf(-np.sqrt(4) * 0.5 / np.sqrt(sds[0] ** 2 + sds[1] ** 2 - 2 * rho * sds[0] * sds[1]))
    covered = 0
    for _ in range(studies):
        z = rng.normal(size=(2, n))
        x, y = 0.5 + sds[0] * z[0], sds[1] * (rho * z[0] + np.sqrt(1 - rho**2) * z[1])
        flips = ranking_flips({"ahead": x, "behind": y}, 4, paired=paired, draws=1)
        chance = flips.pairs[0].chance
        low, high = chance.low, chance.high
        if flips.order[0] == "behind":  # then its chance is that of the order being right
            low, high = 1 - high, 1 - low
        covered += low <= true <= high
    slack = 3 * np.sqrt(0.05 * 0.95 / studies) + (0 if paired else 0.02)  # Welch's approximation
    assert abs(covered / studies - 0.95) <= slack, covered / studies


def test_a_loss_ranks_the_other_way() -> None:
    up = ranking_flips({"a": A, "b": B, "c": C}, 3, paired=True)
    down = ranking_flips({"a": A, "b": B, "c": C}, 3, paired=True, higher_is_better=False)
    assert up.order == ("b", "c", "a")
    assert down.order == ("a", "c", "b")
    assert [(p.better, p.worse) for p in up.pairs] == [("b", "c"), ("b", "a"), ("c", "a")]
    assert up.pairs[1].chance.estimate == pytest.approx(down.pairs[1].chance.estimate)
    assert up.any_flip == pytest.approx(down.any_flip, abs=0.006)
    assert up.any_flip > up.winner_flips


def test_more_seeds_flip_less_and_the_simulation_can_be_repeated() -> None:
    cells = {"a": A, "b": B, "c": C}
    few, many = ranking_flips(cells, 2, paired=False), ranking_flips(cells, 50, paired=False)
    assert many.any_flip < few.any_flip
    assert many.winner_flips < few.winner_flips
    assert ranking_flips(cells, 2, paired=False) == few == ranking_flips(cells, 2, paired=False, rng=0)
    assert ranking_flips(cells, 2, paired=False, rng=np.random.default_rng(1)).any_flip != few.any_flip


def test_close_methods_may_be_in_the_wrong_order() -> None:
    assert ranking_flips({"a": A, "c": C}, 5, paired=True).pairs[0].chance.high > 0.5


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match="cells has 1 method; a ranking needs at least two"):
        ranking_flips({"a": A}, 3, paired=True)
    with pytest.raises(ValueError, match=r"paired methods need the same runs; got \{'a': 6, 'b': 5\}"):
        ranking_flips({"a": A, "b": B[:5]}, 3, paired=True)
    with pytest.raises(ValueError, match="b has 2 runs"):
        ranking_flips({"a": A, "b": B[:2]}, 3, paired=False)
    for paired, other in ((True, [x + 0.1 for x in A]), (True, A)):
        with pytest.raises(ValueError, match="in every run, so flips cannot be judged"):
            ranking_flips({"a": A, "b": other}, 3, paired=paired)
    with pytest.raises(ValueError, match="two methods differ by 1 in every run"):
        ranking_flips({"a": [1.0] * 3, "b": [2.0] * 4}, 3, paired=False)
    for seeds, error, message in ((0, ValueError, "seeds is 0"), (2.5, TypeError, "seeds must be an integer")):
        with pytest.raises(error, match=message):
            ranking_flips({"a": A, "b": B}, seeds, paired=True)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="draws is 0"):
        ranking_flips({"a": A, "b": B}, 3, paired=True, draws=0)
    with pytest.raises(ValueError, match="level is 95"):
        ranking_flips({"a": A, "b": B}, 3, paired=True, level=95)
