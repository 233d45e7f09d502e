"""The mean of logits."""

from __future__ import annotations

import numpy as np

from seedwise.readouts import mean_of_logits


def test_the_mean_of_half_precision_logits_is_not_rounded_to_half():
    found = mean_of_logits([np.array([[1.0, 2.0]], np.float16), np.array([[1.0009765625, 2.0]], np.float16)])
    assert found.dtype == np.float32
    assert found.tolist() == [[1.00048828125, 2.0]]
