"""What a training function can do with its run."""

import io
import json

import numpy as np
import pytest
import torch

from seedwise.errors import SeedwiseError
from seedwise.run import Keep, Numerics, Run, RunSpec, weights_sha256

LOGITS = np.array([[0.1, 0.3, 0.2], [2.0, 1.0, -1e6]])


def new_run(**options):
    return Run(RunSpec("my.train:train", {"lr": 0.1}, {"init": 3, "repeat": 2}), {"lr": 0.1}, **options)


def test_what_a_run_is_told():
    spec = RunSpec("my.train:train", {"lr": 0.1}, {"init": 3, "repeat": 2}, Numerics(threads=4))
    run = Run(spec, {"lr": 0.1}, device="cuda:1")
    assert run.id == spec.id
    assert run.config == {"lr": 0.1}
    names = ("shuffle", "augment", "dropout", "weights", "scores", "split", "labels", "ulp", "hardware")
    zeros = dict.fromkeys(names, 0)
    assert run.seeds == {"init": 3, "repeat": 2, **zeros}
    assert run.randomness.seeds == {"init": 3, **zeros}
    assert run.device == "cuda:1"
    assert run.numerics.threads == 4
    assert run.checkpoint.load() is None


def test_log_collects_one_row_an_epoch():
    seen = []
    run = new_run(on_epoch=seen.append)
    run.log(0, loss=torch.tensor([0.5]), lr=1)
    run.log(0, accuracy=np.float32(0.25), lr=2)
    run.log(1, loss=0.125)
    assert run.series == [{"epoch": 0, "loss": 0.5, "lr": 2.0, "accuracy": 0.25}, {"epoch": 1, "loss": 0.125}]
    assert all(type(value) is float for row in run.series for name, value in row.items() if name != "epoch")
    assert seen == [0, 0, 1]


def test_a_row_that_someone_left_without_an_epoch_is_named():
    run = new_run()
    run.checkpoint.log.append({"loss": 1.0})
    with pytest.raises(SeedwiseError, match=r"a row without an epoch, \{'loss': 1.0\}: use run.log\(epoch, loss=...\)"):
        run.log(0, loss=0.5)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("labels", None),
        ("logits16", np.array([[0.1, 0.3, 0.2], [2, 1, -65504]], dtype=np.float16)),
        ("full", LOGITS.astype(np.float32)),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, torch.tensor])
def test_predictions_are_kept_as_the_study_says(keep, expected, convert):
    run = new_run(keep=Keep(predictions=keep))
    run.log(6, loss=1.0)
    run.save_predictions(convert(LOGITS), convert(np.array([1, 2])), ids=convert(np.array([40, 50])))
    (saved,) = run.predictions
    assert (saved.split, saved.tag, saved.epoch) == ("test", "final", 6)
    assert saved.ids.tolist() == [40, 50]
    assert saved.ids.dtype == np.int64
    assert saved.labels.tolist() == [1, 2]
    assert saved.predicted.tolist() == [1, 0]
    if expected is None:
        assert saved.logits is None
    else:
        assert saved.logits.dtype == expected.dtype
        assert np.array_equal(saved.logits, expected)


def test_classes_are_taken_from_the_logits_in_full_precision():
    run = new_run()
    run.save_predictions(torch.tensor([[1.0, 1.0 + 1e-6]]), torch.tensor([0]))
    assert run.predictions[0].predicted.tolist() == [1]
    assert run.predictions[0].logits.tolist() == [[1, 1]]


def test_predicted_classes_and_numbered_examples():
    run = new_run()
    run.save_predictions([3, 300, 0], [3, 3, 1], "validation", tag="flip", epoch=2)
    (saved,) = run.predictions
    assert (saved.split, saved.tag, saved.epoch, saved.logits) == ("validation", "flip", 2, None)
    assert saved.predicted.tolist() == [3, 300, 0]
    assert (saved.predicted.dtype, saved.labels.dtype) == (np.uint16, np.uint8)
    assert saved.ids.tolist() == [0, 1, 2]


def test_negative_classes_survive():
    run = new_run()
    run.save_predictions([-1, 200], [-100, 5])
    assert run.predictions[0].predicted.tolist() == [-1, 200]
    assert run.predictions[0].labels.tolist() == [-100, 5]


def test_a_later_call_for_the_same_key_replaces_the_earlier():
    run = new_run()
    run.save_predictions([1], [1])
    run.save_predictions([1], [1], tag="flip")
    run.save_predictions([1], [1], epoch=3)
    run.save_predictions([2], [1])
    assert [(p.tag, p.epoch, p.predicted.tolist()) for p in run.predictions] == [
        ("flip", 0, [1]),
        ("final", 3, [1]),
        ("final", 0, [2]),
    ]


@pytest.mark.parametrize(
    ("array", "labels", "ids"),
    [
        (LOGITS, [1, 2, 0], None),
        (LOGITS, [1, 2], [1]),
        (LOGITS, [[1], [2]], None),
        (LOGITS[None], [1], None),
        (1, 1, None),
    ],
)
def test_shapes_that_do_not_agree_are_refused(array, labels, ids):
    with pytest.raises(SeedwiseError, match="save_predictions got predictions of shape"):
        new_run().save_predictions(array, labels, ids=ids)


def test_classes_that_are_no_integers_are_refused():
    with pytest.raises(SeedwiseError, match=r"classes must be integers, not float64: pass logits \(N, C\)"):
        new_run().save_predictions([0.5, 0.2], [0, 1])


@pytest.mark.parametrize(("keep", "kept"), [("none", []), ("final", ["final"]), ("snapshots", ["epoch-3", "final"])])
def test_weights_are_kept_as_the_study_says(keep, kept):
    run = new_run(keep=Keep(weights=keep))
    model = torch.nn.Linear(2, 2)
    run.save_weights({"other": torch.ones(1)}, tag="epoch-3")
    assert run.weights_sha256 is None
    run.save_weights(model.state_dict())
    assert run.weights_sha256 == weights_sha256(model.state_dict())
    assert list(run.weights) == kept
    if "final" in kept:
        state = torch.load(io.BytesIO(run.weights["final"]), weights_only=True)
        assert torch.equal(state["weight"], model.weight)


def test_finish_names_metrics_and_notes_what_is_not_finite():
    run = new_run()
    assert run.metrics is None
    run.finish(accuracy=torch.tensor(0.5), **{"validation/loss": float("nan"), "test/loss": float("inf")})
    assert run.metrics == {"test/accuracy": 0.5, "validation/loss": None, "test/loss": None}


def test_finish_without_a_metric_is_refused():
    with pytest.raises(SeedwiseError, match=r"run.finish\(\) needs at least one metric"):
        new_run().finish()


@pytest.mark.parametrize(
    "read",
    [
        lambda seeds: seeds["init"],
        lambda seeds: seeds.get("init"),
        dict,
        lambda seeds: {**seeds},
        lambda seeds: list(seeds.items()),
        lambda seeds: list(seeds.values()),
        lambda seeds: seeds.copy(),
        json.dumps,
        lambda seeds: seeds | {"more": 1},
    ],
)
def test_reading_a_seed_is_drawing_from_its_source(read):
    run = Run(RunSpec("my.train:train", {}, {"init": 3}), {})
    assert len(run.seeds) > 1
    assert "init" in run.seeds
    assert next(iter(run.seeds)) == "init"
    assert run.randomness.drawn == set(), "names alone say nothing"
    read(run.seeds)
    assert "init" in run.randomness.drawn
    assert 3 in run.randomness.given
