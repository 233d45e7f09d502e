"""Hugging Face's trainer with a run: replay, one source at a time, a kill, the losses, degenerate runs, the example."""

import argparse
import importlib
import math
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seedwise.errors import SeedwiseError
from seedwise.losses import CLFLoss
from seedwise.store import Store

from .trainings import STOPPED_LINE, stopped, train_until_killed

pytestmark = pytest.mark.filterwarnings("ignore")  # of its own imports


@pytest.fixture(scope="module")
def training():
    pytest.importorskip("transformers")
    return importlib.import_module("tests.integrations.transformers_training")


@pytest.fixture(scope="module")
def module(training):
    return importlib.import_module("seedwise.integrations.transformers")


@pytest.fixture(scope="module")
def train(training):
    """Return a function that trains a run and returns what it drew from each source, and the weights at its end."""
    return training.train


def same(a, b):
    return {name for name in ("init", "shuffle", "dropout", "end") if a[name] == b[name]}


@pytest.fixture(scope="module")
def seeds():
    return {"init": 1, "shuffle": 2, "dropout": 4}


@pytest.fixture
def whole(train, make_run, seeds):
    return train(make_run(**seeds), CLFLoss(lambda_v=0.01))


def test_a_run_is_repeated_and_one_source_moves_what_it_is_for(training, train, make_run, seeds, whole):
    run = make_run(**seeds)
    assert same(train(run, CLFLoss(lambda_v=0.01)), whole) == {"init", "shuffle", "dropout", "end"}
    assert run.randomness.drawn == {"init", "shuffle", "dropout"}
    assert not run.randomness.reseeded
    assert [row["epoch"] for row in run.series] == list(range(training.EPOCHS))
    assert {"train/loss", "loss/factor_mean"} <= set(run.series[-1])
    assert [row["loss/active_share"] for row in run.series] == [0, 1, 1]  # CLF knows no previous epoch in the first
    for source in seeds:
        other = train(make_run(**{**seeds, source: 9}), CLFLoss(lambda_v=0.01))
        assert same(other, whole) == {"init", "shuffle", "dropout"} - {source}


@pytest.mark.parametrize("kill", [0, 1, 2])
def test_killed_and_gone_on_with_gives_the_same_bits(training, train, make_run, tmp_path, seeds, whole, kill):
    train_until_killed("transformers", tmp_path / "run.checkpoint", seeds, clf=True, kill=kill)
    run = make_run("run.checkpoint", **seeds)
    rest = train(run, CLFLoss(lambda_v=0.01))
    assert rest["end"] == whole["end"]
    assert rest["shuffle"] == [row for row in whole["shuffle"] if row[0] >= kill]
    assert rest["dropout"] == [row for row in whole["dropout"] if row[0] >= kill]
    assert run.checkpoint.resumed_from == ([kill] if kill else [])
    assert [row["epoch"] for row in run.series] == list(range(training.EPOCHS))


def test_the_trainer_saves_only_when_a_checkpoint_is_due(training, train, make_run, seeds, monkeypatch, whole):
    saved = []
    save = training.Trainer._save_checkpoint
    monkeypatch.setattr(
        training.Trainer, "_save_checkpoint", lambda *args, **named: (saved.append(args[0].state.epoch), save(*args))
    )
    run = make_run("run.checkpoint", **seeds)
    run.checkpoint.every_epochs = 2
    found = train(run, CLFLoss(lambda_v=0.01))
    assert saved == [2, 3], "the last is the trainer's own"
    assert [row["epoch"] for row in run.series] == list(range(training.EPOCHS))
    assert all({"train/loss", "loss/factor_mean"} <= row.keys() for row in run.series)
    assert found["end"] == whole["end"]
    assert run.checkpoint.load()["epoch"] == 1


def test_cross_entropy_is_the_models_own_loss(train, make_run, seeds):
    own, ours = train(make_run(**seeds)), train(make_run(**seeds), nn.CrossEntropyLoss())
    assert own["end"] == ours["end"]


