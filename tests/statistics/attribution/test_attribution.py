import sys
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import (
    Attribution,
    AttributionDesign,
    attribution_design,
    churn_attribution,
    logit_attribution,
    variance_attribution,
)

Values = NDArray[np.float64]
NAMES = ["init", "shuffle", "augment", "dropout", "split"]


def uniform(design: AttributionDesign, seed: int = 0) -> Values:
    """One uniform draw per source and seed, shape (runs, sources)."""
    draws = np.random.default_rng(seed).random((int(design.seeds.max()) + 1, len(design.sources)))
    return draws[design.seeds, np.arange(len(design.sources))]


def shares(found: Attribution) -> tuple[list[float], list[float]]:
    firsts = [effect.first_order.estimate for effect in found.effects if effect.first_order]
    return [effect.total.estimate for effect in found.effects], firsts


# The design


@pytest.mark.parametrize(("k", "changing", "sharing"), [(2, 2, 2), (3, 1, 2), (4, 1, 1), (5, 1, 1)])
def test_a_block_is_k_plus_2_runs_of_which_each_serves_several_pairs(k: int, changing: int, sharing: int) -> None:
    design = attribution_design(NAMES[:k], blocks=4)
    assert design.runs_per_block == k + 2
    assert len(design.vectors) == 4 * (k + 2)
    found = {(True, i): 0 for i in range(k)} | {(False, i): 0 for i in range(k)}
    for a, b in combinations(range(k + 2), 2):
        differ = [i for i in range(k) if design.vectors[a][NAMES[i]] != design.vectors[b][NAMES[i]]]
        same = [i for i in range(k) if i not in differ]
        if len(differ) == 1:
            found[True, differ[0]] += 1
        if len(same) == 1:
            found[False, same[0]] += 1
    assert [found[True, i] for i in range(k)] == [changing] * k == [n // 4 for n in design.pairs_that_change]
    assert [found[False, i] for i in range(k)] == [sharing] * k == [n // 4 for n in design.pairs_that_share]


def test_blocks_share_no_seed_and_begin_with_the_replicates_of_a_study() -> None:
    design = attribution_design(NAMES[:3], blocks=5)
    for a, b in combinations(range(5), 2):
        of = [design.seeds[design.block == block] for block in (a, b)]
        assert not any(set(of[0][:, i]) & set(of[1][:, i]) for i in range(3))
    whole = [vector for vector in design.vectors if len(set(vector.values())) == 1]
    assert [vector["init"] for vector in whole] == list(range(1, 11))  # replicates 0 to 9 vary all sources together


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["init"], 5), ValueError, "between sources, at least 2; got init"),
        (([], 5), ValueError, "at least 2; got none"),
        ((["init", "init"], 5), ValueError, "a source is named twice"),
        ((["init", "shuffle"], 2), ValueError, "2 blocks: an interval needs at least 3"),
        ((["init", "shuffle"], 1), ValueError, "1 block: an interval needs at least 3"),
        ((["init", "shuffle"], 3.0), TypeError, "blocks must be a whole number; got float"),
    ],
)
def test_designs_that_carry_no_answer_are_refused(
    arguments: tuple[list[str], int], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        attribution_design(*arguments)


def test_a_design_of_ones_own_is_checked() -> None:
    seeds = [[1, 1], [1, 2], [3, 3], [3, 4], [5, 5], [5, 6]]
    blocks = [0, 0, 1, 1, 2, 2]
    assert AttributionDesign(("init", "shuffle"), seeds, blocks).pairs_that_change.tolist() == [0, 3]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two blocks share the shuffle seed 4"):
        AttributionDesign(("init", "shuffle"), [*seeds[:5], [5, 4]], blocks)  # type: ignore[arg-type, list-item]
    with pytest.raises(ValueError, match="have the same seeds"):
        AttributionDesign(("init", "shuffle"), [*seeds[:5], [5, 5]], blocks)  # type: ignore[arg-type, list-item]
    with pytest.raises(ValueError, match=r"seeds has shape \(6, 2\) and block \(5,\) for 2 sources"):
        AttributionDesign(("init", "shuffle"), seeds, blocks[:5])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="seeds must be integers"):
        AttributionDesign(("init", "shuffle"), np.array(seeds) / 2, blocks)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fewer than 3 blocks have runs that differ in init only"):
        variance_attribution(np.arange(6.0), AttributionDesign(("init", "shuffle"), seeds, blocks))  # type: ignore[arg-type]


