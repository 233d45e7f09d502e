"""The built-in trainer against a plain loop, and what it logs and keeps."""

import io
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from seedwise.data import load
from seedwise.models import small_cnn
from seedwise.randomness import Randomness
from seedwise.run import Keep, execute, weights_sha256
from seedwise.training import _loop, _tasks, _train, train

FACTORS = {"factor_mean", "factor_sd", "factor_min", "factor_max", "active_share", "lambda"}


def plain_loop(seeds, epochs, batch_size, lr):
    """What the documentation says, written without the trainer."""
    bundled = load_digits()
    test = load("digits").test.ids.numpy()
    training = np.setdiff1d(np.arange(1797), test)
    randomness = Randomness(seeds)
    with randomness.scope("init", "weights"):
        model = small_cnn(1, 10, width=4, dropout=0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def inputs(images):
        return torch.tensor((images - 4.886) / 6.018, dtype=torch.float32)[:, None]

    series = []
    for epoch in range(epochs):
        order = randomness.numpy("shuffle", "order", epoch).permutation(1437)
        table = randomness.numpy("augment", "table", epoch).integers(0, 3, (1437, 2))
        losses = []
        for start in range(0, 1437, batch_size):
            slots = order[start : start + batch_size]
            images = np.stack(
                [
                    np.pad(bundled.images[training[slot]], 1)[y : y + 8, x : x + 8]
                    for slot, (y, x) in zip(slots, table[slots], strict=True)
                ]
            )
            loss = F.cross_entropy(model(inputs(images)), torch.tensor(bundled.target[training[slots]]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(slots)
        with torch.no_grad():
            logits = model(inputs(bundled.images[test]))
        target = torch.tensor(bundled.target[test])
        series.append(
            {
                "epoch": epoch,
                "train/loss": sum(losses) / 1437,
                "lr": lr,
                "test/accuracy": (logits.argmax(1) == target).sum().item() / 360,
                "test/loss": F.cross_entropy(logits, target).item(),
            }
        )
    return model, series, logits


def test_against_a_plain_loop(trained, new_run):
    seeds = {"init": 1, "shuffle": 2, "augment": 3}
    model, series, logits = plain_loop(seeds, 2, 64, 0.05)
    options = {"optimizer": {"name": "sgd", "lr": 0.05}, "model": {"dropout": 0.0}}
    run = new_run(seeds, keep=Keep("full", "final"), **options)
    record = execute(run, train)
    state = torch.load(io.BytesIO(record.weights["final"]), weights_only=True)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(state[name], value, atol=1e-4, rtol=1e-3)
    assert weights_sha256(state) == record.weights_sha256
    for row, expected in zip(record.series, series, strict=True):
        assert row == pytest.approx(expected, rel=1e-4)
    assert record.metrics == pytest.approx({k: v for k, v in series[-1].items() if k.startswith("test/")}, rel=1e-4)
    (predictions,) = record.predictions
    np.testing.assert_allclose(predictions.logits, logits, atol=1e-3)
    assert (predictions.split, predictions.tag, predictions.epoch) == ("test", "final", 1)
    assert predictions.ids.tolist() == load("digits").test.ids.tolist()
    assert predictions.labels.tolist() == load_digits().target[predictions.ids].tolist()


@pytest.mark.parametrize(
    ("loss", "extra"),
    [
        ("cross_entropy", set()),
        ({"name": "vml", "warmup_steps": 5, "lambda_base": 1}, FACTORS),
        ({"name": "clf"}, FACTORS),
        ({"name": "placebo", "controller": {"name": "vml", "warmup_steps": 5, "lambda_base": 1}}, FACTORS),
    ],
    ids=["base", "vml", "clf", "placebo"],
)
def test_every_epoch_is_logged(trained, loss, extra):
    record = trained(loss=loss, epochs=3)
    names = {"epoch", "lr", "train/loss", "test/loss", "test/accuracy"} | {f"train/{name}" for name in extra}
    assert [set(row) for row in record.series] == [names] * 3
    assert [row["epoch"] for row in record.series] == [0, 1, 2]
    assert record.metrics == {name: record.series[-1][name] for name in ("test/accuracy", "test/loss")}
    if extra:
        last = record.series[-1]
        assert last["train/factor_min"] - 1e-6 < last["train/factor_mean"] < last["train/factor_max"] + 1e-6
        assert last["train/factor_mean"] != 1
        assert last["train/lambda"] > 0
        assert 0 < last["train/active_share"] <= 1


def test_the_factors_are_those_of_the_epoch(trained):
    first, second = trained(loss={"name": "vml", "warmup_steps": 24, "lambda_min": 0.5}).series
    assert (first["train/factor_sd"], first["train/active_share"]) == (0, 0)
    assert second["train/active_share"] == 1
    assert second["train/factor_sd"] > 0


def test_the_training_loss_is_the_base_loss(trained):
    options = {"epochs": 1, "optimizer": {"name": "sgd", "lr": 1e-12}}
    base = trained(**options).series[0]["train/loss"]
    for loss in (
        {"name": "vml", "warmup_steps": 2, "lambda_min": 2},
        {"name": "clf", "lambda_v": 10},
        {"name": "placebo", "controller": {"name": "vml", "warmup_steps": 2, "lambda_min": 2}},
    ):
        assert trained(loss=loss, **options).series[0]["train/loss"] == pytest.approx(base, rel=1e-6)


@pytest.mark.parametrize("validation", [None, {"fraction": 0.2, "rule": "best"}])
def test_watching_the_test_set_changes_no_bit(trained, validation):
    options = {"epochs": 3, "validation": validation, "loss": {"name": "vml", "warmup_steps": 5}}
    watched, unwatched = trained(**options), trained(evaluate_epochs=False, **options)
    assert unwatched.weights_sha256 == watched.weights_sha256
    assert unwatched.metrics == watched.metrics
    seen = [{name: value for name, value in row.items() if not name.startswith("test/")} for row in watched.series]
    assert unwatched.series == seen
    assert unwatched.series != watched.series


def test_augmentation_can_be_switched_off(trained):
    without = [trained({"augment": seed}, augment=False).weights_sha256 for seed in (1, 2)]
    assert without[0] == without[1] != trained({"augment": 1}).weights_sha256


def test_a_slot_is_varied_the_same_way_whatever_the_batches(new_run, monkeypatch):
    def images_of(chunk, batch_size, shuffle):
        seen = {}
        monkeypatch.setattr(_tasks.Classification, "chunk", chunk)
        run = new_run({"augment": 1, "shuffle": shuffle}, batch_size=batch_size)
        trainer = _loop.Trainer(run, _tasks.Classification(load("digits"), True))
        order = trainer.run.randomness.numpy("shuffle", "order", 3).permutation(1437)
        batches = list(trainer.batches(3))
        assert torch.cat([batch.slots for batch in batches]).tolist() == order.tolist()
        inputs = torch.cat([batch.inputs[0] for batch in batches])
        labels = torch.cat([batch.targets for batch in batches])
        for slot, image, label in zip(order.tolist(), inputs, labels.tolist(), strict=True):
            seen[slot] = (image.numpy().tobytes(), label)
        return seen

    base = images_of(2048, 64, 0)
    assert len(base) == 1437
    assert images_of(100, 64, 0) == base
    assert images_of(2048, 1437, 1) == base
    assert images_of(1, 31, 2) == base


def test_batches_keep_the_last_partial_one(new_run):
    trainer = _loop.Trainer(new_run(), _tasks.Classification(load("digits"), True))
    batches = [(tuple(batch.inputs[0].shape), len(batch)) for batch in trainer.batches(0)]
    assert batches == [((64, 1, 8, 8), 64)] * 22 + [((29, 1, 8, 8), 29)]


def test_dropout_is_off_in_evaluation(new_run):
    run = new_run(model={"dropout": 0.9})
    record = execute(run, train)
    trainer = _loop.Trainer(new_run(model={"dropout": 0.9}), _tasks.Classification(load("digits"), True))
    one, two = (trainer._predict(load("digits").test)[0] for _ in range(2))
    assert torch.equal(one, two)
    assert record.series[-1]["test/loss"] < record.series[-1]["train/loss"]


@pytest.mark.parametrize(
    ("loss", "note"),
    [
        ({"name": "vml"}, True),
        ({"name": "vml", "warmup_steps": 24}, True),
        ({"name": "vml", "warmup_steps": 23}, False),
        ({"name": "placebo", "controller": "vml"}, True),
        ({"name": "clf"}, False),
        ("cross_entropy", False),
    ],
)
def test_a_warm_up_that_fills_the_run_is_noted(trained, loss, note):
    warmup = loss.get("warmup_steps", 200) if isinstance(loss, dict) else None
    expected = [f"the penalty warms up for {warmup} of 46 steps: set warmup_steps to about 2"] if note else []
    assert trained(loss=loss).notes == expected


def test_a_network_learns(trained):
    record = trained(epochs=6)
    assert record.metrics["test/accuracy"] > 0.9
    assert math.isfinite(record.metrics["test/loss"])


def test_of_slow_steps_few_are_timed(new_run, monkeypatch):
    clock, taken = [0.0], []

    def slow(trainer, *batch):
        clock[0] += 3.0
        taken.append(len(batch))

    monkeypatch.setattr(_train.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(_loop.Trainer, "step", slow)
    seconds = _train.measure(new_run(epochs=2, batch_size=64))
    assert seconds == 3.0 * 23 * 2  # steps of an epoch, epochs
    assert len(taken) == 2  # one to warm up, one to time
