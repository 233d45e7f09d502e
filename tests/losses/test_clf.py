"""CLF against plain loops."""

import math
import random
from statistics import pvariance

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from seedwise.losses import CLFLoss, residual_variance, stable_penalty, variance_penalty


def variance_by_loops(logits, target):
    members = {}
    for row, label in zip(logits.tolist(), target.tolist(), strict=True):
        if 0 <= label < len(row):
            members.setdefault(label, []).append(row[label])
    variances = [pvariance(values) for values in members.values() if len(values) >= 2]
    return sum(variances) / len(variances) if variances else 0.0


def given(**options):
    """CLF without variance term whose base loss is the output itself."""
    return CLFLoss(lambda output, target: output, **{"lambda_v": 0.0, **options})


@pytest.mark.parametrize("seed", range(20))
def test_variance_penalty_against_loops(seed):
    draw = torch.Generator().manual_seed(seed)
    size, classes = int(torch.randint(1, 40, (), generator=draw)), int(torch.randint(1, 12, (), generator=draw))
    logits = 3 * torch.randn(size, classes, generator=draw)
    target = torch.randint(-2, classes + 1, (size,), generator=draw)
    expected = variance_by_loops(logits, target)
    assert variance_penalty(logits, target).item() == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("target", [[0, 1, 2, 3], [-100] * 4, [3, -100, 1, 0]])
def test_no_class_with_two_members_gives_zero_and_a_zero_gradient(target):
    logits = torch.randn(4, 5, requires_grad=True)
    penalty = variance_penalty(logits, torch.tensor(target))
    penalty.backward()
    assert penalty == 0
    assert torch.equal(logits.grad, torch.zeros(4, 5))


def test_variance_penalty_gradcheck():
    logits = torch.randn(9, 6, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 0, 0, 1, 1, 2, 4, 4, -100])
    assert torch.autograd.gradcheck(lambda x: variance_penalty(x, target), logits)
    assert variance_penalty(logits, target).dtype == torch.float64


def test_variance_penalty_ignores_other_logits():
    logits = torch.randn(6, 3)
    target = torch.tensor([0, 0, 1, 1, 1, 2])
    expected = variance_penalty(logits, target)
    own = F.one_hot(target, 3).bool()
    assert torch.equal(variance_penalty(torch.where(own, logits, math.nan), target), expected)


def test_variance_penalty_of_a_class_far_from_zero_keeps_its_digits():
    logits = torch.tensor([[4096.0], [4097.0], [4098.0]])
    assert variance_penalty(logits, torch.zeros(3, dtype=torch.int64)).item() == pytest.approx(2 / 3, rel=1e-6)


def test_variance_penalty_of_half_precision_is_computed_in_float32():
    logits = torch.tensor([[300.0], [-300.0]], dtype=torch.float16)
    penalty = variance_penalty(logits, torch.tensor([0, 0]))
    assert penalty.dtype == torch.float32
    assert penalty == 90_000


@pytest.mark.parametrize(
    ("logits", "target", "error", "message"),
    [
        (
            torch.zeros(4),
            torch.zeros(4, dtype=torch.int64),
            ValueError,
            r"\(4,\) and .*variance=residual_variance",
        ),
        (torch.zeros(4, 2, 2), torch.zeros(4, dtype=torch.int64), ValueError, r"shape \(N, C\)"),
        (torch.zeros(4, 2), torch.zeros(3, dtype=torch.int64), ValueError, r"\(4, 2\) and \(3,\)"),
        (torch.zeros(4, 2), torch.zeros(4, 1, dtype=torch.int64), ValueError, r"class indices of shape \(N,\)"),
        (
            torch.zeros(4, 2),
            torch.zeros(4),
            TypeError,
            r"indices, got torch\.float32; for regression",
        ),
        (torch.zeros(4, 2), torch.zeros(4, 2, dtype=torch.int64), TypeError, "class probabilities, floating point"),
        (torch.zeros(4, 2), torch.zeros(4, dtype=torch.bool), TypeError, r"torch\.bool"),
        (torch.zeros(4, 2, dtype=torch.int64), torch.zeros(4, dtype=torch.int64), TypeError, "floating-point logits"),
    ],
)
def test_variance_penalty_refuses_other_shapes_and_types(logits, target, error, message):
    with pytest.raises(error, match=message):
        variance_penalty(logits, target)


