"""The factor of the learning rate against the mean of the factors that a controller gives on its own."""

import copy

import numpy as np
import pytest
import torch

from seedwise.losses import CLFLoss, LearningRateControl, PlaceboLoss, VarianceMinimizerLoss


def given(output, target):
    return output


def vml():
    return VarianceMinimizerLoss(given, warmup_steps=2, lambda_base=0.5)


def clf():
    return CLFLoss(given, lambda_s=0.4, lambda_v=0)


@pytest.mark.parametrize("controller", [vml, clf])
def test_it_is_the_mean_factor_of_the_epoch_before(controller):
    control, alone = LearningRateControl(controller()), controller()
    draw = np.random.default_rng(0)
    target = torch.zeros(4)
    previous = (1.0, 0.0)
    for _ in range(5):
        factors, lams = [], []
        for loss in draw.normal(2, 0.5, 7):
            leaf = torch.tensor(loss, dtype=torch.float32, requires_grad=True)
            total = control(leaf, target)
            assert total is leaf
            assert (control.last_factor.item(), control.last_lambda.item()) == pytest.approx(previous, rel=1e-5)
            alone(torch.tensor(loss, dtype=torch.float32, requires_grad=True), target)
            factors.append(alone.last_factor.item())
            lams.append(alone.last_lambda.item())
        assert control.lr_factor.item() == pytest.approx(previous[0], rel=1e-5)
        assert control.epoch_summary()["factor_mean"] == pytest.approx(previous[0], rel=1e-5)
        control.on_epoch_end()
        alone.on_epoch_end()
        previous = np.mean(factors), np.mean(lams)
    assert abs(previous[0] - 1) > 0.01


def test_after_an_epoch_without_a_finite_loss_it_is_1():
    control = LearningRateControl(vml())
    for loss in (1.0, 3.0, 5.0):
        control(torch.tensor(loss, requires_grad=True), None)
    control.on_epoch_end()
    assert control.lr_factor > 1.05
    control(torch.tensor(torch.nan, requires_grad=True), None)
    control.on_epoch_end()
    assert control.lr_factor == 1


def test_it_is_never_negative():
    control = LearningRateControl(VarianceMinimizerLoss(given, warmup_steps=2, lambda_min=2))
    for loss in (5.0, 3.0, 2.0, 1.0):
        control(torch.tensor(loss, requires_grad=True), None)
    assert control.controller.epoch_summary()["factor_mean"] < -0.4
    control.on_epoch_end()
    assert control.lr_factor == 0


def test_a_step_does_not_move_it():
    control = LearningRateControl(vml())
    before = copy.deepcopy(control.lr_factor)
    for loss in (1.0, 3.0, 5.0):
        control(torch.tensor(loss, requires_grad=True), None)
    assert control.lr_factor == before == 1


@pytest.mark.parametrize(
    ("controller", "error", "message"),
    [
        (CLFLoss(), ValueError, "CLF's variance term has none: set lambda_v: 0"),
        (PlaceboLoss(vml(), seed=0), TypeError, "must be a Controller such as VarianceMinimizerLoss, got PlaceboLoss"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_other_controllers_are_refused(controller, error, message):
    with pytest.raises(error, match=message):
        LearningRateControl(controller)