# The estimates, by their definition


def by_definition(vectors: Sequence[NDArray[np.float64]], design: AttributionDesign) -> tuple[Values, Values, float]:
    """Total effects, first-order effects and the whole, from all pairs of runs in plain loops."""
    k = len(design.sources)

    def half(a: int, b: int) -> float:
        return 0.5 * float(np.sum((vectors[a] - vectors[b]) ** 2))

    def apart(runs: list[int]) -> float:
        return float(np.mean([half(a, b) for a, b in combinations(runs, 2) if design.block[a] != design.block[b]]))

    changed: list[list[float]] = [[] for _ in range(k)]
    shared: list[list[float]] = [[] for _ in range(k)]
    sharing: list[list[int]] = [[] for _ in range(k)]  # a run as often as it is in such a pair
    for a, b in combinations(range(len(vectors)), 2):
        if design.block[a] == design.block[b]:
            differ = [i for i in range(k) if design.seeds[a, i] != design.seeds[b, i]]
            if len(differ) == 1:
                changed[differ[0]].append(half(a, b))
            if len(differ) == k - 1:
                only = next(i for i in range(k) if i not in differ)
                shared[only].append(half(a, b))
                sharing[only] += [a, b]
    whole = apart(list(range(len(vectors))))
    first_order = [1 - np.mean(s) / apart(runs) for s, runs in zip(shared, sharing, strict=True)]
    return np.array([np.mean(c) for c in changed]) / whole, np.array(first_order), whole


@pytest.mark.parametrize("k", [2, 3, 4])
def test_all_three_quantities_are_half_squared_distances_of_pairs(k: int) -> None:
    design = attribution_design(NAMES[:k], blocks=4)
    rng = np.random.default_rng(k)
    z = rng.normal(size=(len(design.block), 12, 3)) + 3  # 12 examples, 3 classes
    z[:, :, 0] += uniform(design).sum(axis=1)[:, None]
    labels = z.argmax(axis=2)
    centred = (z - z.mean(axis=2, keepdims=True)).reshape(len(z), -1) / np.sqrt(12 * 3)
    one_hot = (labels[..., None] == np.arange(3)).reshape(len(z), -1) / np.sqrt(12)
    values = z.mean(axis=(1, 2))
    for found, vectors in (
        (logit_attribution(z, design), centred),
        (churn_attribution(labels, design), one_hot),
        (variance_attribution(values, design), values[:, None]),
    ):
        total, first_order, whole = by_definition(list(vectors), design)
        assert shares(found)[0] == pytest.approx(total)
        assert shares(found)[1] == pytest.approx(first_order)
        assert found.amount.estimate == pytest.approx(whole)
        assert [e.alone.estimate for e in found.effects] == pytest.approx(total * whole)
        assert found.total_sum.estimate == pytest.approx(total.sum())
        assert found.first_order_sum is not None
        assert found.first_order_sum.estimate == pytest.approx(first_order.sum())
        assert (found.blocks, found.runs) == (4, 4 * (k + 2))
        assert [e.pairs for e in found.effects] == design.pairs_that_change.tolist()
    # Half the squared distance of one-hot predictions is 1 where they differ: churn itself.
    unrelated = [(a, b) for a, b in combinations(range(len(z)), 2) if design.block[a] != design.block[b]]
    churn = np.mean([np.mean(labels[a] != labels[b]) for a, b in unrelated])
    assert churn_attribution(labels, design).amount.estimate == pytest.approx(churn)


