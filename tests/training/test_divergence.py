"""A training that is no longer finite is a recorded outcome."""

import math
from dataclasses import replace

import pytest
import torch

from seedwise.run import RunRecord, execute
from seedwise.training import _loop, _tasks, train

VML = {"name": "vml", "warmup_steps": 5}
LOSSES = {
    "base": "cross_entropy",
    "vml": VML,
    "clf": {"name": "clf"},
    "placebo": {"name": "placebo", "controller": VML},
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_learning_rate_that_is_far_too_large(trained, loss):
    record = trained(loss=loss, epochs=5, optimizer={"name": "sgd", "lr": 1e20, "momentum": 0.9})
    assert record.status == "diverged"
    assert (record.metrics, record.weights_sha256, record.predictions) == ({}, None, [])
    *before, last = record.series
    assert all(math.isfinite(row["train/loss"]) for row in before)
    assert not math.isfinite(last["train/loss"])
    epoch = len(before)
    assert record.error == f"the training loss of epoch {epoch} (counted from 0) is {last['train/loss']}"
    again = RunRecord.from_bytes(record.to_bytes())
    assert not math.isfinite(again.series[-1]["train/loss"])


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_one_batch_that_is_not_finite_shows_in_its_epoch(new_run, monkeypatch, loss):
    batches = _loop.Trainer.batches

    def one_bad(trainer, epoch):
        for k, batch in enumerate(batches(trainer, epoch)):
            (inputs,) = batch.inputs
            yield replace(batch, inputs=(inputs * math.nan,)) if (epoch, k) == (1, 22) else batch

    monkeypatch.setattr(_loop.Trainer, "batches", one_bad)
    record = execute(new_run(loss=loss, epochs=4), train)
    assert (record.status, record.error) == ("diverged", "the training loss of epoch 1 (counted from 0) is nan")
    assert len(record.series) == 2


def test_weights_that_are_not_finite_after_the_last_step(trained):
    record = trained(epochs=1, batch_size=1437, optimizer={"name": "sgd", "lr": 1e300}, evaluate_epochs=False)
    assert math.isfinite(record.series[0]["train/loss"])
    assert (record.status, record.error) == ("diverged", "the final weights are not finite")


def test_an_epoch_with_a_validation_loss_that_is_not_finite_is_not_the_best(new_run, monkeypatch):
    evaluate = _tasks.Classification.evaluate
    calls = []

    def first_is_nan(task, outputs, labels):
        calls.append(1)
        return evaluate(task, outputs * math.nan if len(calls) == 1 else outputs, labels)

    monkeypatch.setattr(_tasks.Classification, "evaluate", first_is_nan)
    validation = {"fraction": 0.2, "rule": "best", "metric": "loss"}
    record = execute(new_run(epochs=3, validation=validation), train)
    losses = [row["validation/loss"] for row in record.series]
    assert math.isnan(losses[0])
    assert record.metrics["validation/loss"] == min(losses[1:])


def test_a_metric_that_is_not_finite(new_run, monkeypatch):
    monkeypatch.setattr(_tasks.Classification, "evaluate", staticmethod(lambda outputs, labels: {"loss": torch.nan}))
    record = execute(new_run(epochs=1), train)
    assert (record.status, record.error) == ("diverged", "test/loss is not finite")
