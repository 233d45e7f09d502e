"""AnyLoss against confusion matrices of numpy, and EnsLoss against its recipe step by step."""

import io
import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from seedwise.losses import AnyLoss, EnsLoss, VarianceMinimizerLoss, random_derivatives

METRICS = ["accuracy", "f_beta", "geometric_mean", "balanced_accuracy"]


def drawn(examples: int = 20, seed: int = 0) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    logits = 0.1 * torch.randn(examples, generator=draw, dtype=torch.float64)  # near 1/2, where A is no step
    return logits, (torch.arange(examples) % 3 == 0).double()


def metric_of(name: str, tp: float, fn: float, fp: float, tn: float, beta: float = 1.0) -> float:
    if name == "accuracy":
        return (tp + tn) / (tp + fn + fp + tn)
    if name == "f_beta":
        precision, recall = tp / (tp + fp), tp / (tp + fn)
        return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
    if name == "geometric_mean":
        return math.sqrt(sensitivity * specificity)
    return (sensitivity + specificity) / 2


def any_loss_of(name: str, p: np.ndarray, y: np.ndarray, steep: float = 73.0, beta: float = 1.0) -> float:
    counts = [0.0, 0.0, 0.0, 0.0]
    for pi, yi in zip(p, y, strict=True):
        a = 1 / (1 + math.exp(-steep * (pi - 0.5)))
        for k, share in enumerate((yi * a, yi * (1 - a), (1 - yi) * a, (1 - yi) * (1 - a))):
            counts[k] += share
    return 1 - metric_of(name, *counts, beta=beta)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("options", [{}, {"amplification": 10.0, "beta": 2.0}], ids=str)
def test_any_loss_is_one_minus_the_metric(name, options):
    logits, target = drawn()
    p = 1 / (1 + np.exp(-logits.numpy()))
    expected = any_loss_of(name, p, target.numpy(), options.get("amplification", 73.0), options.get("beta", 1.0))
    loss = AnyLoss(metric=name, **options)
    assert loss(logits, target).item() == pytest.approx(expected, rel=1e-12)
    assert loss(logits[:, None], target[:, None]).item() == pytest.approx(expected, rel=1e-12)
    two = torch.stack([torch.ones_like(logits), 1 + logits], 1)
    assert loss(two, target.long()).item() == pytest.approx(expected, rel=1e-12)
    assert loss(logits.float(), target.bool()).item() == pytest.approx(expected, rel=1e-4)
    leaf = logits.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: loss(z, target), leaf)


