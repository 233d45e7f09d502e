"""What every loss promises, checked for every loss by the same tests."""

import copy
import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from seedwise.losses import (
    CLFLoss,
    Control,
    Controller,
    DynamicCLFLoss,
    LearningRateControl,
    PlaceboLoss,
    VarianceMinimizerLoss,
)


def vml(**options):
    """A VML that acts soon and strongly."""
    return VarianceMinimizerLoss(**{"warmup_steps": 2, "lambda_base": 0.5, **options})


def clf(**options):
    return CLFLoss(**{"lambda_s": 0.3, "lambda_v": 0.0, **options})


def dynamic(**options):
    return DynamicCLFLoss(**{"lambda_s": 0.3, "lambda_v": 0.0, "by": "volatility", **options})


class Drift(Controller):
    """A user's own controller, of public names alone: weight (sqrt(1 + d^2) - 1), d the change from step to step."""

    def __init__(self, base=None, *, weight=0.5):
        super().__init__(base)
        self.weight = weight
        self.register_buffer("previous", torch.tensor(math.nan, dtype=torch.float32))

    def control(self, loss, output, target):
        seen = loss.detach().float()
        sound = seen.isfinite()
        compared = sound & self.previous.isfinite()
        change = torch.where(compared, loss - self.previous, 0.0)
        root = (1 + change.square()).sqrt()
        self.previous.copy_(torch.where(sound, seen, self.previous))
        factor = 1 + self.weight * (change / root).detach().float()
        return Control(self.weight * (root - 1), factor, torch.where(compared, self.weight, 0.0), sound)


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[..., torch.nn.Module]
    off: Callable[[], torch.nn.Module]
    rescales: bool = True  # the gradient is the base loss's times a factor, and the factor is not always 1
    compiled: bool = False
    penalises: bool = True  # the total is not the base loss

    def __repr__(self):
        return self.name


CASES = [
    Case("vml", vml, lambda: vml(penalty_weight=0.0)),
    Case("vml-sigma", lambda **o: vml(delta_mode="sigma", **o), lambda: vml(delta_mode="sigma", lambda_base=0)),
    Case(
        "vml-gated",
        lambda **o: vml(delta_mode="sigma_ref", gamma=1.2, lambda_base=1.5, **o),
        lambda: vml(delta_mode="sigma_ref", gamma=1.2, penalty_weight=0),
        compiled=True,
    ),
    Case(
        "vml-stopped",
        lambda **o: vml(gradient="stopped", **o),
        lambda: vml(gradient="stopped", penalty_weight=0),
        rescales=False,
    ),
    Case("clf", clf, lambda: clf(lambda_s=0.0)),
    Case(
        "clf-variance",
        lambda **o: clf(lambda_v=0.2, start_epoch=1, end_epoch=3, **o),
        lambda: clf(lambda_s=0, lambda_v=0, start_epoch=1, end_epoch=3),
        rescales=False,
        compiled=True,
    ),
    Case(
        "placebo-vml",
        lambda **o: PlaceboLoss(vml(**o), seed=3),
        lambda: PlaceboLoss(vml(penalty_weight=0.0), seed=3),
        compiled=True,
    ),
    Case("dynamic-clf", dynamic, lambda: dynamic(lambda_s=0), compiled=True),
    Case("dynamic-clf-level", lambda **o: dynamic(by="level", **o), lambda: dynamic(by="level", lambda_s=0)),
    Case(
        "dynamic-clf-epoch",
        lambda **o: dynamic(by="epoch", half_life=2, lambda_v=0.2, start_epoch=1, **o),
        lambda: dynamic(by="epoch", lambda_s=0),
        rescales=False,
    ),
    Case(
        "placebo-dynamic",
        lambda **o: PlaceboLoss(dynamic(**o), seed=3),
        lambda: PlaceboLoss(dynamic(lambda_s=0), seed=3),
    ),
    Case(
        "lr_control-dynamic",
        lambda **o: LearningRateControl(dynamic(**o)),
        lambda: LearningRateControl(dynamic()),
        rescales=False,
        penalises=False,
    ),
    Case("placebo-clf", lambda **o: PlaceboLoss(clf(**o), seed=3), lambda: PlaceboLoss(clf(lambda_s=0), seed=3)),
    Case(
        "lr_control-vml",
        lambda **o: LearningRateControl(vml(**o)),
        lambda: LearningRateControl(vml()),
        rescales=False,
        compiled=True,
        penalises=False,
    ),
    Case(
        "lr_control-clf",
        lambda **o: LearningRateControl(clf(**o)),
        lambda: LearningRateControl(clf()),
        rescales=False,
        penalises=False,
    ),
]
CASES += [
    Case("own", Drift, lambda: Drift(weight=0), compiled=True),
    Case("placebo-own", lambda **o: PlaceboLoss(Drift(**o), seed=3), lambda: PlaceboLoss(Drift(weight=0), seed=3)),
    Case(
        "lr_control-own",
        lambda **o: LearningRateControl(Drift(**o)),
        lambda: LearningRateControl(Drift()),
        rescales=False,
        penalises=False,
    ),
]
every_case = pytest.mark.parametrize("case", CASES, ids=repr)

