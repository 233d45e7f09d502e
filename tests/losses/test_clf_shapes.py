"""CLF with the outputs, targets and base losses that people bring, against plain loops and PyTorch's own sums."""

import math
import re
from dataclasses import dataclass
from functools import partial
from statistics import pvariance

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.losses import (
    CLFLoss,
    LearningRateControl,
    VarianceMinimizerLoss,
    binary_variance,
    residual_variance,
    variance_penalty,
)


def named(value):
    """A name for a case: pytest's own would hold an address, which each process has of its own."""
    function = value.func if isinstance(value, partial) else value
    return getattr(function, "__name__", None) or re.sub(r"\s+|0x\w+", "", str(value))


def rng(seed):
    return torch.Generator().manual_seed(seed)


def weighted_variance(values, weights):
    mean = np.average(values, weights=weights)
    return float(np.average((np.asarray(values) - mean) ** 2, weights=weights))


# --- the variance within a class ---


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 4), (2, 3, 2, 2, 2)])
def test_dense_outputs_against_loops(shape):
    logits = 2 * torch.randn(shape, generator=rng(0), dtype=torch.float64)
    target = torch.randint(-1, shape[1], (shape[0], *shape[2:]), generator=rng(1))
    members: dict[int, list[float]] = {}
    for at in np.ndindex(*target.shape):
        label = int(target[at])
        if label >= 0:
            members.setdefault(label, []).append(float(logits[(at[0], label, *at[1:])]))
    expected = np.mean([pvariance(values) for values in members.values() if len(values) >= 2])
    assert variance_penalty(logits, target).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", [(8, 4), (3, 4, 5)])
def test_probabilities_that_name_one_class_are_the_class(shape):
    logits = torch.randn(shape, generator=rng(2), dtype=torch.float64, requires_grad=True)
    target = torch.randint(0, 4, (shape[0], *shape[2:]), generator=rng(3))
    named = F.one_hot(target, 4).movedim(-1, 1).double()
    hard, soft = variance_penalty(logits, target), variance_penalty(logits, named)
    torch.testing.assert_close(hard, soft, rtol=1e-12, atol=0)
    for a, b in zip(torch.autograd.grad(hard, logits), torch.autograd.grad(soft, logits), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-15)


def test_mixed_targets_against_numpy():
    draw = np.random.default_rng(4)
    logits, target = draw.normal(size=(40, 3)), draw.dirichlet([0.3] * 3, 40)
    expected = np.mean([weighted_variance(logits[:, j], target[:, j]) for j in range(3)])
    found = variance_penalty(torch.tensor(logits), torch.tensor(target))
    assert found.item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(
        lambda x: variance_penalty(x, torch.tensor(target)), torch.tensor(logits).requires_grad_()
    )


def test_smoothed_labels_leave_out_classes_without_members():
    logits = torch.tensor([[1.0, 0.0, 5.0], [3.0, 0.0, -5.0], [9.0, 4.0, 0.0]], dtype=torch.float64)
    target = 0.9 * F.one_hot(torch.tensor([0, 0, 1]), 3).double() + 0.1 / 3
    # Class 0 has two members; class 1 has one, with traces of others; class 2 has traces alone.
    expected = weighted_variance(logits[:, 0].tolist(), target[:, 0].tolist())
    assert variance_penalty(logits, target).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", [(9,), (9, 3), (2, 3, 4)])
def test_outputs_that_say_yes_or_no_against_loops(shape):
    logits = torch.randn(shape, generator=rng(5), dtype=torch.float64)
    target = torch.randint(0, 2, shape, generator=rng(6)).double()
    outputs = range(shape[1]) if len(shape) > 1 else [...]
    found = []
    for output in outputs:
        values, labels = (x[:, output].flatten() if len(shape) > 1 else x for x in (logits, target))
        found += [pvariance(values[labels == label].tolist()) for label in (0, 1) if (labels == label).sum() >= 2]
    assert binary_variance(logits, target).item() == pytest.approx(np.mean(found), rel=1e-12)
    halved = binary_variance(logits.half(), target.half())
    assert halved.dtype == torch.float32


def test_two_classes_are_the_same_as_yes_or_no():
    """The class logits (-f/2, f/2) of a logit f have the same variances, a quarter of it."""
    logits, target = torch.randn(12, generator=rng(7), dtype=torch.float64), torch.arange(12) % 3 == 0
    two = torch.stack([-logits / 2, logits / 2], 1)
    expected = 4 * variance_penalty(two, target.long())
    torch.testing.assert_close(binary_variance(logits, target.double()), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("logits", "target", "error", "message"),
    [
        (torch.zeros(4, 1), torch.zeros(4), ValueError, r"\(4, 1\) and \(4,\)"),
        (torch.zeros(()), torch.zeros(()), ValueError, "one shape"),
        (torch.zeros(4, dtype=torch.int64), torch.zeros(4), TypeError, "floating-point logits"),
    ],
)
def test_yes_or_no_refuses_what_has_none(logits, target, error, message):
    with pytest.raises(error, match=message):
        binary_variance(logits, target)


