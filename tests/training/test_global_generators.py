"""Training neither reads nor moves the global generators."""

import random

import numpy as np
import pytest
import torch


def poison(seed):
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


def states():
    numpy_state = np.random.get_state()  # noqa: NPY002
    return random.getstate(), numpy_state[1].tolist(), numpy_state[2:], torch.get_rng_state().tolist()


@pytest.mark.parametrize(
    "loss",
    [
        "cross_entropy",
        {"name": "vml", "warmup_steps": 5},
        {"name": "clf"},
        {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 5}},
    ],
    ids=lambda loss: loss if isinstance(loss, str) else loss["name"],
)
def test_the_state_outside_neither_matters_nor_moves(trained, loss):
    records = []
    for seed in (1, 2):
        poison(seed)
        before = states()
        records.append(trained({"init": 3}, loss=loss, validation={"fraction": 0.1, "rule": "best"}))
        assert states() == before
    one, two = records
    assert one.status == "finished"
    assert (one.weights_sha256, one.series, one.metrics) == (two.weights_sha256, two.series, two.metrics)
