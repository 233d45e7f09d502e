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


METHODS = {
    "base": {},
    "vml": {"loss": {"name": "vml", "warmup_steps": 5}},
    "clf": {"loss": {"name": "clf"}},
    "placebo": {"loss": {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 5}}},
    "swa": {"averaging": {"name": "swa", "start": 0.5}, "model": {"name": "tiny_net:make"}},
    "ema-sam": {"averaging": {"name": "ema", "decay": 0.9}, "sharpness": {"rho": 0.05}},
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_state_outside_neither_matters_nor_moves(trained, tiny_net, method):
    records = []
    for seed in (1, 2):
        poison(seed)
        before = states()
        records.append(trained({"init": 3}, validation={"fraction": 0.1, "rule": "best"}, **method))
        assert states() == before
    one, two = records
    assert one.status == "finished"
    assert (one.weights_sha256, one.series, one.metrics) == (two.weights_sha256, two.series, two.metrics)