def test_accumulated_batches_are_weighted_by_what_they_hold(train, make_run, seeds):
    """Without dropout two halves of a batch give the gradient of the whole; the batches hold 16, 16 and 8."""

    class Mean(nn.CrossEntropyLoss):
        """Of any kind: nothing is known of it but that it is a mean."""

    whole, halves = (
        train(make_run(**seeds), Mean(), accumulate=k, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        for k in (1, 2)
    )
    assert whole["shuffle"] != halves["shuffle"]
    for name, tensor in whole["model"].state_dict().items():
        torch.testing.assert_close(halves["model"].state_dict()[name], tensor, rtol=1e-4, atol=1e-5)


def tokens(module, make_run, **options):
    return module.RunCallback(make_run(), nn.CrossEntropyLoss(), **options)


def test_the_loss_of_tokens_counts_those_that_count(module, make_run):
    draw = torch.Generator().manual_seed(3)
    logits, labels = torch.randn(2, 5, 4, generator=draw), torch.randint(0, 4, (2, 5), generator=draw)
    labels[0, 2:] = -100
    mean = F.cross_entropy(logits.reshape(-1, 4), labels.reshape(-1))
    callback = tokens(module, make_run)
    torch.testing.assert_close(callback.compute_loss({"logits": logits}, labels), mean)
    # One of two micro-batches: its part of the mean over all 20 labels that count.
    torch.testing.assert_close(callback.compute_loss({"logits": logits}, labels, 20), mean * 7 / 20)
    shifted = tokens(module, make_run, shift=True)
    following = F.cross_entropy(logits[:, :-1].reshape(-1, 4), labels[:, 1:].reshape(-1))
    torch.testing.assert_close(shifted.compute_loss({"logits": logits}, labels), following)


def test_predictions_and_metrics_end_the_run(training, train, make_run, seeds):
    run = make_run(**seeds)
    train(run, finish=True)
    assert set(run.metrics) == {"test/accuracy", "test/loss"}
    (kept,) = run.predictions
    assert run.metrics["test/accuracy"] == pytest.approx(float((kept.predicted == kept.labels).mean()))
    assert kept.ids.tolist() == list(range(training.SIZE))
    assert run.weights_sha256 is not None


def predicted(accuracy):
    return SimpleNamespace(
        predictions=np.zeros((4, 2)), label_ids=np.array([0, 1, 0, 1]),
        metrics={"test_accuracy": accuracy, "test_loss": 0.7, "test_runtime": 1.0},
    )  # fmt: skip


@pytest.mark.parametrize(("accuracy", "failed"), [(0.5, True), (0.4, True), (0.51, False)])
def test_a_run_that_is_not_above_chance_is_a_failure(module, make_run, accuracy, failed):
    run = make_run()
    module.RunCallback(run).finish(predicted(accuracy), chance=0.5)
    assert run.metrics == {"test/accuracy": None if failed else accuracy, "test/loss": 0.7}
    assert any("not above chance, 0.5: nothing was learned" in note for note in run.notes) == failed


def test_what_is_missing_is_named(module, make_run):
    callback = module.RunCallback(make_run())
    with pytest.raises(SeedwiseError, match=r"computed accuracy, loss and no 'f1'.*pass compute_metrics="):
        callback.finish(predicted(0.9), chance=0.5, metric="f1")
    with pytest.raises(SeedwiseError, match="pass a loss to use its compute_loss"):
        callback.compute_loss({"logits": torch.zeros(2, 2)}, torch.tensor([0, 1]))
    with pytest.raises(SeedwiseError, match="in 2 processes: each would be the run"):
        callback.on_train_begin(SimpleNamespace(world_size=2), None, None)


def test_ctrl_c_stops_the_loop_with_one_line(training, tmp_path):
    done = stopped("transformers", tmp_path)
    assert done.returncode == -signal.SIGINT, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(STOPPED_LINE), done.stderr


def test_the_example_runs_and_its_store_is_a_study(training, examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = importlib.import_module("transformers_loop")
    for loss in ("base", "clf"):
        example.main(argparse.Namespace(seeds=1, epochs=4, lr=3e-3, loss=loss))
    with Store(tmp_path / "study.db") as store:
        runs = store.runs()
    assert [run.link.method for run in runs] == ["base", "clf"]
    assert all(run.status == "finished" for run in runs)
    assert all(run.metrics["test/accuracy"] > 0.5 and math.isfinite(run.metrics["test/loss"]) for run in runs)
