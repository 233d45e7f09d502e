"""The digest of weights."""

import hashlib

import numpy as np
import pytest
import torch

from seedwise.run import weights_sha256


def test_against_hashlib():
    state = {"b": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "a": torch.tensor(7), "c": torch.tensor([True])}
    expected = hashlib.sha256(
        b"a torch.int64 ()\n"
        + np.array(7, dtype="<i8").tobytes()
        + b"b torch.float32 (2, 2)\n"
        + np.array([1, 2, 3, 4], dtype="<f4").tobytes()
        + b"c torch.bool (1,)\n\x01"
    ).hexdigest()
    assert weights_sha256(state) == expected


def test_equal_for_equal_numbers_in_any_order_and_layout():
    x = torch.randn(2, 3, 4, 5)
    digest = weights_sha256({"x": x, "y": torch.ones(2)})
    assert weights_sha256({"y": torch.ones(2), "x": x.to(memory_format=torch.channels_last)}) == digest
    assert weights_sha256({"y": torch.ones(2), "x": torch.nn.Parameter(x.clone()), "extra": "text"}) == digest


@pytest.mark.parametrize(
    "state",
    [
        {"w": torch.zeros(2, 1)},
        {"w": torch.zeros(2, dtype=torch.float64)},
        {"v": torch.zeros(2)},
        {"w": torch.tensor([0.0, -0.0])},
        {"w": torch.zeros(2), "v": torch.zeros(0)},
        {},
    ],
)
def test_different_for_anything_else(state):
    assert weights_sha256(state) != weights_sha256({"w": torch.zeros(2)})
