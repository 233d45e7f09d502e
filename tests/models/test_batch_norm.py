"""Recomputed batch-norm statistics against numpy, and what they leave alone."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from seedwise.models import recompute_batch_norm


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(48, 4),
            nn.BatchNorm1d(4, momentum=0.3),
        )  # fmt: skip


def batches():
    generator = torch.Generator().manual_seed(1)
    return [1 + 3 * torch.randn(n, 2, 6, 6, generator=generator) for n in (20, 21, 21)]


def test_they_are_the_means_over_batches_without_dropout():
    net = network()
    for module in (net[1], net[6]):
        module.running_mean.fill_(9)
        module.running_var.fill_(7)
    net.train()
    recompute_batch_norm(net, iter(batches()))

    means, variances, outs = [], [], []
    with torch.no_grad():
        for batch in batches():
            a = net[0](batch).numpy().astype(np.float64)
            means.append(a.mean((0, 2, 3)))
            variances.append(a.var((0, 2, 3), ddof=1))
            normal = (a - means[-1][:, None, None]) / np.sqrt(a.var((0, 2, 3))[:, None, None] + 1e-5)
            weight, bias = (p.numpy() for p in net[5].parameters())
            outs.append(np.maximum(normal, 0).reshape(len(a), -1) @ weight.T + bias)
    np.testing.assert_allclose(net[1].running_mean, np.mean(means, 0), rtol=1e-5)
    np.testing.assert_allclose(net[1].running_var, np.mean(variances, 0), rtol=1e-5)
    np.testing.assert_allclose(net[6].running_mean, np.mean([o.mean(0) for o in outs], 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(net[6].running_var, np.mean([o.var(0, ddof=1) for o in outs], 0), rtol=1e-4)
    assert not any(module.training for module in net.modules())
    assert (net[1].momentum, net[6].momentum) == (0.1, 0.3)


def test_nothing_else_changes_and_a_second_time_gives_the_same_bits():
    net = network()
    before = copy.deepcopy(dict(net.named_parameters()))
    state = torch.get_rng_state()
    recompute_batch_norm(net, batches())
    first = copy.deepcopy(net.state_dict())
    recompute_batch_norm(net, batches())
    assert all(torch.equal(first[name], value) for name, value in net.state_dict().items())
    assert all(torch.equal(before[name], value) for name, value in net.named_parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_without_a_batch_norm_no_batch_is_read():
    def unreadable():
        raise AssertionError
        yield

    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False))
    recompute_batch_norm(net, unreadable())
    with pytest.raises(AssertionError):
        recompute_batch_norm(nn.BatchNorm1d(2), unreadable())