def test_the_interval_leaves_out_one_block_at_a_time() -> None:
    design = attribution_design(NAMES[:4], blocks=6)
    values = uniform(design) @ [1.0, 2.0, 3.0, 4.0] + np.prod(uniform(design, 1), axis=1)
    found = variance_attribution(values, design, level=0.9)
    total, first_order, whole = by_definition(list(values[:, None]), design)
    without = []
    for block in range(6):
        left = design.block != block
        without.append(by_definition(list(values[left, None]), design.kept(left)))

    def limits(estimate: float, others: Values) -> tuple[float, float]:
        se = np.sqrt(5 / 6 * np.sum((others - others.mean()) ** 2))
        half = float(stats.t.ppf(0.95, 5) * se)
        return estimate - half, estimate + half

    for i, effect in enumerate(found.effects):
        low, high = np.exp(limits(np.log(total[i]), np.log([w[0][i] for w in without])))
        assert [effect.total.low, effect.total.high] == pytest.approx([low, high])
        low, high = np.exp(limits(np.log(total[i] * whole), np.log([w[0][i] * w[2] for w in without])))
        assert [effect.alone.low, effect.alone.high] == pytest.approx([low, high])
        assert effect.first_order is not None
        low, high = limits(first_order[i], np.array([w[1][i] for w in without]))
        assert [effect.first_order.low, effect.first_order.high] == pytest.approx([low, high])
    low, high = np.exp(limits(np.log(whole), np.log([w[2] for w in without])))
    assert [found.amount.low, found.amount.high] == pytest.approx([low, high])
    low, high = np.exp(limits(np.log(total.sum()), np.log([w[0].sum() for w in without])))
    assert [found.total_sum.low, found.total_sum.high] == pytest.approx([low, high])
    assert found.first_order_sum is not None
    low, high = limits(first_order.sum(), np.array([w[1].sum() for w in without]))
    assert [found.first_order_sum.low, found.first_order_sum.high] == pytest.approx([low, high])
    assert (found.amount.n, found.amount.level, found.amount.procedure) == (6, 0.9, "jackknife over blocks")


def test_the_first_order_effect_is_that_of_janon() -> None:
    blocks = 60
    design = attribution_design(NAMES[:4], blocks)
    values = uniform(design) @ [1.0, 2.0, 3.0, 4.0] + 5 * np.prod(uniform(design), axis=1)
    found = variance_attribution(values, design)
    table = values.reshape(blocks, 6)  # A, B, A_1 ... A_4
    for i, effect in enumerate(found.effects):
        y, other = table[:, 1], table[:, 2 + i]
        mean = np.mean((y + other) / 2)
        janon = (np.mean(y * other) - mean**2) / (np.mean((y**2 + other**2) / 2) - mean**2)
        assert effect.first_order is not None
        # Janon's variance is that of all 2 N values, a pair's two included: (N-1)/N of ours, and 1/2N of theirs.
        ours = effect.first_order.estimate
        assert 1 - (1 - ours) / ((blocks - 1) / blocks + (1 - ours) / (2 * blocks)) == pytest.approx(janon, abs=1e-12)
        assert ours == pytest.approx(janon, abs=2 / blocks)


# Known indices


def ishigami(u: Values) -> Values:
    x = np.pi * (2 * u - 1)
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def ishigami_indices() -> tuple[list[float], list[float]]:
    a, b = 7.0, 0.1
    v1, v2 = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8
    v13 = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    v = v1 + v2 + v13
    return [(v1 + v13) / v, v2 / v, v13 / v], [v1 / v, v2 / v, 0.0]


G = np.array([0.0, 1.0, 4.5, 9.0])


def g_function(u: Values) -> Values:
    return np.asarray(np.prod((np.abs(4 * u - 2) + G) / (1 + G), axis=1))


