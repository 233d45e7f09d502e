from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import group_size_table, seed_effect


def two_arms(runs: int, rho: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(2, runs))
    return 95 + 0.13 * np.stack([z[0], 0.9 * (rho * z[0] + np.sqrt(1 - rho**2) * z[1])])


def test_all_paired_groups_are_taken_where_there_are_few() -> None:
    base, method = two_arms(8)
    (row,) = group_size_table(method, base, (5,), paired=True, level=0.9)
    groups = [list(group) for group in combinations(range(8), 5)]
    sds = np.array([[np.std(x[group], ddof=1) for group in groups] for x in (method, base)])
    single = 100 * (1 - sds[0] / sds[1])
    assert (row.size, row.groups, row.undefined) == (5, 56, 0)
    assert [row.sd_method, row.sd_base] == pytest.approx(sds.mean(axis=1))
    assert row.reduction == pytest.approx(100 * (1 - sds[0].mean() / sds[1].mean()))
    assert [row.mean, row.sd] == pytest.approx([single.mean(), single.std(ddof=1)])
    assert [row.low, row.high] == pytest.approx(np.quantile(single, [0.05, 0.95]))


def test_paired_groups_drawn_at_random_hold_the_same_runs() -> None:
    base, _ = two_arms(20)
    (row,) = group_size_table(95 + (base - 95) / 2, base, (5,), paired=True, draws=500)
    assert row.groups == 500
    assert [row.reduction, row.mean, row.low, row.high] == pytest.approx([50] * 4)


def test_unpaired_groups_are_drawn_independently() -> None:
    base, method = two_arms(6)[0], two_arms(5, seed=3)[1]
    (row,) = group_size_table(method, base, (4,), paired=False, draws=20_000)
    sds = [[np.std(x[list(g)], ddof=1) for g in combinations(range(x.size), 4)] for x in (method, base)]
    single = np.array([100 * (1 - a / b) for a, b in product(*sds)])
    assert row.groups == 20_000
    assert [row.sd_method, row.sd_base] == pytest.approx([np.mean(sds[0]), np.mean(sds[1])], rel=0.01)
    assert row.mean is not None
    assert abs(row.mean - single.mean()) < 3 * single.std() / np.sqrt(20_000)


@pytest.mark.parametrize("paired", [True, False])
def test_the_reduction_of_mean_sds_is_flat_and_its_scatter_closes_up(paired: bool) -> None:
    base, method = two_arms(20, seed=4)
    rows = group_size_table(method, base, paired=paired)
    assert [row.size for row in rows] == [5, 10, 15, 20]
    of_the_pool = 100 * (1 - np.std(method, ddof=1) / np.std(base, ddof=1))
    assert [row.reduction for row in rows] == pytest.approx([of_the_pool] * 4, abs=5)
    widths = [row.high - row.low for row in rows]  # type: ignore[operator]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 100
    last = rows[-1]
    assert [last.reduction, last.mean, last.low, last.high] == pytest.approx([of_the_pool] * 4)
    assert last.sd == (None if paired else pytest.approx(0, abs=1e-9))
    assert last.new_high - last.new_low > 50  # what 20 new pairs would do


@pytest.mark.parametrize(("paired", "rho"), [(False, 0.0), (True, 0.0), (True, 0.8)])
def test_the_range_of_new_groups_is_that_of_new_normal_runs(paired: bool, rho: float) -> None:
    base, method = two_arms(200, rho, seed=5)
    (row,) = group_size_table(method, base, (6,), paired=paired, draws=20_000)
    r = np.corrcoef(base, method)[0, 1] if paired else 0.0
    z = np.random.default_rng(6).normal(size=(2, 20_000, 6))
    x, y = np.std(r * z[0] + np.sqrt(1 - r**2) * z[1], axis=1), np.std(z[0], axis=1)
    expected = 100 * (1 - np.std(method) / np.std(base) * np.quantile(x / y, [0.975, 0.025]))
    assert [row.new_low, row.new_high] == pytest.approx(expected, abs=6)
    if rho == 0:
        exact = 100 * (1 - np.std(method) / np.std(base) * np.sqrt(stats.f.ppf([0.975, 0.025], 5, 5)))
        assert [row.new_low, row.new_high] == pytest.approx(exact, abs=10)


