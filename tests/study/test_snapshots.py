"""Readouts of what a function of one's own saved: the mean of the logits of its snapshots."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.study import Store, Study, parse_study, unread

FUNCTION = """
import numpy as np


def train(run):
    labels = np.arange(40) % 4
    for k in range(1, run.config.get("cycles", 0) + 1):
        logits = run.randomness.numpy("init", "logits", k).normal(size=(40, 4))
        run.save_predictions(logits, labels, tag=f"snapshot-{k}", ids=7 + labels * 0 + np.arange(40))
    logits = run.randomness.numpy("init", "logits").normal(size=(40, 4))
    run.log(0, loss=1.0)
    run.save_predictions(logits, labels, ids=7 + np.arange(40))
    run.finish(accuracy=(logits.argmax(1) == labels).mean())
"""

STUDY = """
name: own
task: {metric: accuracy, chance: 0.25}
train: {function: "makes_snapshots:train"}
methods: {base: {}, cyclic: {config: {cycles: 12}}}
replicates: 3
readouts: [snapshots, snapshots + ensemble-2]
"""


@pytest.fixture
def study(tmp_path) -> Study:
    (tmp_path / "makes_snapshots.py").write_text(FUNCTION)
    (tmp_path / "own.yaml").write_text(STUDY)
    sys.modules.pop("makes_snapshots", None)
    return Study.from_yaml(tmp_path / "own.yaml")


def test_snapshots_are_the_mean_of_their_kept_logits(study):
    outcome = study.run(workers=1)
    assert (outcome.trained, outcome.read) == (6, 3)
    assert [(cell.method, cell.readout) for cell in study.cells()] == [
        ("base", "plain"),
        ("cyclic", "plain"),
        ("cyclic", "snapshots"),
    ]
    cell = study.cells()[2]
    with Store(study.store_path) as store:
        runs = [run for run in store.runs() if run.link.method == "cyclic"]
        for k, run in enumerate(runs):
            streams = Randomness(run.content["seeds"])
            draws = [streams.numpy("init", "logits", cycle).normal(size=(40, 4)) for cycle in range(1, 13)]
            mean = np.mean([draw.astype(np.float16).astype(np.float64) for draw in draws], axis=0)
            (found,) = store.predictions([run.run_id], tag="snapshots").values()
            np.testing.assert_array_equal(found.logits, mean.astype(np.float16))
            np.testing.assert_array_equal(found.ids, 7 + np.arange(40))
            labels = np.arange(40) % 4
            assert cell.values[k] == np.mean(mean.argmax(1) == labels)
            probabilities = np.exp(mean) / np.exp(mean).sum(1, keepdims=True)
            one = store.readouts()[run.run_id, "snapshots"]
            assert one.metrics["test/loss"] == pytest.approx(
                -np.log(probabilities[np.arange(40), labels]).mean(), rel=1e-5
            )
            assert (one.passes, one.seconds, one.plain_seconds) == (12, None, None)
        assert unread(store, "own", store.runs()) == ["readout snapshots: 3 finished"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("snapshots, ", "flip, ", "'flip' needs the built-in trainer"),
        ("snapshots, ", "average-2, ", "'average-2' needs the built-in trainer"),
        (
            "metric: accuracy, chance: 0.25",
            "metric: auc",
            "gives accuracy, loss, brier, ece from logits, and the metric of this",
        ),
        ("replicates: 3", "keep: {predictions: labels}", "set keep: {predictions: logits16}"),
    ],
)
def test_what_cannot_be_read_out_of_a_function_of_ones_own(study, old, new, said):
    with pytest.raises(SeedwiseError) as caught:
        parse_study(STUDY.replace(old, new))
    assert said in str(caught.value)


def test_classes_have_no_mean(tmp_path, study):
    file = Path(tmp_path / "own.yaml")
    file.write_text(STUDY.replace("readouts: [snapshots, snapshots + ensemble-2]", "keep: {predictions: labels}"))
    Study.from_yaml(file).run(workers=1)
    with pytest.raises(
        SeedwiseError, match=r"kept the classes of its snapshots alone: 'keep: \{predictions: logits16\}"
    ):
        study.run(workers=1)
