"""What the losses of classes promise, each against its formula in numpy, written for one example and one class."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import log_softmax, logsumexp
from torch import Tensor

from seedwise.losses import (
    CLFLoss,
    CompSumLoss,
    LogPartitionLoss,
    PlaceboLoss,
    TaylorSoftmaxLoss,
    VarianceMinimizerLoss,
    ZLoss,
    comp_sum_loss,
)


def power(tau: float) -> Callable[[np.ndarray, int], float]:
    def loss(z, c):
        log_p = log_softmax(z)[c]
        return -log_p if tau == 1 else (math.exp((tau - 1) * log_p) - 1) / (1 - tau)

    return loss


def standardised(a: float, b: float, eps: float) -> Callable[[np.ndarray, int], float]:
    def loss(z, c):
        score = (z[c] - z.mean()) / math.sqrt(z.var() + eps)
        return np.logaddexp(0, a * (b - score)) / a

    return loss


def parabola(z, c):
    t = 1 + z + z**2 / 2
    return -math.log(t[c] / t.sum())


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[..., torch.nn.Module]
    one: Callable[[np.ndarray, int], float]
    grows: bool = False  # beyond float32 where the true class is far from the largest

    def __repr__(self):
        return self.name


CASES = [
    *(
        Case(f"comp_sum-{tau}", lambda tau=tau, **o: CompSumLoss(tau=tau, **o), power(tau), grows=tau < 1)
        for tau in (0.0, 0.5, 1.0, 1.3, 2.0)
    ),
    Case("z_loss", ZLoss, standardised(1, 0, 1e-5)),
    Case(
        "z_loss-sharp",
        lambda **o: ZLoss(sharpness=3.0, shift=1.5, eps=1e-3, **o),
        standardised(3, 1.5, 1e-3),
    ),
    Case(
        "log_partition",
        lambda **o: LogPartitionLoss(coefficient=0.2, **o),
        lambda z, c: -log_softmax(z)[c] + 0.2 * logsumexp(z) ** 2,
    ),
    Case("taylor_softmax", TaylorSoftmaxLoss, parabola),
]
every_case = pytest.mark.parametrize("case", CASES, ids=repr)


def mean_of(case: Case, logits: Tensor, target: Tensor, ignored: int = -100) -> float:
    """The formula, entry by entry; of probabilities the expectation over classes."""
    rows = logits.double().movedim(1, -1).reshape(-1, logits.shape[1]).numpy()
    if target.shape == logits.shape:
        shares = target.double().movedim(1, -1).reshape(-1, logits.shape[1]).numpy()
        return float(
            np.mean([sum(q * case.one(z, c) for c, q in enumerate(s)) for z, s in zip(rows, shares, strict=True)])
        )
    return float(
        np.mean([case.one(z, c) for z, c in zip(rows, target.flatten().tolist(), strict=True) if c != ignored])
    )


def drawn(*shape: int, scale: float = 3.0, seed: int = 0) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(*shape, generator=draw, dtype=torch.float64)
    return logits, torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=draw)


@every_case
@pytest.mark.parametrize("shape", [(6, 4), (5, 2), (3, 4, 2), (2, 3, 2, 2)], ids=str)
def test_the_formula(case, shape):
    logits, target = drawn(*shape)
    assert case.make()(logits, target).item() == pytest.approx(mean_of(case, logits, target), rel=1e-12)
    single = case.make()(logits.float(), target)
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(mean_of(case, logits, target), rel=1e-5)


@every_case
def test_one_example_without_a_batch(case):
    logits, target = drawn(1, 4)
    assert case.make()(logits[0], target[0]).item() == pytest.approx(
        case.one(logits[0].numpy(), int(target)), rel=1e-12
    )


@every_case
def test_probabilities_as_targets(case):
    logits, target = drawn(4, 3, 2)
    shares = torch.rand(4, 3, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    shares /= shares.sum(1, keepdim=True)
    assert case.make()(logits, shares).item() == pytest.approx(mean_of(case, logits, shares), rel=1e-12)
    certain = F.one_hot(target, 3).movedim(-1, 1).double()
    torch.testing.assert_close(case.make()(logits, certain), case.make()(logits, target))


@every_case
def test_ignored_entries(case):
    logits, target = drawn(6, 4)
    target[[1, 4]] = -100
    leaf = logits.clone()
    leaf[1] = math.nan  # of padding nothing is known
    leaf.requires_grad_()
    loss = case.make()(leaf, target)
    loss.backward()
    assert loss.item() == pytest.approx(mean_of(case, logits, target), rel=1e-12)
    assert leaf.grad[[0, 2, 3, 4, 5]].isfinite().all()
    assert not leaf.grad[4].any()
    other = torch.where(target == -100, 7, target)
    torch.testing.assert_close(case.make(ignore_index=7)(logits, other), loss.detach())
    assert case.make()(logits, torch.full_like(target, -100)).isnan()  # as F.cross_entropy


@every_case
def test_the_gradient_is_that_of_finite_differences(case):
    logits, target = drawn(3, 4)
    leaf = logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: case.make()(z, target), leaf)
    shares = torch.tensor([[0.2, 0.0, 0.8, 0.0]] * 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda z: case.make()(z, shares), leaf)


@every_case
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_value_and_gradient_are_finite_at_the_ends(case, dtype):
    """Logits as large as float16 has them, all equal, and a certain right or wrong class."""
    far = 6.0e4
    rows = [[far, 0.0, 0.0], [-far, 0.0, 0.0], [0.0, 0.0, 0.0], [far, far, far], [far, -far, 0.0], [1e-7, 0.0, 0.0]]
    for row in rows:
        for target in (0, 1):
            leaf = torch.tensor([row], dtype=dtype).requires_grad_()
            loss = case.make()(leaf, torch.tensor([target]))
            loss.backward()
            if case.grows and row[target] < max(row) - 200:
                assert loss.isinf()  # 1 / p is beyond float32, and no number stands for it
                continue
            assert loss.dtype == torch.float32
            assert loss.isfinite()
            assert leaf.grad.isfinite().all()


@every_case
def test_float32_follows_float64_from_a_certain_right_class_to_a_certain_wrong_one(case):
    for margin in np.linspace(-40, 40, 81):
        row = np.array([margin, 0.0, -1.0])
        exact = case.one(row, 0)
        leaf = torch.tensor(row[None], dtype=torch.float32).requires_grad_()
        loss = case.make()(leaf, torch.tensor([0]))
        loss.backward()
        assert loss.item() == pytest.approx(exact, rel=3e-5, abs=3e-6)
        step = np.array([1e-5, 0, 0])
        slope = (case.one(row + step, 0) - case.one(row - step, 0)) / 2e-5
        assert leaf.grad[0, 0].item() == pytest.approx(slope, rel=1e-3, abs=1e-5)


@every_case
def test_what_does_not_fit_is_refused_in_one_line(case):
    loss, (logits, target) = case.make(), drawn(6, 4)
    with pytest.raises(ValueError, match=r"of logits \(6, 4\) needs class indices of shape \(6,\) or probabilities"):
        loss(logits, target[:5])
    with pytest.raises(ValueError, match="needs at least two classes"):
        loss(logits[:, :1], target)
    with pytest.raises(TypeError, match=r"needs integer class indices, got torch\.float64: pass target\.long\(\)"):
        loss(logits, target.double())
    with pytest.raises(TypeError, match=r"holds probabilities, got torch\.int64"):
        loss(logits, logits.long())
    with pytest.raises(TypeError, match="floating-point logits"):
        loss(logits.long(), target)


@every_case
def test_no_state_no_parameters_and_any_device(case):
    loss = case.make()
    assert loss.state_dict() == {}
    logits, target = drawn(6, 4)
    assert loss.to("meta")(logits.to("meta"), target.to("meta")).is_meta
    assert not list(loss.parameters())


@pytest.mark.parametrize("case", [CASES[1], *CASES[5:6], *CASES[7:]], ids=repr)
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # torch's own import
def test_compiles_without_a_graph_break(case):
    torch.compiler.reset()
    logits, target = drawn(6, 4)
    leaf = logits.float().requires_grad_()
    compiled = torch.compile(case.make(), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(leaf, target), case.make()(leaf, target))
    compiled(leaf, target).backward()
    found, leaf.grad = leaf.grad, None
    case.make()(leaf, target).backward()
    torch.testing.assert_close(found, leaf.grad)


@every_case
@pytest.mark.parametrize(
    "wrap", [VarianceMinimizerLoss, CLFLoss, lambda base: PlaceboLoss(CLFLoss(base, lambda_v=0), seed=1)]
)
def test_it_can_be_the_base_of_a_controller(case, wrap):
    logits, target = drawn(6, 4)
    target[2] = -100
    controlled = wrap(case.make())
    loss = controlled(logits.requires_grad_(), target)
    loss.backward()
    torch.testing.assert_close(controlled.last_base.double(), case.make()(logits, target).detach(), rtol=1e-6, atol=0)
    clf = getattr(controlled, "controller", controlled)
    if isinstance(clf, CLFLoss):
        assert clf.running_examples == 5  # what the loss averages over


def test_members_of_the_comp_sum_family():
    logits, target = drawn(6, 4)
    p = logits.softmax(1).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(comp_sum_loss(logits, target, tau=1), F.cross_entropy(logits, target))
    torch.testing.assert_close(comp_sum_loss(logits, target, tau=2), (1 - p).mean())
    torch.testing.assert_close(comp_sum_loss(logits, target, tau=1.7), ((1 - p**0.7) / 0.7).mean())
    others = (logits - logits.gather(1, target[:, None])).exp().sum(1) - 1
    torch.testing.assert_close(comp_sum_loss(logits, target, tau=0), others.mean())
    for near in (1 - 1e-9, 1 + 1e-9):  # no cancellation on the way to cross-entropy
        torch.testing.assert_close(
            comp_sum_loss(logits, target, tau=near), F.cross_entropy(logits, target), rtol=1e-7, atol=0
        )


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.5, 2.0])
def test_the_gradient_of_the_comp_sum_family_is_a_weighted_one_of_cross_entropy(tau):
    logits, target = drawn(1, 5)
    leaf = logits.requires_grad_()
    (own,) = torch.autograd.grad(comp_sum_loss(leaf, target, tau=tau), leaf)
    (plain,) = torch.autograd.grad(F.cross_entropy(leaf, target), leaf)
    p = leaf.detach().softmax(1)[0, target]
    torch.testing.assert_close(own, p ** (tau - 1) * plain)


def test_the_z_loss_does_not_change_with_shift_and_scale():
    logits, target = drawn(6, 4)
    torch.testing.assert_close(ZLoss()(1e3 * logits - 50, target), ZLoss()(1e2 * logits, target), rtol=1e-6, atol=0)


def test_options_out_of_range_are_refused_in_one_line():
    for tau in (-0.1, 2.1, math.nan):
        with pytest.raises(ValueError, match="tau must be a finite number at least 0 and at most 2"):
            CompSumLoss(tau=tau)
    with pytest.raises(ValueError, match="sharpness must be a finite number above 0"):
        ZLoss(sharpness=0)
    with pytest.raises(ValueError, match="coefficient must be a finite number at least 0"):
        LogPartitionLoss(coefficient=-1)