def test_stable_penalty():
    losses = torch.tensor([0.2, 0.75, 2.0], dtype=torch.float64, requires_grad=True)
    stable_penalty(losses, 0.75).sum().backward()
    assert losses.grad.tolist() == [-1.0, 0.0, 1.0]
    torch.testing.assert_close(stable_penalty(losses, 0.75).detach(), torch.tensor([0.55, 0, 1.25]).double())
    assert torch.autograd.gradcheck(lambda x: stable_penalty(x, 0.7), losses)


@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 2), (1, 3), (2, None), (3, 4)])
def test_follows_the_paper_over_epochs(start, end):
    draw = random.Random(5)
    clf = given(lambda_s=0.4, start_epoch=start, end_epoch=end)
    previous, active = None, 0
    for epoch in range(5):
        seen = []
        for _ in range(7):
            loss, examples = draw.uniform(0.5, 2.0) / (epoch + 1), draw.randint(1, 64)
            leaf = torch.tensor(loss, requires_grad=True)
            total = clf(leaf, torch.zeros(examples))
            total.backward()
            on = previous is not None and epoch >= start and (end is None or epoch < end)
            weight = 0.4 if on else 0.0
            difference = loss - previous if on else 0.0
            factor = 1 + weight * (difference > 0) - weight * (difference < 0)
            assert total.item() == pytest.approx(loss + weight * abs(difference), rel=1e-5)
            assert leaf.grad.item() == pytest.approx(factor)
            assert clf.last_factor.item() == pytest.approx(factor)
            assert clf.last_lambda.item() == pytest.approx(weight)
            seen += [loss] * examples
            active += on
        assert clf.epoch_summary()["active_share"] == float(on)
        clf.on_epoch_end()
        previous = sum(seen) / len(seen)
        assert clf.previous_mean.item() == pytest.approx(previous, rel=1e-5)
        assert clf.epoch == epoch + 1
    assert active > 0


def test_the_variance_term_is_on_in_the_window_and_its_gradient_is_added():
    clf = CLFLoss(lambda_s=0.0, lambda_v=0.5, start_epoch=1, end_epoch=3)
    target = torch.tensor([0, 0, 1, 1, 2])
    for epoch in range(5):
        logits = torch.randn(5, 4, requires_grad=True)
        total = clf(logits, target)
        total.backward()
        weight = 0.5 if epoch in (1, 2) else 0.0
        base = F.cross_entropy(logits, target)
        assert total.item() == pytest.approx(base.item() + weight * variance_by_loops(logits, target), rel=1e-5)
        assert clf.last_penalty.item() == pytest.approx(weight * variance_by_loops(logits, target), rel=1e-5)
        expected = torch.autograd.grad(base, logits)[0]
        for label, members in ((0, [0, 1]), (1, [2, 3])):
            own = logits.detach()[members, label]
            expected[members, label] += weight * (own - own.mean()) / 2  # 2/n of 2 members, over 2 classes
        torch.testing.assert_close(logits.grad, expected)
        assert clf.last_factor == 1
        assert clf.last_lambda == 0
        clf.on_epoch_end()


def test_another_variance_replaces_it():
    clf = CLFLoss(F.mse_loss, lambda_s=0.0, lambda_v=0.5, variance=lambda output, target: (output - target).var())
    output, target = torch.randn(6, 2), torch.randn(6, 2)
    expected = F.mse_loss(output, target) + 0.5 * (output - target).var()
    torch.testing.assert_close(clf(output, target), expected)


