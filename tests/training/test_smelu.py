"""Trainings in which SmeLU takes the place of ReLU, and their readouts."""

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from seedwise.data import load
from seedwise.models import SmeLU, small_cnn
from seedwise.readouts import mean_logits, parse_readout, view_rows
from seedwise.run import execute
from seedwise.store import Store
from seedwise.study import Study, parse_study
from seedwise.training import train


def test_a_run_is_trained_with_it(new_run):
    losses = [
        execute(new_run(model={"width": 2, "smelu": smelu}, epochs=1), train).metrics["test/loss"]
        for smelu in (None, {"beta": 1e-6}, {"beta": 1.0})
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0] != pytest.approx(losses[2], rel=1e-2)


def test_a_readout_builds_the_network_with_it(tmp_path):
    spec = parse_study(
        yaml.safe_dump(
            {
                "name": "smooth",
                "task": {"dataset": "digits", "train_examples": 200, "test_examples": 50},
                "model": {"name": "small_cnn", "width": 2, "smelu": {"beta": 2.0}},
                "train": {"epochs": 1, "batch_size": 50, "optimizer": {"name": "sgd", "lr": 0.1}},
                "replicates": 1,
                "readouts": ["crop25"],
                "keep": {"predictions": "full", "weights": "final"},
            }
        )
    )
    study = Study(spec, store=tmp_path / "s.db", folder=tmp_path)
    study.run(workers=1)
    with Store(study.store_path) as store:
        (run,) = store.runs()
        kept = store.predictions([run.run_id], "test", "crop25")[run.run_id]
    (file,) = tmp_path.glob("s.d/**/*final*")
    dataset = load("digits")
    found = []
    for activation in (SmeLU(2.0), nn.ReLU()):
        network = small_cnn(1, 10, width=2)
        network[1] = network[3] = activation
        network.load_state_dict(torch.load(file, weights_only=True))
        at = torch.isin(dataset.test.ids, torch.tensor(kept.ids))
        rows = view_rows(parse_readout("crop25"), dataset.augmentation)
        found.append(mean_logits(network.eval(), dataset, dataset.test.images[at], rows).numpy())
    np.testing.assert_allclose(kept.logits, found[0], atol=1e-4)
    assert np.abs(kept.logits - found[1]).max() > 0.1
