"""The mean of weights, against averaging by hand."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from seedwise.readouts import average_weights, gain_shares, mean_state


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))
    for _ in range(seed):
        made(torch.randn(16, 3) + seed)  # statistics and counts that differ from state to state
    return made


def test_the_mean_of_weights_predicts_as_one_averaged_by_hand():
    states = [network(seed).state_dict() for seed in (1, 2, 4)]
    batches = [torch.randn(20, 3, generator=torch.Generator().manual_seed(k)) for k in range(3)]
    net = network(9)
    average_weights(net, states, batches)
    found = net.eval()(torch.eye(3)).detach().numpy()

    def mean(name: str) -> np.ndarray:
        return sum(state[name].numpy().astype(np.float64) for state in states) / 3

    hidden = [batch.numpy() @ mean("0.weight").T + mean("0.bias") for batch in batches]
    centre = np.mean([h.mean(0) for h in hidden], axis=0)
    variance = np.mean([h.var(0, ddof=1) for h in hidden], axis=0)
    inputs = np.eye(3) @ mean("0.weight").T + mean("0.bias")
    normal = (inputs - centre) / np.sqrt(variance + 1e-5) * mean("1.weight") + mean("1.bias")
    expected = np.maximum(normal, 0) @ mean("3.weight").T + mean("3.bias")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_mean_of_equal_states_is_that_state_to_the_last_bit():
    state = network(3).state_dict()
    found = mean_state([state] * 7)
    assert list(found) == list(state)
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert found["1.num_batches_tracked"].dtype == torch.int64


def test_states_are_not_changed():
    states = [network(seed).state_dict() for seed in (1, 2)]
    before = [{name: value.clone() for name, value in state.items()} for state in states]
    average_weights(network(0), states, [torch.randn(4, 3)])
    for state, old in zip(states, before, strict=True):
        assert all(torch.equal(state[name], old[name]) for name in old)


def test_shares_weigh_the_states():
    states = [network(seed).state_dict() for seed in (1, 2, 4)]
    found = mean_state(states, [0.5, 0.2, 0.3])
    for name in ("0.weight", "1.running_var", "3.bias"):
        by_hand = sum(
            w * state[name].numpy().astype(np.float64) for w, state in zip((0.5, 0.2, 0.3), states, strict=True)
        )
        np.testing.assert_allclose(found[name].numpy(), by_hand, rtol=1e-6)
    assert found["1.num_batches_tracked"] == states[-1]["1.num_batches_tracked"]


def test_shares_follow_the_gain_over_the_worst():
    scores = [0.61, 0.64, 0.63, 0.69]
    gains = [0.0, 0.03, 0.02, 0.08]
    for power in (1, 3):
        total = sum(gain**power for gain in gains)
        np.testing.assert_allclose(gain_shares(scores, power), [gain**power / total for gain in gains])
    np.testing.assert_allclose(gain_shares(scores, 60), [0, 0, 0, 1], atol=1e-12)
    assert gain_shares([0.5] * 4, 2) == [0.25] * 4