def g_indices() -> tuple[list[float], list[float]]:
    v = 1 / (3 * (1 + G) ** 2)
    whole = np.prod(1 + v) - 1
    return list(v * np.prod(1 + v) / (1 + v) / whole), list(v / whole)


def additive(u: Values) -> Values:
    return np.asarray(u @ [1.0, 2.0, 3.0, 4.0])


def additive_indices() -> tuple[list[float], list[float]]:
    return [1 / 30, 4 / 30, 9 / 30, 16 / 30], [1 / 30, 4 / 30, 9 / 30, 16 / 30]


def product(u: Values) -> Values:
    return np.asarray(np.prod(2 * (u > 0.5) - 1, axis=1))  # a sign each: discrete, and nothing but interaction


def product_indices() -> tuple[list[float], list[float]]:
    return [1.0] * 4, [0.0] * 4


def any_source_decides_everything(u: Values) -> Values:
    return np.array([np.random.default_rng(row.view(np.uint64)).normal() for row in u])


@pytest.mark.parametrize(
    ("function", "indices", "k"),
    [
        (ishigami, ishigami_indices, 3),
        (g_function, g_indices, 4),
        (additive, additive_indices, 4),
        (product, product_indices, 4),
        (any_source_decides_everything, product_indices, 4),
    ],
)
def test_known_indices_are_found(
    function: Callable[[Values], Values], indices: Callable[[], tuple[list[float], list[float]]], k: int
) -> None:
    design = attribution_design(NAMES[:k], blocks=600)
    found = variance_attribution(function(uniform(design, 4)), design)
    total, first_order = indices()
    for effect, true_total, true_first in zip(found.effects, total, first_order, strict=True):
        assert effect.first_order is not None
        for share, true in ((effect.total, true_total), (effect.first_order, true_first)):
            half = (share.high - share.low) / 2  # two standard errors; four are allowed, and rounding
            assert abs(share.estimate - true) <= 2 * half + 1e-12
            assert half < 0.2
    assert found.first_order_sum is not None
    assert found.first_order_sum.estimate <= 1 + 0.2
    assert found.total_sum.estimate >= 1 - 0.2
    assert found.total_sum.low <= sum(total) + 0.05
    assert found.total_sum.high >= sum(total) - 0.05


def test_churn_adds_up_where_every_example_hangs_on_one_source() -> None:
    design = attribution_design(NAMES[:4], blocks=150)
    owner = np.repeat(np.arange(4), [10, 20, 30, 40])  # which source decides the class of an example, of 100
    draws = np.random.default_rng(0).integers(0, 10, size=(int(design.seeds.max()) + 1, 100))
    runs = draws[design.seeds[:, owner], np.arange(100)]
    found = churn_attribution(runs, design)
    assert found.amount.estimate == pytest.approx(0.9, abs=0.01)
    assert shares(found)[0] == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.01)
    assert shares(found)[1] == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.02)
    assert found.total_sum.low < 1 < found.total_sum.high


def test_churn_is_caused_by_every_source_alone_where_all_of_them_decide_together() -> None:
    design = attribution_design(NAMES[:4], blocks=150)
    draws = np.random.default_rng(0).integers(0, 10, size=(int(design.seeds.max()) + 1, 4, 100))
    runs = draws[design.seeds, np.arange(4)].sum(axis=1) % 10
    found = churn_attribution(runs, design)
    assert shares(found)[0] == pytest.approx([1.0] * 4, abs=0.02)
    assert shares(found)[1] == pytest.approx([0.0] * 4, abs=0.02)
    assert found.total_sum.low > 3.9
    names = np.array(list("abcdefghij"))[runs]
    assert churn_attribution(names, design) == found


