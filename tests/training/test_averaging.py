"""The exponential average against its closed form in float64."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from seedwise.training._averaging import ExponentialAverage

STEPS = 40


def moved(steps):
    """A network whose weights, running statistics and counter are different after every step."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    for _ in range(steps):
        with torch.no_grad():
            for tensor in network.state_dict().values():
                tensor.copy_(tensor + 1 if tensor.dtype == torch.int64 else torch.randn(tensor.shape))
        yield network


def averaged(decay, debias, stop=None):
    """The state of the average after every step; at step ``stop`` it is saved, and another goes on from there."""
    found, average, states = [], None, []
    for step, network in enumerate(moved(STEPS + 1)):
        states.append(copy.deepcopy(network.state_dict()))
        if average is None:  # the first state is that of before the training
            average = ExponentialAverage(network, decay=decay, debias=debias)
            continue
        average.after_step()
        average.after_epoch(0)
        if step == stop:
            saved = copy.deepcopy(average.state())
            average = ExponentialAverage(network, decay=decay, debias=debias)
            average.load(saved)
        found.append(copy.deepcopy(average.network.state_dict()))
    return found, states


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_debiased(decay):
    """sum (1 - d) d^(t - i) w_i / (1 - d^t) over the steps i = 1..t: no initial weights in it."""
    found, states = averaged(decay, debias=True)
    for t in range(1, STEPS + 1):
        weights = (1 - decay) * decay ** (t - np.arange(1, t + 1)) / (1 - decay**t)
        assert weights.sum() == pytest.approx(1)
        for name, value in found[t - 1].items():
            values = np.stack([state[name].double().numpy() for state in states[1 : t + 1]])
            if value.is_floating_point():
                np.testing.assert_allclose(value.numpy(), np.tensordot(weights, values, 1), rtol=1e-4, atol=1e-5)
            else:
                assert value == values[-1]
    assert all(torch.equal(found[0][name], states[1][name]) for name in found[0])


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_with_its_start(decay):
    found, states = averaged(decay, debias=False)
    for t in range(1, STEPS + 1):
        weights = (1 - decay) * decay ** (t - np.arange(0.0, t + 1))
        weights[0] = decay**t
        for name, value in found[t - 1].items():
            values = np.stack([state[name].double().numpy() for state in states[: t + 1]])
            if value.is_floating_point():
                np.testing.assert_allclose(value.numpy(), np.tensordot(weights, values, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("debias", [True, False])
@pytest.mark.parametrize("stop", [1, 17])
def test_it_goes_on_bit_for_bit(debias, stop):
    whole, stopped = averaged(0.9, debias)[0], averaged(0.9, debias, stop)[0]
    for one, other in zip(whole, stopped, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("debias", [True, False])
def test_what_does_not_change_keeps_its_bits(debias):
    network = nn.Linear(50, 50)
    average = ExponentialAverage(network, decay=0.97, debias=debias)
    for _ in range(100):
        average.after_step()
    assert torch.equal(average.network.weight, network.weight)