# --- the epoch's mean ---


def epoch_mean(clf, batches):
    for output, target in batches:
        clf(output, target)
    clf.on_epoch_end()
    return clf.previous_mean.item()


def ragged(seed, padding=-100):
    """Three batches of four sequences of which few or many entries are padding."""
    draw = rng(seed)
    for kept in (1, 3, 10):
        target = torch.randint(0, 5, (4, 10), generator=draw)
        target[:, kept:] = padding
        yield 2 * torch.randn(4, 5, 10, generator=draw), target


SMOOTHED = partial(F.cross_entropy, label_smoothing=0.1)
WEIGHTS = torch.tensor([0.1, 1.0, 3.0, 0.5, 10.0])


@pytest.mark.parametrize(
    ("base", "options"),
    [
        (None, {}),
        (F.cross_entropy, {}),
        (nn.CrossEntropyLoss(), {}),
        (nn.CrossEntropyLoss(weight=WEIGHTS), {"weight": WEIGHTS}),
        (nn.CrossEntropyLoss(weight=WEIGHTS, label_smoothing=0.1), {"weight": WEIGHTS, "label_smoothing": 0.1}),
        (nn.CrossEntropyLoss(ignore_index=2), {"ignore_index": 2}),
        (partial(F.cross_entropy, weight=WEIGHTS, ignore_index=0), {"weight": WEIGHTS, "ignore_index": 0}),
    ],
    ids=named,
)
def test_the_epochs_mean_is_that_of_all_entries_that_count(base, options):
    """The mean over an epoch, as PyTorch itself gives it for all its entries at once."""
    batches = list(ragged(0, padding=options.get("ignore_index", -100)))
    output, target = (torch.cat(x) for x in zip(*batches, strict=True))
    expected = F.cross_entropy(
        output.double(), target, **{**options, **({"weight": WEIGHTS.double()} if "weight" in options else {})}
    )
    assert epoch_mean(CLFLoss(base, lambda_v=0.0), batches) == pytest.approx(expected.item(), rel=1e-5)


def test_log_probabilities_are_weighted_like_logits():
    batches = [(output.log_softmax(1), target) for output, target in ragged(1)]
    output, target = (torch.cat(x) for x in zip(*batches, strict=True))
    expected = F.nll_loss(output.double(), target)
    assert epoch_mean(CLFLoss(nn.NLLLoss(), lambda_v=0.0), batches) == pytest.approx(expected.item(), rel=1e-5)


def test_an_own_weight_is_used():
    """Token losses that a function of the user's averages over a mask."""

    def masked(output, target):
        return (output * target["mask"]).sum() / target["mask"].sum()

    draw = rng(2)
    batches = [
        (torch.rand(4, 6, generator=draw), {"mask": (torch.rand(4, 6, generator=draw) < p).float()})
        for p in (0.1, 0.5, 1)
    ]
    total = sum((output * target["mask"]).double().sum().item() for output, target in batches)
    count = sum(target["mask"].sum().item() for _, target in batches)
    clf = CLFLoss(masked, lambda_v=0.0, weight=lambda output, target: target["mask"].sum())
    assert epoch_mean(clf, batches) == pytest.approx(total / count, rel=1e-5)
    assert epoch_mean(CLFLoss(masked, lambda_v=0.0), batches) != pytest.approx(total / count, rel=1e-2)


@dataclass
class Scaled:
    """A function of (output, target) without a hash."""

    by: float

    def __call__(self, output, target):
        return self.by * output.mean()


@pytest.mark.parametrize("make", [CLFLoss, VarianceMinimizerLoss])
def test_a_base_without_a_hash_is_one_of_which_nothing_is_known(make):
    options = {"lambda_v": 0.0} if make is CLFLoss else {}
    assert make(Scaled(2.0), **options)(torch.ones(4, 3), torch.zeros(4)).item() == pytest.approx(2)


def test_class_weights_are_those_of_now():
    """A module's weights move with it to a device, after it was given to the loss."""
    clf = CLFLoss(nn.CrossEntropyLoss(weight=WEIGHTS.clone()), lambda_v=0.0)
    clf.base.weight = torch.full((5,), 2.0)
    clf(torch.zeros(4, 5), torch.tensor([0, 1, 2, 0]))
    assert clf.running_examples == 8


