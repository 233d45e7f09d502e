"""Training a run twice and comparing the bits."""

from __future__ import annotations

import pytest

from seedwise.errors import SeedwiseError
from seedwise.study import Study, diagnose


def test_the_built_in_trainer_agrees_with_itself():
    study = Study.from_text("""
name: digits
task: {dataset: digits}
model: small_cnn
train: {epochs: 2, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
methods: {vml: {loss: {name: vml, warmup_steps: 2}}}
""")
    found = diagnose(study)
    assert (found.agree, found.epoch) == (True, None)
    assert found.what == "2 epochs of logged numbers, 2 training states, the final weights, 2 metrics"
    assert found.run_id == study.plan()[0].spec.id
    assert not study.store_path.exists()


@pytest.mark.parametrize(("plant", "what"), [("entropy", "loss"), ("drift", "the training state")])
def test_nondeterminism_is_found_in_its_epoch(project, plant, what):
    study = project.study(train={"function": "toy:train", "config": {"epochs": 6, "do": plant, "at": 3}})
    found = diagnose(study)
    assert (found.agree, found.epoch, found.what) == (False, 3, what)
    assert not project.store_path.exists()


def test_a_run_that_does_not_finish_is_said(project):
    study = project.study(train={"function": "toy:train", "config": {"do": "raise"}})
    with pytest.raises(SeedwiseError, match=r"the run [0-9a-f]{16} crashed: ValueError: no such$"):
        diagnose(study)
