import math

import numpy as np

from seedwise.statistics import Attribution, Interval, attribution_design, variance_attribution
from seedwise.statistics.attribution.attribution import SourceEffect
from seedwise.statistics.attribution.reading import (
    blocks_for,
    fewest_pairs,
    first_order_of,
    has_first_order,
    has_shares,
    read_attribution,
)


def of(blocks: int, *, interacting: bool = False) -> Attribution:
    design = attribution_design(["init", "shuffle", "dropout"], blocks)
    draws = np.random.default_rng(0).normal(size=(int(design.seeds.max()) + 1, 3))
    every = draws[design.seeds, np.arange(3)] * [1, 2, 4]
    return variance_attribution(every.prod(axis=1) if interacting else every.sum(axis=1), design)


def test_sources_on_their_own_add_up_and_the_largest_is_found() -> None:
    found = read_attribution(of(200))
    assert not found.interacting
    assert found.least is not None
    assert found.most is not None
    assert (found.least.source, found.most.source) == ("init", "dropout")  # variances of 1, 4 and 16


def test_sources_that_multiply_interact() -> None:
    assert read_attribution(of(200, interacting=True)).interacting


def test_few_pairs_carry_no_shares_and_fewer_no_first_order_effects() -> None:
    few, enough = of(9), of(60)
    assert fewest_pairs(few) < 10
    assert not has_first_order(few)
    assert [first_order_of(effect) for effect in few.effects] == [None] * 3
    assert read_attribution(few).most is None
    assert not has_shares(few)
    assert has_shares(enough)
    assert blocks_for(50, few) == math.ceil(50 * 9 / fewest_pairs(few))


def effect(source: str, estimate: float, half: float) -> SourceEffect:
    share = Interval(estimate, estimate - half, estimate + half, 0.95, 30, "known")
    return SourceEffect(source=source, alone=share, total=share, first_order=share, pairs=30)


def reading(*effects: SourceEffect):
    total = Interval(1.5, 1.2, 1.8, 0.95, 30, "known")
    return read_attribution(
        Attribution("churn", total, effects, total_sum=total, first_order_sum=total, blocks=30, runs=150)
    )


def test_an_order_is_known_where_intervals_share_nothing() -> None:
    found = reading(effect("init", 0.9, 0.1), effect("shuffle", 0.5, 0.1), effect("augment", 0.2, 0.1))
    assert found.least is not None
    assert found.most is not None
    assert (found.least.source, found.most.source) == ("augment", "init")
    assert found.least_is_apart
    assert found.most_is_apart


def test_an_order_may_be_chance_where_intervals_overlap() -> None:
    found = reading(effect("init", 0.9, 0.3), effect("shuffle", 0.5, 0.3), effect("augment", 0.2, 0.3))
    assert not found.least_is_apart
    assert not found.most_is_apart
