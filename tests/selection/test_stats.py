"""What is said of the choices, against scipy and against counting."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import nn

from seedwise.selection import select_weights, selection_stats


def test_the_entropy_is_scipys():
    model = select_weights(nn.Sequential(nn.Linear(7, 5), nn.Linear(5, 3)), 6, seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(3 * torch.randn(parameter.shape))
    scores = np.concatenate([p.detach().double().numpy() for p in model.parameters()], axis=1)
    expected = entropy(np.exp(scores), axis=0).mean()
    stats = selection_stats(model)
    assert stats.entropy == pytest.approx(expected, rel=1e-6)
    assert stats.connections == 50


def test_the_share_of_changed_choices_is_since_the_last_call():
    model = select_weights(nn.Sequential(nn.Linear(10, 4), nn.Linear(4, 15)), 3, seed=1)
    assert selection_stats(model).changed == 0, "before the first step"
    with torch.no_grad():
        for layer, count in ((model[0], 10), (model[1], 5)):
            best = layer.scores.argmax(0)
            for i in range(count):
                layer.scores[(best[i] + 1) % 3, i] = 2.0
    model.load_state_dict(model.state_dict())
    assert selection_stats(model).changed == 0.15
    assert selection_stats(model).changed == 0


def test_a_network_that_selects_nothing_has_none():
    with pytest.raises(ValueError, match="no selecting layer"):
        selection_stats(nn.Linear(2, 2))