STEPS_PER_EPOCH = 5
STEPS = 4 * STEPS_PER_EPOCH


def batch(step: int, size: int = 12, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Logits (a leaf) and targets of a step, with a loss that jumps from step to step."""
    draw = torch.Generator().manual_seed(1000 + step)
    scale = 0.5 + 2.5 * torch.rand((), generator=draw)
    logits = scale * torch.randn(size, classes, generator=draw)
    return logits.requires_grad_(), torch.randint(0, classes, (size,), generator=draw)


def one_step(loss, step: int, output=None, target=None) -> tuple[Tensor, Tensor]:
    """The total and its gradient by the logits; ends the epoch where one ends."""
    if output is None:
        output, target = batch(step)
    total = loss(output, target)
    total.backward()
    if (step + 1) % STEPS_PER_EPOCH == 0:
        getattr(loss, "_orig_mod", loss).on_epoch_end()
    return total.detach(), output.grad


def base_step(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy and its gradient, from torch alone."""
    leaf = output.detach().clone().requires_grad_()
    loss = F.cross_entropy(leaf, target)
    loss.backward()
    return loss.detach(), leaf.grad


def warm(loss, steps: int = 13):
    """The loss after some steps; 13 is in the third epoch, where every case is active."""
    for step in range(steps):
        one_step(loss, step)
    return loss


def state_of(loss) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in loss.state_dict().items()}


