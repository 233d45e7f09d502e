"""One weight moves by one unit in the last place."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from seedwise.randomness import Randomness, nudge_one_weight


def network(channels_last=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))
    return model.to(memory_format=torch.channels_last) if channels_last else model


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("seed", range(1, 21))
def test_exactly_one_weight_moves_to_the_next_number(seed, channels_last):
    model = network(channels_last)
    before = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    name, index = nudge_one_weight(model, Randomness({"ulp": seed}))
    after = {name: p.detach().numpy() for name, p in model.named_parameters()}
    moved = [(n, int(k)) for n in before for k in np.flatnonzero((before[n] != after[n]).reshape(-1))]
    assert moved == [(name, index)]
    old, new = before[name].reshape(-1)[index], after[name].reshape(-1)[index]
    assert new == np.nextafter(old, np.float32(np.inf))
    assert new > old


def test_the_memory_format_does_not_decide_which_weight():
    for seed in range(1, 21):
        randomness = Randomness({"ulp": seed})
        assert nudge_one_weight(network(True), randomness) == nudge_one_weight(network(), randomness)


def test_seed_0_moves_none():
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert nudge_one_weight(model, Randomness({"init": 5})) is None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_every_weight_is_equally_likely():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    weights = [(name, k) for name, p in model.named_parameters() for k in range(p.numel())]
    counts = Counter(nudge_one_weight(model, Randomness({"ulp": seed})) for seed in range(1, 1 + 50 * len(weights)))
    assert set(counts) == set(weights)
    assert stats.chisquare([counts[weight] for weight in weights]).pvalue > 0.001
