"""Learning-rate schedules against values computed by hand, and their use in every step."""

import math

import pytest
import torch
from pydantic import TypeAdapter

from seedwise.run import execute
from seedwise.training import _loop, train
from seedwise.training._parts import AnySchedule
from seedwise.training._schedules import lr_schedule

STEPS = 4
EPOCHS = 5


def schedule(name, **options):
    return TypeAdapter(AnySchedule).validate_python({"name": name, **options})


def factors(config):
    factor = lr_schedule(config, EPOCHS, STEPS)
    return [factor(step) for step in range(EPOCHS * STEPS + 1)]


def test_constant():
    assert factors(schedule("constant")) == [1] * 21


def test_warm_up_is_linear_to_the_peak():
    assert factors(schedule("constant", warmup_epochs=1)) == [0.25, 0.5, 0.75] + [1] * 18
    assert factors(schedule("constant", warmup_epochs=0.5)) == [0.5] + [1] * 20


def test_step():
    expected = [1] * 8 + [0.1] * 8 + [0.1**2] * 5
    assert factors(schedule("step", epochs=[2, 4])) == pytest.approx(expected)
    assert factors(schedule("step", epochs=[4, 2], gamma=0.1)) == pytest.approx(expected)
    halved = factors(schedule("step", epochs=[1], gamma=0.5, warmup_epochs=1))
    assert halved == pytest.approx([0.25, 0.5, 0.75, 1] + [0.5] * 17)


def test_linear_is_that_of_torch():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, EPOCHS * STEPS)
    expected = []
    for _ in range(EPOCHS * STEPS):
        expected.append(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    assert factors(schedule("linear"))[:-1] == pytest.approx(expected)


def test_linear_after_a_warm_up():
    assert factors(schedule("linear", warmup_epochs=1)) == pytest.approx(
        [0.25, 0.5, 0.75, 1] + [k / 16 for k in range(16, -1, -1)]
    )


def test_halving_as_the_published_programs_do():
    """They set lr * .5 ** (epoch - 1), epochs counted from 1, after each epoch: the second one is at the full rate."""
    rate, expected = 1.0, []
    for epoch in range(1, EPOCHS + 1):
        expected += [rate] * STEPS
        rate = 0.5 ** (epoch - 1)
    assert factors(schedule("halving"))[:-1] == expected
    assert factors(schedule("halving", factor=0.1, full_epochs=1))[::STEPS] == pytest.approx([0.1**k for k in range(6)])


def test_cosine_after_a_warm_up():
    found = factors(schedule("cosine", warmup_epochs=1))
    assert found[:5] == [0.25, 0.5, 0.75, 1, 1]
    assert found[8] == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert found[12] == pytest.approx(0.5)
    assert found[16] == pytest.approx((1 - math.sqrt(0.5)) / 2)
    assert found[20] == pytest.approx(0, abs=1e-12)
    assert found[3:] == sorted(found[3:], reverse=True)


def test_cosine_is_that_of_torch():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * STEPS)
    expected = []
    for _ in range(EPOCHS * STEPS):
        expected.append(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    assert factors(schedule("cosine"))[:-1] == pytest.approx(expected)


@pytest.mark.parametrize("cycles", [2, 3, 6])
def test_cycles_are_the_warm_restarts_of_torch(cycles):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 6 * STEPS // cycles)
    factor = lr_schedule(schedule("cosine"), 6, STEPS, cycles)
    for step in range(6 * STEPS):
        assert factor(step) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


# Half a cosine in four steps, and in three.
HALF, THIRD = [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2], [1, 0.75, 0.25]


@pytest.mark.parametrize(
    ("warmup_epochs", "warmup", "expected"),
    [
        # Two cycles of two epochs of two steps.
        (0, "first_cycle", HALF + HALF),
        (1, "first_cycle", [0.5, 1, 1, 0.5, *HALF]),
        (1, "every_cycle", [0.5, 1, 1, 0.5] * 2),
        (0.5, "first_cycle", [1, *THIRD, *HALF]),
        (0.5, "every_cycle", [1, *THIRD] * 2),
        (1.5, "every_cycle", [1 / 3, 2 / 3, 1, 1] * 2),
    ],
)
def test_which_cycles_warm_up(warmup_epochs, warmup, expected):
    config = schedule("cosine", warmup_epochs=warmup_epochs)
    factor = lr_schedule(config, 4, 2, 2, warmup_in_all=warmup == "every_cycle")
    assert [factor(step) for step in range(8)] == pytest.approx(expected)


def test_cycles_as_published():
    """5 cycles of 100 epochs, 98 steps each, up to .4 in 3 epochs: Summers & Dinneen 2021."""
    config = schedule("cosine", warmup_epochs=3)
    factor = lr_schedule(config, 500, 98, 5, warmup_in_all=True)
    rates = [0.4 * factor(step) for step in range(500 * 98)]
    one = [0.4 * k / 294 for k in range(1, 295)]
    one += [0.2 * (1 + math.cos(math.pi * k / (97 * 98))) for k in range(97 * 98)]
    assert rates == pytest.approx(one * 5)


@pytest.mark.parametrize("warmup", [5, 7])
def test_a_warm_up_as_long_as_the_training(warmup):
    found = factors(schedule("cosine", warmup_epochs=warmup))[:-1]
    assert found == pytest.approx([(k + 1) / (4 * warmup) for k in range(20)])


def test_every_step_has_its_own_learning_rate(new_run, monkeypatch):
    used = []
    step = _loop.Trainer.step

    def observed(trainer, *batch):
        used.append([group["lr"] for group in trainer.optimizer.param_groups])
        return step(trainer, *batch)

    monkeypatch.setattr(_loop.Trainer, "step", observed)
    optimizer = {"name": "sgd", "lr": 0.2, "groups": [{"kinds": ["bias"], "lr_scale": 3}]}
    cosine_after_one = {"name": "cosine", "warmup_epochs": 1}
    record = execute(new_run(batch_size=400, epochs=3, optimizer=optimizer, schedule=cosine_after_one), train)
    warmup = [0.25, 0.5, 0.75, 1]
    cosine = [(1 + math.cos(math.pi * k / 8)) / 2 for k in range(8)]
    expected = [0.2 * factor for factor in warmup + cosine]
    assert [rest for rest, _ in used] == pytest.approx(expected)
    assert [bias for _, bias in used] == pytest.approx([3 * lr for lr in expected])
    assert [row["lr"] for row in record.series] == pytest.approx([expected[3], expected[7], expected[11]])