def assert_same_bits(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert value.dtype == b[name].dtype, name
        torch.testing.assert_close(value, b[name], rtol=0, atol=0, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}")


@every_case
def test_weight_zero_is_the_base_loss_to_the_bit(case):
    loss = case.off()
    for step in range(STEPS):
        output, target = batch(step)
        total, gradient = one_step(loss, step, output, target)
        expected, expected_gradient = base_step(output, target)
        assert torch.equal(total, expected)
        assert torch.equal(gradient, expected_gradient)
    assert loss.steps == STEPS


@pytest.mark.parametrize("case", [case for case in CASES if case.rescales], ids=repr)
def test_the_gradient_is_the_factor_times_the_base_gradient(case):
    loss = case.make()
    factors = []
    for step in range(STEPS):
        output, target = batch(step)
        _, gradient = one_step(loss, step, output, target)
        base, base_gradient = base_step(output, target)
        torch.testing.assert_close(gradient, loss.last_factor * base_gradient, rtol=1e-5, atol=1e-8)
        torch.testing.assert_close(loss.last_base, base, rtol=0, atol=0)
        factors.append(loss.last_factor.item())
    assert min(factors) < 0.99
    assert max(factors) > 1.01


@every_case
def test_total_is_base_plus_last_penalty(case):
    loss = warm(case.make())
    output, target = batch(99)
    total, _ = one_step(loss, 0, output, target)
    torch.testing.assert_close(total, F.cross_entropy(output.detach(), target) + loss.last_penalty)
    assert (loss.last_penalty.abs() > 1e-3) == case.penalises


@every_case
def test_a_restored_state_continues_exactly(case):
    loss = warm(case.make(), 8)
    file = io.BytesIO()
    torch.save(loss.state_dict(), file)
    file.seek(0)
    restored = case.make()
    restored.load_state_dict(torch.load(file, weights_only=True))
    for step in range(8, STEPS):
        (total, gradient), (total_2, gradient_2) = one_step(loss, step), one_step(restored, step)
        assert torch.equal(total, total_2)
        assert torch.equal(gradient, gradient_2)
    assert_same_bits(loss.state_dict(), restored.state_dict())


@every_case
def test_state_is_float32_and_int64_whatever_the_module_is_cast_to(case):
    loss = warm(case.make())
    before = state_of(loss)
    for cast in (torch.bfloat16, torch.float64, torch.float16):
        assert_same_bits(loss.to(cast).state_dict(), before)
    assert {value.dtype for value in before.values()} == {torch.float32, torch.int64}
    assert copy.deepcopy(loss).to("meta").steps.is_meta


@every_case
def test_the_order_within_a_batch_does_not_matter(case):
    loss, permuted = warm(case.make()), warm(case.make())
    output, target = batch(50)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    total, gradient = one_step(loss, 0, output, target)
    shuffled = output.detach()[order].requires_grad_()
    total_2, gradient_2 = one_step(permuted, 0, shuffled, target[order])
    torch.testing.assert_close(total, total_2)
    torch.testing.assert_close(gradient[order], gradient_2)


@pytest.mark.parametrize("case", [case for case in CASES if case.compiled], ids=repr)
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # torch's own import
def test_compiles_without_a_graph_break(case):
    torch.compiler.reset()
    # Compiled cross-entropy rounds otherwise; d / D and a factor that nearly cancels enlarge that.
    tolerance = {"rtol": 1e-5, "atol": 1e-5}
    eager = case.make()
    compiled = torch.compile(case.make(), fullgraph=True)
    for step in range(STEPS):
        (total, gradient), (total_2, gradient_2) = one_step(eager, step), one_step(compiled, step)
        torch.testing.assert_close(total_2, total, **tolerance)
        torch.testing.assert_close(gradient_2, gradient, **tolerance)
    state = compiled._orig_mod.state_dict()
    for name, value in eager.state_dict().items():
        torch.testing.assert_close(state[name], value, **tolerance, equal_nan=True)
    assert eager.steps == STEPS


@every_case
@pytest.mark.parametrize("how", ["eval", "no_grad", "inference_mode"])
def test_outside_training_it_is_the_base_loss_and_nothing_moves(case, how):
    loss = warm(case.make())
    before = state_of(loss)
    output, target = batch(70)
    if how == "eval":
        total = loss.eval()(output, target)
        assert total.requires_grad
    else:
        with getattr(torch, how)():
            total = loss(output, target)
    assert torch.equal(total.detach(), F.cross_entropy(output.detach(), target))
    assert_same_bits(loss.state_dict(), before)
    loss.train()
    one_step(loss, 0)
    assert loss.steps == before["steps"] + 1


@every_case
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", [0, 1, 13])
def test_a_non_finite_loss_is_returned_as_it_is_and_leaves_no_trace(case, value, at):
    shift = torch.tensor(0.0)
    # The value is not finite and the gradient is: a factor of 1 must give exactly that gradient.
    loss = warm(case.make(base=lambda output, target: F.cross_entropy(output, target) + shift), at)
    before = state_of(loss)
    output, target = batch(60)
    shift.fill_(value)
    total, gradient = one_step(loss, 0, output, target)
    torch.testing.assert_close(total, torch.tensor(value), rtol=0, atol=0, equal_nan=True)
    assert torch.equal(gradient, base_step(output, target)[1])
    assert_same_bits(loss.state_dict(), before)

    shift.fill_(0.0)
    undisturbed = warm(case.make(), at)
    for step in range(at, STEPS):
        (total, gradient), (total_2, gradient_2) = one_step(loss, step), one_step(undisturbed, step)
        assert torch.equal(total, total_2)
        assert torch.equal(gradient, gradient_2)


@every_case
def test_nan_logits_leave_no_trace(case):
    loss = warm(case.make())
    before = state_of(loss)
    output, target = batch(60)
    with torch.no_grad():
        output[3, 1] = math.nan
    total, _ = one_step(loss, 0, output, target)
    assert total.isnan()
    assert_same_bits(loss.state_dict(), before)


class NoHostSync(TorchDispatchMode):
    """Fails on every operation that makes the host wait for a value on the device."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket in (
            torch.ops.aten._local_scalar_dense,
            torch.ops.aten.is_nonzero,
            torch.ops.aten.nonzero,
            torch.ops.aten.equal,
        ):
            raise AssertionError(f"host synchronisation: {function}")
        return function(*args, **(kwargs or {}))


def test_the_detector_detects():
    for read in (lambda x: x.item(), bool, lambda x: torch.arange(3)[x], lambda x: torch.ones(3)[x > 0]):
        with pytest.raises(AssertionError, match="host synchronisation"), NoHostSync():
            read(torch.tensor(1))


@every_case
def test_no_step_waits_for_the_device(case):
    loss = case.make()
    with NoHostSync():
        for step in range(STEPS):
            one_step(loss, step)
    assert loss.steps == STEPS


@every_case
def test_autocast(case):
    loss = warm(case.make())
    layer = torch.nn.Linear(4, 4)
    inputs, target = batch(80)
    with torch.autocast("cpu", torch.bfloat16):
        output = layer(inputs)
        assert output.dtype == torch.bfloat16
        total = loss(output, target)
    total.backward()
    assert total.dtype == torch.float32
    assert layer.weight.grad.isfinite().all()
    assert {value.dtype for value in loss.state_dict().values()} == {torch.float32, torch.int64}


@every_case
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_result_is_at_least_float32(case, dtype):
    wanted = torch.float64 if dtype == torch.float64 else torch.float32
    loss = case.make()
    for step in range(STEPS):
        output, target = batch(step)
        output = output.detach().to(dtype).requires_grad_()
        total, gradient = one_step(loss, step, output, target)
        assert total.dtype == wanted
        assert gradient.dtype == dtype
        expected = loss.last_base + loss.last_penalty
        torch.testing.assert_close(total.float(), expected)
    assert loss.eval()(output, target).dtype == wanted


@every_case
def test_another_default_dtype_changes_nothing(case):
    torch.set_default_dtype(torch.float64)
    try:
        loss = warm(case.make())
    finally:
        torch.set_default_dtype(torch.float32)
    assert {value.dtype for value in loss.state_dict().values()} == {torch.float32, torch.int64}
    assert loss.steps == 13


@every_case
def test_gradient_accumulation_counts_micro_batches_as_steps(case):
    loss, twin = warm(case.make()), warm(case.make())
    weight = torch.full((4,), 0.7, requires_grad=True)
    expected = torch.zeros(4)
    for step in range(4):
        inputs, target = batch(200 + step)
        (loss(inputs.detach() * weight, target) / 4).backward()
        alone = weight.detach().clone().requires_grad_()
        twin(inputs.detach() * alone, target).backward()
        expected += alone.grad / 4
    torch.testing.assert_close(weight.grad, expected)
    assert loss.steps == 17


@every_case
def test_epoch_summary_describes_the_steps_of_the_epoch(case):
    loss = warm(case.make(), 10)
    factors, lams = [], []
    for step in range(10, 14):
        one_step(loss, step)
        factors.append(loss.last_factor.item())
        lams.append(loss.last_lambda.item())
    loss(torch.full((2, 4), math.nan), torch.tensor([0, 1]))
    summary = loss.epoch_summary()
    assert summary == pytest.approx(
        {
            "factor_mean": np.mean(factors),
            "factor_sd": pytest.approx(np.std(factors), abs=1e-4),  # of equal factors, the rounding of their sums
            "factor_min": min(factors),
            "factor_max": max(factors),
            "active_share": np.mean(np.array(lams) > 0),
            "lambda": np.mean(lams),
        },
        abs=1e-5,
    )
    assert all(type(value) is float for value in summary.values())
    assert loss.steps == 14
    loss.on_epoch_end()
    assert all(math.isnan(value) for value in loss.epoch_summary().values())
    one_step(loss, 10)
    only = loss.last_factor.item()
    summary = loss.epoch_summary()
    assert (summary["factor_min"], summary["factor_max"]) == (only, only)
    assert summary["factor_mean"] == pytest.approx(only)


@every_case
def test_epoch_summary_finds_small_effects(case):
    loss = warm(case.make(), 10)
    # A thousand factors of 1.0001 and .9999 by turns: float32 sums of the factors would lose the spread.
    for step in range(1000):
        loss.epoch_excess.add_(1e-4 * (-1) ** step)
        loss.epoch_excess_squared.add_(1e-8)
        loss.epoch_steps.add_(1)
    assert loss.epoch_summary()["factor_sd"] == pytest.approx(1e-4, rel=1e-3)


@every_case
def test_a_base_loss_that_is_not_one_number_is_refused(case):
    output, target = batch(0)
    with pytest.raises(ValueError, match=r"base must return one number.*\(12,\).*reduction='mean'"):
        case.make(base=torch.nn.CrossEntropyLoss(reduction="none"))(output, target)
    with pytest.raises(ValueError, match=r"shape \(1,\)"):
        case.make(base=lambda o, t: F.cross_entropy(o, t).view(1))(output, target)
    with pytest.raises(TypeError, match="base must return a tensor with one number, got float"):
        case.make(base=lambda o, t: 1.0)(output, target)
    with pytest.raises(TypeError, match=r"floating-point number, got torch\.int64"):
        case.make(base=lambda o, t: t.sum())(output, target)
    with pytest.raises(TypeError, match="base must be a function"):
        case.make(base="cross_entropy")


@every_case
@pytest.mark.parametrize("shape", [(11,), (12, 1), (12, 3), ()])
def test_targets_that_do_not_match_are_refused(case, shape):
    output, _ = batch(0)
    loss = case.make()
    with pytest.raises(ValueError, match=r"logits \(12, 4\) needs class indices of shape \(12,\).*pass base="):
        loss(output, torch.zeros(shape, dtype=torch.int64))
    assert loss.steps == 0


@every_case
def test_state_on_another_device_is_named(case):
    output, target = batch(0)
    loss = case.make().to("meta")
    with pytest.raises(ValueError, match=r"base loss is on cpu and the state of \w+ on meta; .*loss\.to\('cpu'\)"):
        loss(output, target)


@every_case
def test_a_base_module_is_used_and_trained(case):
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.tensor(2.0))

        def forward(self, output, target):
            return self.scale * F.cross_entropy(output, target)

    loss = case.make(base=Scaled())
    output, target = batch(0)
    total, _ = one_step(loss, 0, output, target)
    cross_entropy = F.cross_entropy(output.detach(), target)
    torch.testing.assert_close(loss.last_base, 2 * cross_entropy)
    assert torch.equal(total, 2 * cross_entropy)
    (scale,) = loss.parameters()
    torch.testing.assert_close(scale.grad, cross_entropy)
    assert loss.double().last_base.dtype == torch.float32
    assert scale.dtype == torch.float64