def test_another_variance_does_not_see_a_non_finite_step():
    clf = CLFLoss(F.mse_loss, lambda_v=0.5, variance=lambda output, target: (output - target).square().mean())
    output, target = torch.tensor([1.0, math.inf], requires_grad=True), torch.tensor([2.0, 5.0])
    assert clf(output, target) == math.inf
    assert clf.last_penalty == 0


def test_another_variance_is_off_outside_the_window():
    clf = CLFLoss(F.mse_loss, start_epoch=1, variance=lambda output, target: (output - target).square().mean())
    output, target = torch.randn(6, 2, requires_grad=True), torch.randn(6, 2)
    total = clf(output, target)
    total.backward()
    assert torch.equal(total, F.mse_loss(output, target))
    torch.testing.assert_close(output.grad, (output.detach() - target) / 6)


@pytest.mark.parametrize(("start", "shift"), [(0, math.nan), (1, 0.0)])
def test_a_variance_term_that_is_off_cannot_spoil_the_gradient(start, shift):
    clf = CLFLoss(lambda output, target: output[0, 0] + shift, start_epoch=start)
    output = torch.zeros(3, 2)
    output[1, 0] = math.inf
    output.requires_grad_()
    clf(output, torch.tensor([0, 0, 1])).backward()
    assert output.grad.tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_variance_that_is_not_one_number_is_refused():
    clf = CLFLoss(F.mse_loss, variance=lambda output, target: (output - target).var(0))
    with pytest.raises(ValueError, match=r"variance must return one number, got a tensor of shape \(2,\)"):
        clf(torch.randn(6, 2), torch.randn(6, 2))


def test_an_epoch_without_a_finite_loss_keeps_the_previous_mean():
    clf = given()
    clf(torch.tensor(2.0), torch.zeros(3))
    clf.on_epoch_end()
    clf(torch.tensor(math.nan), torch.zeros(3))
    clf.on_epoch_end()
    clf.on_epoch_end()
    assert clf.previous_mean == 2.0
    assert clf.epoch == 3


def test_huge_losses_do_not_overflow_the_mean():
    clf = given()
    for loss in (2e38, 2e38, 2e38):
        clf(torch.tensor(loss), torch.zeros(1000))
    clf.on_epoch_end()
    assert clf.previous_mean.item() == pytest.approx(2e38, rel=1e-5)


def test_the_mean_of_a_long_epoch_is_exact_to_float32():
    draw = random.Random(1)
    clf = given()
    losses = [draw.gauss(2.3, 0.5) for _ in range(3000)]
    for loss in losses:
        clf(torch.tensor(loss), torch.zeros(128))
    assert clf.running_mean.item() == pytest.approx(sum(losses) / 3000, rel=2e-6)
    assert clf.running_examples == 3000 * 128


def test_without_a_variance_term_other_targets_are_fine():
    soft = torch.full((4, 3), 1 / 3)
    clf = CLFLoss(lambda_v=0.0)
    assert clf(torch.zeros(4, 3), soft).item() == pytest.approx(math.log(3))
    assert clf.running_examples == 4
    assert clf(torch.zeros(2, 3, 5, 5), torch.zeros(2, 5, 5, dtype=torch.int64)).item() == pytest.approx(math.log(3))
    assert clf.running_examples == 4 + 2 * 5 * 5
    assert clf(torch.zeros(3), torch.tensor(1)).item() == pytest.approx(math.log(3))
    assert clf.running_examples == 4 + 2 * 5 * 5 + 1
    assert clf(torch.zeros(3), torch.full((3,), 1 / 3)).item() == pytest.approx(math.log(3))
    assert clf.running_examples == 4 + 2 * 5 * 5 + 2


