"""The small network."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.models import small_cnn


@pytest.mark.parametrize(
    ("channels", "size", "classes"), [(1, 8, 10), (1, 28, 10), (3, 32, 100), (2, 30, 4), (1, 4, 2)]
)
def test_shapes(channels, size, classes):
    assert small_cnn(channels, classes)(torch.zeros(3, channels, size, size)).shape == (3, classes)


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (32, 32), (8, 32)])
def test_pooling_is_adaptive_max_pooling(size):
    pool = small_cnn(1, 10)[4]
    x = torch.randn(2, 5, *size)
    assert torch.equal(pool(x), F.adaptive_max_pool2d(x, 4))


@pytest.mark.parametrize(
    ("width", "parameters"),
    [(16, 16 * 10 + 32 * (16 * 9 + 1) + 10 * (512 + 1)), (4, 4 * 10 + 8 * (4 * 9 + 1) + 10 * (128 + 1))],
)
def test_number_of_parameters(width, parameters):
    assert sum(p.numel() for p in small_cnn(1, 10, width=width).parameters()) == parameters


def test_dropout_is_between_the_features_and_the_linear_layer():
    layers = list(small_cnn(1, 10, dropout=0.4))
    assert isinstance(layers[-2], nn.Dropout)
    assert layers[-2].p == 0.4
    assert isinstance(layers[-1], nn.Linear)