def test_the_ranks_sum_leaves_what_the_own_weight_returned_as_it_is(monkeypatch):
    own = torch.tensor(3.0)
    clf = CLFLoss(lambda_v=0.0, weight=lambda output, target: own)
    monkeypatch.setattr(clf, "_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda tensor, group: tensor.mul_(2))
    clf(torch.zeros(4, 5), torch.tensor([0, 1, 2, 0]))
    assert clf.running_examples == 6
    assert own == 3


def test_a_batch_of_padding_alone_leaves_no_trace():
    clf = CLFLoss(lambda_v=0.0)
    clf(torch.zeros(4, 3), torch.tensor([0, 1, 2, 0]))
    clf(torch.zeros(4, 3), torch.full((4,), -100))  # PyTorch's mean over nothing is NaN
    assert clf.running_examples == 4
    assert clf.running_mean.item() == pytest.approx(math.log(3))


# --- which variance fits the base ---


@pytest.mark.parametrize(
    ("base", "fits"),
    [
        (None, variance_penalty),
        (nn.CrossEntropyLoss(), variance_penalty),
        (nn.BCEWithLogitsLoss(), binary_variance),
        (F.binary_cross_entropy_with_logits, binary_variance),
        (nn.MSELoss(), residual_variance),
        (partial(F.huber_loss, delta=0.5), residual_variance),
        (lambda output, target: output.mean(), variance_penalty),
    ],
    ids=named,
)
def test_the_variance_fits_the_base(base, fits):
    assert CLFLoss(base).variance is fits


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
@pytest.mark.parametrize("base", [nn.BCEWithLogitsLoss(), nn.MSELoss()], ids=named)
def test_one_output_trains_with_a_base_for_one(base, shape):
    output = torch.randn(shape, generator=rng(8), requires_grad=True)
    target = torch.randint(0, 2, shape, generator=rng(9)).float()
    clf = CLFLoss(base, lambda_v=0.5)
    total = clf(output, target)
    found = (binary_variance if isinstance(base, nn.BCEWithLogitsLoss) else residual_variance)(output, target)
    torch.testing.assert_close(total, base(output, target) + 0.5 * found)
    total.backward()
    assert output.grad.abs().min() > 0


@pytest.mark.parametrize(
    "base", [None, F.cross_entropy, nn.CrossEntropyLoss(), partial(F.cross_entropy, label_smoothing=0.1)]
)
@pytest.mark.parametrize(
    "make", [CLFLoss, VarianceMinimizerLoss, lambda base: LearningRateControl(CLFLoss(base, lambda_v=0))]
)
def test_cross_entropy_over_one_class_is_refused(make, base):
    with pytest.raises(ValueError, match=r"trains nothing \(outputs of shape \(4, 1\)\): .*BCEWithLogitsLoss.*MSELoss"):
        make(base)(torch.randn(4, 1), torch.zeros(4, dtype=torch.int64))


# --- dictionaries and tuples ---


def of_dictionary(output, target):
    return F.cross_entropy(output["logits"], target["label"])


@pytest.mark.parametrize("shift", [0.0, math.nan])
def test_dictionaries_with_an_own_variance(shift):
    def spread(output, target):
        return variance_penalty(output["logits"], target["label"])

    logits = torch.randn(6, 3, generator=rng(10), requires_grad=True)
    output = {"logits": logits + shift, "hidden": (torch.zeros(6, 2),), "length": torch.arange(6)}
    target = {"label": torch.tensor([0, 0, 1, 1, 2, 2])}
    clf = CLFLoss(of_dictionary, lambda_v=0.5, variance=spread)
    total = clf(output, target)
    if math.isnan(shift):
        assert total.isnan()
        assert clf.running_examples == 0
        return
    expected = F.cross_entropy(logits, target["label"]) + 0.5 * variance_penalty(logits, target["label"])
    torch.testing.assert_close(total, expected)
    assert clf.running_examples == 6


def test_tuples_without_a_variance_term():
    def both(output, target):
        return F.cross_entropy(output[0], target[0]) + F.mse_loss(output[1], target[1])

    output = (torch.randn(5, 3, generator=rng(11), requires_grad=True), torch.zeros(5))
    target = (torch.tensor([0, 1, 2, 0, 1]), torch.ones(5))
    clf = CLFLoss(both, lambda_v=0.0)
    torch.testing.assert_close(clf(output, target), F.cross_entropy(output[0], target[0]) + 1.0)
    assert clf.running_examples == 5


def test_a_weight_that_is_no_function_is_refused():
    with pytest.raises(TypeError, match="weight must be a function of \\(output, target\\) or None, got 3"):
        CLFLoss(weight=3)