def test_a_target_without_examples_is_refused():
    with pytest.raises(TypeError, match=r"no tensor in the target, list, .*: pass weight=, a function of"):
        given()(torch.tensor(1.0), [1, 2])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lambda_s": -1}, ValueError, "lambda_s must be a finite number at least 0, got -1"),
        ({"lambda_v": math.inf}, ValueError, "lambda_v must be a finite number"),
        ({"lambda_v": None}, TypeError, "lambda_v must be a number, got None"),
        ({"start_epoch": -1}, ValueError, "start_epoch must be at least 0, got -1"),
        ({"start_epoch": 0.5}, TypeError, "start_epoch must be a whole number"),
        ({"start_epoch": 3, "end_epoch": 3}, ValueError, "end_epoch 3 must be greater than start_epoch 3"),
        ({"variance": 0.1}, TypeError, "variance must be a function"),
    ],
    ids=str,
)
def test_impossible_parameters_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        CLFLoss(**options)


def variance_of_residuals_by_loops(output, target):
    """Population variance of each variable's residuals, one value at a time; the mean over the variables."""
    members = [[] for _ in range(output.shape[-1])]
    for at in np.ndindex(*output.shape):
        members[at[-1]].append(float(output[at]) - float(target[at]))
    return sum(pvariance(values) for values in members) / len(members)


@pytest.mark.parametrize("shape", [(5, 3), (4, 6, 2), (1, 6, 3)])
def test_residual_variance_against_loops(shape):
    rng = np.random.default_rng(len(shape))
    output, target = rng.normal(3, 2, shape), rng.normal(-1, 1, shape)
    found = residual_variance(torch.tensor(output), torch.tensor(target))
    assert found.dtype == torch.float64
    assert found.item() == pytest.approx(variance_of_residuals_by_loops(output, target), rel=1e-12)
    halved = residual_variance(torch.tensor(output).float(), torch.tensor(target).float())
    assert halved.item() == pytest.approx(found.item(), rel=1e-5)


def test_residual_variance_leaves_out_a_constant_error_of_each_variable():
    generator = torch.Generator().manual_seed(0)
    output, target = torch.randn(2, 8, 5, 3, generator=generator, dtype=torch.float64)
    moved = output + torch.tensor([1.0, -20.0, 300.0])
    assert residual_variance(moved, target).item() == pytest.approx(residual_variance(output, target).item(), rel=1e-9)


def test_residual_variance_of_one_variable():
    output = torch.tensor([1.0, 3.0, 8.0])
    assert residual_variance(output, torch.zeros(3)).item() == pytest.approx(pvariance([1.0, 3.0, 8.0]))
    assert residual_variance(output[:, None], torch.zeros(3, 1)).item() == pytest.approx(pvariance([1.0, 3.0, 8.0]))


@pytest.mark.parametrize(
    ("output", "target", "error", "message"),
    [
        (torch.zeros(4, 2), torch.zeros(4), ValueError, r"\(4, 2\) and \(4,\)"),
        (torch.zeros(()), torch.zeros(()), ValueError, "one shape"),
        (torch.zeros(4, dtype=torch.int64), torch.zeros(4, dtype=torch.int64), TypeError, "floating-point"),
    ],
)
def test_residual_variance_refuses_what_has_none(output, target, error, message):
    with pytest.raises(error, match=message):
        residual_variance(output, target)


def test_clf_on_a_regression_base_against_a_reference_in_float64():
    generator = torch.Generator().manual_seed(1)
    target = torch.randn(3, 6, 4, 2, generator=generator)
    output = (target + torch.randn(3, 6, 4, 2, generator=generator)).requires_grad_()
    clf = CLFLoss(F.mse_loss, lambda_s=0.3, lambda_v=0.5, variance=residual_variance)
    previous = None
    for k in range(3):  # one step an epoch
        total = clf(output[k], target[k])
        residual = (output[k] - target[k]).detach().double().numpy()
        mse = float(np.mean(residual**2))
        stable = 0.0 if previous is None else 0.3 * abs(mse - previous)
        variance = 0.5 * residual.reshape(-1, 2).var(axis=0).mean()
        assert total.item() == pytest.approx(mse + stable + variance, rel=1e-5)
        clf.on_epoch_end()
        previous = mse