def test_logits_of_linear_sources_add_up_whatever_is_added_to_all_classes() -> None:
    design = attribution_design(NAMES[:3], blocks=60)
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(int(design.seeds.max()) + 1, 3, 50, 4)) * np.array([1, 2, 3])[:, None, None]
    logits = draws[design.seeds, np.arange(3)].sum(axis=1)
    found = logit_attribution(logits, design)
    assert shares(found)[0] == pytest.approx([1 / 14, 4 / 14, 9 / 14], abs=0.02)
    assert shares(found)[1] == pytest.approx([1 / 14, 4 / 14, 9 / 14], abs=0.02)
    # Centring over 4 classes leaves 3/4 of a variance of 14.
    assert found.amount.estimate == pytest.approx(14 * 3 / 4, rel=0.02)
    shifted = logits + 100 * rng.normal(size=(len(logits), 50, 1))
    assert logit_attribution(shifted, design).effects[0].total.estimate == pytest.approx(shares(found)[0][0])
    half = logit_attribution(logits.astype(np.float16), design)  # as stores keep them
    assert shares(half)[0] == pytest.approx(shares(found)[0], abs=1e-3)


# Edges


def test_a_source_that_nothing_is_drawn_from_has_exactly_no_total_effect() -> None:
    design = attribution_design(NAMES[:3], blocks=4)
    draws = np.random.default_rng(0).normal(size=(9, 2, 20, 3)) + 1e6 / 3
    logits = draws[design.seeds[:, 0], 0] + draws[design.seeds[:, 1], 1]  # augment draws nothing
    for found in (
        logit_attribution(logits, design),
        churn_attribution(logits.argmax(axis=2), design),
        variance_attribution(logits.mean(axis=(1, 2)), design),
    ):
        unused = found.effects[2]
        assert (unused.total.estimate, unused.total.low, unused.total.high) == (0.0, 0.0, 0.0)
        assert (unused.alone.estimate, unused.alone.low, unused.alone.high) == (0.0, 0.0, 0.0)
        assert all(effect.total.low > 0 for effect in found.effects[:2])


def test_a_large_common_part_of_the_outputs_costs_no_digits() -> None:
    design = attribution_design(NAMES[:3], blocks=5)
    values = np.round(uniform(design) @ [1.0, 2.0, 3.0], 6)
    assert shares(variance_attribution(values + 1e6, design))[0] == pytest.approx(
        shares(variance_attribution(values, design))[0], rel=1e-6
    )


def test_outputs_are_taken_in_pieces_without_changing_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    design = attribution_design(NAMES[:3], blocks=4)
    logits = np.random.default_rng(0).normal(size=(len(design.block), 23, 3))
    labels = logits.argmax(axis=2)
    whole = [*shares(logit_attribution(logits, design)), *shares(churn_attribution(labels, design))]
    monkeypatch.setattr(sys.modules["seedwise.statistics.attribution.attribution"], "_VALUES_AT_ONCE", 300)
    monkeypatch.setattr(sys.modules["seedwise.statistics.core._predictions"], "_VALUES_AT_ONCE", 300)
    parts = [*shares(logit_attribution(logits, design)), *shares(churn_attribution(labels, design))]
    assert np.array(parts) == pytest.approx(np.array(whole))


def test_runs_that_failed_leave_their_pairs_out() -> None:
    design = attribution_design(NAMES[:4], blocks=5)
    values = uniform(design) @ [1.0, 2.0, 3.0, 4.0]
    left = np.arange(len(values)) != 2  # A_1 of the first block
    found = variance_attribution(values[left], design.kept(left))
    assert [effect.pairs for effect in found.effects] == [4, 5, 5, 5]
    total, first_order, _ = by_definition(list(values[left, None]), design.kept(left))
    assert shares(found) == (pytest.approx(total), pytest.approx(first_order))


def test_without_enough_pairs_that_share_a_source_there_is_no_first_order_effect() -> None:
    design = attribution_design(NAMES[:4], blocks=5)
    left = (np.arange(len(design.block)) % 6 != 1) | (design.block < 2)  # B in two blocks only
    found = variance_attribution(uniform(design)[left] @ [1.0, 2.0, 3.0, 4.0], design.kept(left))
    assert [effect.first_order for effect in found.effects] == [None] * 4
    assert found.first_order_sum is None
    assert len(shares(found)[0]) == 4