def test_groups_whose_base_does_not_vary_are_counted() -> None:
    base, method = np.array([1.0, 1, 1, 1, 2]), np.arange(5.0)
    (row,) = group_size_table(method, base, (4,), paired=True)
    assert (row.groups, row.undefined) == (5, 1)
    assert row.mean is not None
    assert np.isfinite([row.mean, row.sd, row.low, row.high, row.reduction]).all()  # type: ignore[list-item]


def test_draws_can_be_repeated() -> None:
    base, method = two_arms(20)
    one = group_size_table(method, base, (5,), paired=True)
    assert one == group_size_table(method, base, (5,), paired=True, rng=0)
    assert one != group_size_table(method, base, (5,), paired=True, rng=1)


def test_the_seed_effect_of_twenty_runs_with_sd_an_eighth_is_about_a_fifth() -> None:
    x = np.random.default_rng(0).normal(size=20)
    x = 95 + 0.125 * (x - x.mean()) / x.std(ddof=1)
    effect = seed_effect(x, 10)
    ordered = np.sort(x)
    assert effect.gap == pytest.approx(ordered[10:].mean() - ordered[:10].mean())
    assert effect.sd == pytest.approx(0.125)
    assert effect.expected == pytest.approx(0.19, abs=0.005)
    assert effect.low < effect.gap < effect.high < 0.25
    assert (effect.n, effect.k, effect.level) == (20, 10, 0.95)


@pytest.mark.parametrize(("n", "k"), [(3, 1), (10, 1), (20, 10), (31, 7)])
def test_the_expected_gap_and_its_range_hold_for_normal_runs(n: int, k: int) -> None:
    studies = 4000
    samples = np.random.default_rng(n).normal(95, 0.2, (studies, n))
    effect = seed_effect(samples[0], k)
    ordered = np.sort(samples, axis=1)
    ratios = (ordered[:, -k:].mean(axis=1) - ordered[:, :k].mean(axis=1)) / samples.std(axis=1, ddof=1)
    expected, low, high = (value / effect.sd for value in (effect.expected, effect.low, effect.high))
    assert abs(ratios.mean() - expected) <= 3 * ratios.std() / np.sqrt(studies) + 1e-9
    covered = np.mean((low <= ratios) & (ratios <= high))
    assert abs(covered - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / studies) + 0.004  # the range is simulated too


def test_the_studentised_range_is_that_of_the_tables() -> None:
    # David, Hartley & Pearson (1954), table 2: upper and lower 2.5 % points of range / SD at n = 10
    effect = seed_effect(np.random.default_rng(1).normal(size=10), 1, draws=200_000)
    assert [effect.low / effect.sd, effect.high / effect.sd] == pytest.approx([2.59, 3.78], abs=0.02)


def test_constant_runs_have_no_gap() -> None:
    effect = seed_effect([0.3, 0.3, 0.3, 0.3], 2)
    assert (effect.gap, effect.expected, effect.high) == (pytest.approx(0), 0.0, 0.0)


def test_what_does_not_fit_is_refused() -> None:
    base, method = two_arms(10)
    with pytest.raises(ValueError, match="sizes has 15, but the pool has 10 runs; pass sizes from 3 to 10"):
        group_size_table(method, base, paired=True)
    with pytest.raises(ValueError, match="sizes has 2, but"):
        group_size_table(method, base, (2,), paired=True)
    with pytest.raises(TypeError, match="sizes must be integers; got float"):
        group_size_table(method, base, (5.0,), paired=True)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="paired arms need one value per pair"):
        group_size_table(method[:9], base, (5,), paired=True)
    with pytest.raises(ValueError, match="every run of base has the same value"):
        group_size_table(method, np.ones(10), (5,), paired=True)
    with pytest.raises(ValueError, match="draws is 10"):
        group_size_table(method, base, (5,), paired=True, draws=10)
    for k in (0, 6):
        with pytest.raises(ValueError, match=f"k is {k} of 10 runs; pass 1 to 5"):
            seed_effect(base, k)
    with pytest.raises(TypeError, match="k must be an integer; got float"):
        seed_effect(base, 2.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="draws is 1;"):
        seed_effect(base, 2, draws=1)
    for level in (0, 95):
        with pytest.raises(ValueError, match="level is"):
            seed_effect(base, 2, level=level)
        with pytest.raises(ValueError, match="level is"):
            group_size_table(method, base, (5,), paired=True, level=level)
