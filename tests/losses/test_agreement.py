"""Divergences between networks against scipy, and their gradients against finite differences."""

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax

from seedwise.losses import distillation, symmetric_kl


@pytest.fixture
def logits():
    return np.random.default_rng(3).normal(scale=3, size=(2, 7, 4))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_distillation(logits, temperature):
    teacher = softmax(logits[1], axis=1)
    expected = temperature**2 * rel_entr(teacher, softmax(logits[0] / temperature, axis=1)).sum(1).mean()
    own, others = torch.tensor(logits[0], requires_grad=True), torch.tensor(teacher)
    assert distillation(own, others, temperature).item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(lambda z: distillation(z, others, temperature), own)


def test_symmetric_kl(logits):
    p, r = softmax(logits, axis=2)
    expected = (rel_entr(p, r) + rel_entr(r, p)).sum(1).mean()
    one, two = (torch.tensor(each, requires_grad=True) for each in logits)
    assert symmetric_kl(one, two).item() == pytest.approx(expected, rel=1e-12)
    assert symmetric_kl(one, two).item() == symmetric_kl(two, one).item()
    assert torch.autograd.gradcheck(symmetric_kl, (one, two))


def test_certain_teachers_and_far_logits_are_finite():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    for loss in (distillation(logits, torch.tensor([[0.0, 1.0]])), symmetric_kl(logits, -logits)):
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.isfinite()
        assert gradient.isfinite().all()
