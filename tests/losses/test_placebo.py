"""The placebo against a plain ring of factors, and its draws against chance."""

import random

import numpy as np
import pytest
import torch
from scipy import stats

from seedwise.losses import CLFLoss, PlaceboLoss, VarianceMinimizerLoss
from seedwise.losses._draws import keys_of, word_at


def given_vml(**options):
    return VarianceMinimizerLoss(lambda output, target: output, **{"warmup_steps": 2, "lambda_base": 0.5, **options})


def lowbias32(x):
    """The published hash, in wrapping 32-bit arithmetic."""
    x = np.atleast_1d(np.asarray(x, dtype=np.uint32))
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x735A2D97)
    return x ^ (x >> np.uint32(15))


def expected_slots(seed, steps, counts):
    low, high = np.uint32(seed % 2**32), np.uint32(seed // 2**32)
    first = lowbias32(lowbias32(low) ^ high)
    second = lowbias32(lowbias32(high ^ np.uint32(0x9E3779B9)) ^ low)
    return lowbias32(lowbias32(first + np.asarray(steps, dtype=np.uint32)) ^ second) % counts


def slots(seed, steps, count):
    return (word_at(steps, torch.tensor(keys_of(seed))) % count).numpy()


SEEDS = [0, 1, 2, 12345, 2**31, 2**32 - 1, 2**32, 2**63 - 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_draw_is_the_published_hash(seed):
    steps = np.concatenate([np.arange(1000), 2**32 - 1 - np.arange(1000)])
    assert np.array_equal(slots(seed, torch.from_numpy(steps), 512), expected_slots(seed, steps, 512))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [512, 300, 7])
def test_the_draws_are_uniform(seed, count):
    drawn = slots(seed, torch.arange(100_000), count)
    assert drawn.min() == 0
    assert drawn.max() == count - 1
    assert stats.chisquare(np.bincount(drawn, minlength=count)).pvalue > 1e-5


def test_draws_of_neighbouring_steps_and_seeds_are_unrelated():
    table = np.array([slots(seed, torch.arange(20_000), 512) for seed in range(8)], dtype=float)
    limit = 5 / np.sqrt(20_000)
    for lag in (1, 2, 3, 16, 512):
        for row in table:
            assert abs(np.corrcoef(row[lag:], row[:-lag])[0, 1]) < limit
    off_diagonal = np.corrcoef(table)[~np.eye(8, dtype=bool)]
    assert np.abs(off_diagonal).max() < limit
    for shift in range(-3, 4):
        assert abs(np.mean(table[0] == np.roll(table[1], shift)) - 1 / 512) < 0.003


def run(placebo, losses):
    """Factor by autograd, and the shadow's factor, at each step."""
    for loss in losses:
        leaf = torch.tensor(loss, dtype=torch.float32, requires_grad=True)
        total = placebo(leaf, torch.zeros(1))
        total.backward()
        assert total.item() == pytest.approx(leaf.grad.item() * loss, rel=1e-6)
        assert placebo.last_factor.item() == leaf.grad.item()
        yield leaf.grad.item(), placebo.controller.last_factor.item()


@pytest.mark.parametrize("seed", [0, 1, 2**40 + 17])
def test_factors_come_from_the_last_512_of_the_shadow(seed):
    draw = random.Random(seed)
    losses = [draw.gauss(2, 0.5) for _ in range(1300)]
    alone = given_vml()
    ring, lams = [1.0] * 512, [0.0] * 512
    placebo = PlaceboLoss(given_vml(), seed=seed)
    for step, ((factor, shadow), loss) in enumerate(zip(run(placebo, losses), losses, strict=True)):
        slot = int(expected_slots(seed, [step], max(1, min(step, 512)))[0])
        assert factor == ring[slot]
        assert placebo.last_lambda.item() == lams[slot]
        leaf = torch.tensor(loss, requires_grad=True)
        alone(leaf, None)
        assert shadow == alone.last_factor.item()  # the shadow is not disturbed by what is applied
        ring[step % 512], lams[step % 512] = shadow, alone.last_lambda.item()
    assert placebo.ring.tolist() == [ring, lams]


def test_the_first_factor_is_one_even_if_the_controller_starts_at_once():
    placebo = PlaceboLoss(CLFLoss(lambda o, t: o, lambda_s=0.5, lambda_v=0), seed=0)
    placebo.controller.previous_mean.fill_(1.0)
    (first, shadow), (second, _) = run(placebo, [3.0, 3.0])
    assert (first, shadow, second) == (1.0, 1.5, 1.5)


def test_same_distribution_but_no_tie_to_the_loss():
    draw = np.random.default_rng(2)
    losses = draw.normal(2, 0.5, 4000)
    placebo = PlaceboLoss(given_vml(), seed=11)
    applied, shadow = np.array(list(run(placebo, losses.tolist()))).T
    late = slice(600, None)
    assert np.corrcoef(shadow[late], losses[late])[0, 1] > 0.7
    assert abs(np.corrcoef(applied[late], losses[late])[0, 1]) < 4 / np.sqrt(3400)
    assert applied[late].mean() == pytest.approx(shadow[late].mean(), abs=0.05)
    assert applied[late].std() == pytest.approx(shadow[late].std(), rel=0.1)
    assert set(applied) <= {1.0, *shadow}


def test_seeds_differ_and_repeat():
    losses = np.random.default_rng(0).normal(2, 0.5, 100).tolist()
    by_seed = [[factor for factor, _ in run(PlaceboLoss(given_vml(), seed=seed), losses)] for seed in (0, 1, 0)]
    assert by_seed[0] == by_seed[2]
    assert by_seed[0] != by_seed[1]


def test_a_restored_placebo_takes_its_seed_from_the_state():
    losses = np.random.default_rng(0).normal(2, 0.5, 60).tolist()
    first, other = PlaceboLoss(given_vml(), seed=4), PlaceboLoss(given_vml(), seed=5)
    list(run(first, losses))
    other.load_state_dict(first.state_dict())
    assert list(run(first, losses)) == list(run(other, losses))


def test_a_non_finite_step_leaves_a_full_ring_alone():
    placebo = PlaceboLoss(given_vml(), seed=4)
    list(run(placebo, np.random.default_rng(0).normal(2, 0.5, 520).tolist()))
    before = placebo.ring.clone()
    assert placebo(torch.tensor(np.inf), None) == np.inf
    assert torch.equal(placebo.ring, before)
    assert (before[0] == 1).sum() < 10


def test_epochs_end_for_the_shadow_too():
    placebo = PlaceboLoss(CLFLoss(lambda o, t: o, lambda_v=0), seed=0)
    list(run(placebo, [1.0, 2.0, 3.0]))
    placebo.on_epoch_end()
    assert placebo.controller.previous_mean == 2
    assert placebo.controller.epoch_steps == 0
    assert placebo.epoch_steps == 0


@pytest.mark.parametrize(
    ("controller", "seed", "error", "message"),
    [
        (CLFLoss(), 0, ValueError, "made of gradient factors, and CLF's variance term has none: set lambda_v: 0"),
        (torch.nn.CrossEntropyLoss(), 0, TypeError, "a Controller such as VarianceMinimizerLoss, got CrossEntropyLoss"),
        (PlaceboLoss(VarianceMinimizerLoss(), seed=0), 0, TypeError, "got PlaceboLoss"),
        (VarianceMinimizerLoss(), -1, ValueError, "seed must be between 0 and 9223372036854775807, got -1"),
        (VarianceMinimizerLoss(), 2**63, ValueError, "seed must be between"),
        (VarianceMinimizerLoss(), 1.0, TypeError, "seed must be a whole number, got 1.0"),
    ],
)
def test_impossible_parameters_are_refused(controller, seed, error, message):
    with pytest.raises(error, match=message):
        PlaceboLoss(controller, seed=seed)