DESIGN = attribution_design(NAMES[:2], blocks=3)


def one_block_differs() -> Values:
    return np.where(DESIGN.block == 1, uniform(DESIGN)[:, 0], 0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: variance_attribution(np.ones(12), DESIGN), ValueError, "no variance to attribute: no two"),
        (
            lambda: churn_attribution(np.ones((12, 5), int), DESIGN),
            ValueError,
            "no churn to attribute: no two",
        ),
        (lambda: logit_attribution(np.ones((12, 5, 2)), DESIGN), ValueError, "no logit variance to attribute"),
        (
            lambda: variance_attribution(one_block_differs(), DESIGN),
            ValueError,
            "or only one differs",
        ),
        (lambda: variance_attribution(np.arange(11.0), DESIGN), ValueError, "11 runs for a design of 12"),
        (lambda: churn_attribution(np.ones((9, 5), int), DESIGN), ValueError, "9 runs for a design of 12"),
        (lambda: variance_attribution([np.nan] * 12, DESIGN), ValueError, r"values\[0\] is nan"),
        (lambda: logit_attribution(np.full((12, 2, 2), np.inf), DESIGN), ValueError, "not finite"),
        (lambda: churn_attribution(np.ones((12, 5)), DESIGN), TypeError, "class labels; got float64"),
        (lambda: variance_attribution(np.arange(12.0), DESIGN, level=1.5), ValueError, "level is 1.5"),
        (
            lambda: churn_attribution(np.ones((12, 2), int), DESIGN, example_ids=[[0, 1]] * 11 + [[1, 0]]),
            ValueError,
            "runs 0 and 11 predicted different examples",
        ),
    ],
)
def test_what_cannot_be_attributed_is_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# Coverage


@pytest.mark.parametrize("interacting", [False, True])
def test_the_intervals_of_churn_and_logits_cover_the_truth(interacting: bool) -> None:
    studies, examples, classes = 300, 30, 10
    design = attribution_design(NAMES[:4], blocks=10)
    rng = np.random.default_rng(interacting)
    owner = np.arange(examples) % 4
    one = np.arange(examples)
    hit = np.zeros(4)
    for _ in range(studies):
        draws = rng.integers(0, classes, size=(int(design.seeds.max()) + 1, 4, examples))
        every = draws[design.seeds, np.arange(4)]
        runs = every.sum(axis=1) % classes if interacting else every[:, owner, one]
        true_total, true_first = (1.0, 0.0) if interacting else (float(np.mean(owner == 0)),) * 2
        logits = (runs[..., None] == np.arange(classes)).astype(float)  # the same variance, as logits
        for k, found in enumerate((churn_attribution(runs, design), logit_attribution(logits, design))):
            effect = found.effects[0]
            assert effect.first_order is not None
            hit[2 * k] += effect.total.low <= true_total <= effect.total.high
            hit[2 * k + 1] += effect.first_order.low <= true_first <= effect.first_order.high
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)  # beside 3 % for the jackknife, which is approximate
    assert np.all(np.abs(hit / studies - 0.95) <= 0.03 + slack)


def test_the_intervals_of_a_metric_cover_the_truth_from_50_pairs() -> None:
    studies, rng = 600, np.random.default_rng(3)
    design = attribution_design(NAMES[:4], blocks=50)
    weights = np.sqrt([0.1, 0.2, 0.3, 0.4])
    hit = np.zeros(2)
    for _ in range(studies):
        draws = rng.normal(size=(int(design.seeds.max()) + 1, 4))
        found = variance_attribution(draws[design.seeds, np.arange(4)] @ weights, design)
        effect = found.effects[3]
        assert effect.first_order is not None
        hit += [
            effect.total.low <= 0.4 <= effect.total.high,
            effect.first_order.low <= 0.4 <= effect.first_order.high,
        ]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert np.all(np.abs(hit / studies - 0.95) <= 0.03 + slack)
