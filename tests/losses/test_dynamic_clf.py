"""CLF with weights that follow the training, against plain loops in double precision."""

import numpy as np
import pytest
import torch

from seedwise.losses import CLFLoss, DynamicCLFLoss

EPOCHS, STEPS = 4, 6
LOSSES = 2.0 * np.exp(-0.1 * np.arange(EPOCHS * STEPS)) * (1 + 0.3 * np.random.default_rng(0).random(EPOCHS * STEPS))


def by_hand(by, power=1.0, most=2.0, half_life=10.0, lambda_s=0.4):
    """The factor on the gradient of each step."""
    factors, first, previous, first_s, last_s, m, s = [], None, None, None, None, None, 0.0
    for epoch in range(EPOCHS):
        losses = LOSSES[epoch * STEPS : (epoch + 1) * STEPS]
        for loss in losses:
            if previous is None:
                factors.append(1.0)
            else:
                signals = {
                    "level": previous / first,
                    "epoch": 0.5 ** (epoch / half_life),
                    "volatility": last_s / first_s,
                }
                signal = signals[by]
                factors.append(1 + lambda_s * min(signal**power, most) * np.sign(loss - previous))
            m = loss if m is None else m
            s += 0.2 * (abs(loss - m) - s)
            m += 0.05 * (loss - m)
        previous, last_s = losses.mean(), s
        first, first_s = (previous, s) if epoch == 0 else (first, first_s)
    return factors


def factors_of(loss):
    found = []
    for step, value in enumerate(LOSSES):
        output = torch.tensor(value, dtype=torch.float32, requires_grad=True)
        loss(output, torch.zeros(8)).backward()
        assert output.grad.item() == pytest.approx(loss.last_factor.item(), rel=1e-6)
        found.append(loss.last_factor.item())
        if (step + 1) % STEPS == 0:
            loss.on_epoch_end()
    return found


def given(kind=DynamicCLFLoss, **options):
    return kind(lambda output, target: output, **{"lambda_s": 0.4, "lambda_v": 0.0, **options})


@pytest.mark.parametrize(
    "options",
    [
        {"by": "level"},
        {"by": "level", "power": -1.0, "most": 1.5},
        {"by": "epoch", "half_life": 2.0},
        {"by": "volatility"},
        {"by": "volatility", "power": 0.5, "most": 0.7},
    ],
)
def test_the_factors_are_those_of_a_plain_loop(options):
    found = factors_of(given(**options))
    assert found == pytest.approx(by_hand(**options), rel=1e-5)
    assert found != pytest.approx(factors_of(given(CLFLoss)), rel=1e-2), "and not those of fixed weights"


def test_with_a_power_of_zero_it_is_clf_to_the_bit():
    assert factors_of(given(power=0.0)) == factors_of(given(CLFLoss))


def test_the_variance_term_has_the_same_weight():
    logits, target = torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0])
    loss = DynamicCLFLoss(
        lambda output, target: output.mean() * 0 + 1.0, lambda_s=0.0, lambda_v=0.5, by="epoch", half_life=1
    )
    found = []
    for _ in range(3):
        found.append(loss(logits.requires_grad_(), target).item() - 1)
        loss.on_epoch_end()
    assert found == pytest.approx([0.5, 0.25, 0.125])  # the variance is 1


def test_a_signal_that_is_not_known_is_one():
    loss = given(by="level")
    for value in (0.0, 1.0):  # the first epoch's mean is 0, and nothing is relative to it
        output = torch.tensor(value, requires_grad=True)
        loss(output, torch.zeros(8))
        loss.on_epoch_end()
    loss(torch.tensor(2.0, requires_grad=True), torch.zeros(8))
    assert loss.last_factor == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"by": "mood"}, "by must be"),
        ({"most": 0.0}, "most"),
        ({"half_life": -1.0}, "half_life"),
        ({"lambda_s": -1}, "lam"),
    ],
)
def test_options_out_of_range_are_refused(options, line):
    with pytest.raises(ValueError, match=line):
        DynamicCLFLoss(**options)