@pytest.mark.parametrize("name", METRICS)
def test_of_certain_outputs_it_is_the_metric_of_the_predictions(name):
    sure = torch.tensor([9.0, 9.0, -9.0, -9.0, 9.0, -9.0, -9.0])
    target = torch.tensor([1, 1, 1, 0, 0, 0, 0])  # TP 2, FN 1, FP 1, TN 3
    assert AnyLoss(metric=name)(sure, target).item() == pytest.approx(1 - metric_of(name, 2, 1, 1, 3), abs=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_one_against_the_rest_is_the_mean_over_the_classes_of_the_batch(name):
    logits = torch.randn(12, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target = torch.arange(12) % 3  # nothing of class 3
    p = 1 / (1 + np.exp(-logits.numpy()))
    expected = np.mean([any_loss_of(name, p[:, c], (target == c).double().numpy()) for c in range(3)])
    loss = AnyLoss(metric=name, one_against_rest=True)
    assert loss(logits, target).item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(lambda z: loss(z, target), logits.requires_grad_())


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("of", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_any_loss_is_finite_with_one_class_in_the_batch_and_at_the_ends(name, of, dtype):
    for far in (6.0e4, 0.0, -6.0e4):
        leaf = torch.tensor([far, 0.0, -far], dtype=dtype).requires_grad_()
        loss = AnyLoss(metric=name)(leaf, torch.full((3,), of))
        loss.backward()
        assert loss.dtype == torch.float32
        assert 0 <= loss <= 1
        assert leaf.grad.isfinite().all()
    if name in METRICS[2:]:  # one of three is right, one half
        assert loss.item() == pytest.approx(0.5)


def test_any_loss_can_be_the_base_of_a_controller():
    logits, target = drawn()
    controlled = VarianceMinimizerLoss(AnyLoss())
    controlled(logits.requires_grad_(), target).backward()
    assert controlled.last_base.item() == pytest.approx(AnyLoss()(logits, target).item())


@pytest.mark.parametrize("loss", [AnyLoss(), EnsLoss(seed=0)], ids=lambda loss: type(loss).__name__)
def test_what_is_not_binary_is_refused_in_one_line(loss):
    logits, target = torch.zeros(6, 4), torch.zeros(6, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"is for yes or no, got outputs of shape \(6, 4\): .*(loss|rest)"):
        loss(logits, target)
    with pytest.raises(ValueError, match=r"not defined for class probabilities as targets, shape \(6, 2\)"):
        loss(logits[:, :2], torch.full((6, 2), 0.5))
    with pytest.raises(ValueError, match=r"needs targets of shape \(6,\), 0 or 1 each, got \(5,\)"):
        loss(logits[:, 0], target[:5])
    with pytest.raises(TypeError, match="floating-point outputs"):
        loss(target, target)
    with pytest.raises(ValueError, match="not defined for class probabilities"):
        AnyLoss(one_against_rest=True)(logits, torch.full((6, 4), 0.25))
    with pytest.raises(ValueError, match=r"metric must be one of .*did you mean 'accuracy'"):
        AnyLoss(metric="acuracy")
    with pytest.raises(ValueError, match="power must be a finite number at least -1 and at most 1"):
        EnsLoss(seed=0, power=2)


@pytest.mark.parametrize("power", [-1.0, -0.3, 0.0, 0.4, 1.0])
def test_the_derivatives_follow_the_recipe(power):
    random = np.random.default_rng(0)
    margin, normal = random.normal(scale=2, size=50), random.normal(scale=1.5, size=50)
    sizes = []
    for u in normal:
        if power == 0:
            value = math.exp(u)
        else:
            base = max(1 + power * u, 0.0)
            value = base ** (1 / power) if base or power > 0 else math.inf
        sizes.append(min(value, 1.0))
    expected = np.empty(50)
    expected[np.argsort(margin)] = sorted(sizes, reverse=True)
    expected = expected / np.maximum(margin, 1) + 1e-6
    found = random_derivatives(*map(torch.tensor, (margin, normal, np.float64(power))))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    # Calibrated and convex: negative derivatives that rise with the margin.
    assert (np.diff(found.numpy()[np.argsort(margin)]) <= 0).all()
    assert (found > 0).all()


def test_the_gradient_of_a_step_is_the_drawn_derivatives():
    logits, target = drawn()
    loss = EnsLoss(seed=3)
    leaf = (30 * logits).requires_grad_()
    value = loss(leaf, target)
    value.backward()
    signs = 2 * target - 1
    derivatives = -leaf.grad * signs * len(target)
    order = (signs * leaf.detach()).argsort()
    assert (derivatives > 0).all()
    assert (derivatives[order].diff() <= 0).all()
    assert value.item() == pytest.approx(-(derivatives * signs * leaf.detach()).mean().item())


def test_draws_are_normal_uniform_and_no_two_alike():
    loss, other = EnsLoss(seed=1), EnsLoss(seed=2)
    normal, powers = [], []
    for step in range(0, 4000, 10):
        loss.steps.fill_(step)
        normal.append(loss._normal(torch.zeros(50)))
        powers.append(float(loss._power(torch.zeros(1))))
    normal = torch.cat(normal)
    assert stats.kstest(normal.numpy(), "norm").pvalue > 1e-3
    assert stats.kstest(powers, "uniform", args=(-1, 2)).pvalue > 1e-3
    assert abs(np.corrcoef(normal[:-1], normal[1:])[0, 1]) < 0.03
    assert not torch.equal(other._normal(torch.zeros(50)), EnsLoss(seed=1)._normal(torch.zeros(50)))
    loss.steps.fill_(3)
    of_period = loss._power(torch.zeros(1))
    loss.steps.fill_(9)
    assert loss._power(torch.zeros(1)) == of_period
    loss.steps.fill_(10)
    assert loss._power(torch.zeros(1)) != of_period


def test_the_same_seed_repeats_and_a_restored_state_continues_exactly():
    logits, target = drawn()
    loss, twin = EnsLoss(seed=5), EnsLoss(seed=5)
    before = torch.random.get_rng_state()
    values = [loss(logits.requires_grad_(), target).item() for _ in range(4)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(set(values)) == 4
    assert [twin(logits, target).item() for _ in range(2)] == values[:2]
    file = io.BytesIO()
    torch.save(twin.state_dict(), file)
    file.seek(0)
    restored = EnsLoss(seed=0)
    restored.load_state_dict(torch.load(file, weights_only=True))
    assert [restored(logits, target).item() for _ in range(2)] == values[2:]


def test_outside_training_it_is_the_logistic_loss_and_nothing_moves():
    logits, target = drawn()
    loss = EnsLoss(seed=5)
    expected = np.mean(np.logaddexp(0, -(2 * target.numpy() - 1) * logits.numpy()))
    assert loss.eval()(logits.requires_grad_(), target).item() == pytest.approx(expected)
    with torch.no_grad():
        assert loss.train()(logits, target).item() == pytest.approx(expected)
    assert loss.steps == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_ens_loss_is_finite_at_the_ends(dtype):
    leaf = torch.tensor([6.0e4, -6.0e4, 0.0, 0.0], dtype=dtype).requires_grad_()
    value = EnsLoss(seed=1)(leaf, torch.tensor([0, 0, 1, 0]))
    value.backward()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert leaf.grad.isfinite().all()


@pytest.mark.parametrize("make", [lambda: EnsLoss(seed=1), AnyLoss, lambda: AnyLoss(metric="geometric_mean")])
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # torch's own import
def test_compiles_without_a_graph_break(make):
    torch.compiler.reset()
    logits, target = drawn()
    leaf = logits.requires_grad_()
    compiled = torch.compile(make(), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(leaf, target), make()(leaf, target))


def test_state_on_another_device_is_named():
    with pytest.raises(ValueError, match=r"outputs are on cpu and the state of EnsLoss on meta; .*loss\.to\('cpu'\)"):
        EnsLoss(seed=1).to("meta")(torch.zeros(3, requires_grad=True), torch.zeros(3))
