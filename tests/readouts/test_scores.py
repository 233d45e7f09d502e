"""Scores of logits, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from seedwise.readouts import mean_of_logits, scores


def test_scores_are_those_of_torch():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 5, (50, 4)).astype(np.float32), rng.integers(0, 4, 50).astype(np.uint8)
    found = scores(logits, labels)
    truth = torch.from_numpy(labels.astype(np.int64))
    assert found["accuracy"] == (torch.from_numpy(logits).argmax(1) == truth).double().mean().item()
    assert found["loss"] == pytest.approx(F.cross_entropy(torch.from_numpy(logits).double(), truth).item(), rel=1e-12)


def test_the_mean_of_half_precision_logits_is_not_rounded_to_half():
    found = mean_of_logits([np.array([[1.0, 2.0]], np.float16), np.array([[1.0009765625, 2.0]], np.float16)])
    assert found.dtype == np.float32
    assert found.tolist() == [[1.00048828125, 2.0]]
