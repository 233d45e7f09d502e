"""Losses that take the place of cross-entropy, in a study file and in a run."""

import pytest
import torch
from pydantic import ValidationError

from seedwise.data import load
from seedwise.losses import CLFLoss, CompSumLoss, EnsLoss, PlaceboLoss, VarianceMinimizerLoss
from seedwise.randomness import Randomness
from seedwise.run import Checkpoint, Keep, Run, RunSpec, configure, execute
from seedwise.training import FUNCTION, TrainerConfig, memory_of
from seedwise.training import train as train_run
from seedwise.training._losses import build_loss
from seedwise.training._tasks import Classification

TRAIN = {"epochs": 1, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}}
CLASSES = {"task": {"dataset": "digits"}, "model": "small_cnn"}
FORECAST = {"task": {"dataset": "etth1"}, "model": "dlinear"}


def config(loss, of=CLASSES):
    return TrainerConfig.model_validate({**of, "train": {**TRAIN, "loss": loss}})


def built(loss, seeds=None):
    return build_loss(config(loss).train.loss, Classification, Randomness(seeds or {}))


def test_a_controller_has_the_base_that_is_asked_for():
    vml = built({"name": "vml", "warmup_steps": 5, "base": {"name": "comp_sum", "tau": 1.7}})
    assert isinstance(vml, VarianceMinimizerLoss)
    assert isinstance(vml.base, CompSumLoss)
    assert (vml.base.options.tau, vml.options.warmup_steps) == (1.7, 5)
    placebo = built({"name": "placebo", "controller": {"name": "clf", "lambda_v": 0, "base": "z_loss"}})
    assert isinstance(placebo, PlaceboLoss)
    assert isinstance(placebo.controller, CLFLoss)
    logits, target = torch.zeros(2, 3), torch.tensor([0, 1])
    assert placebo(logits, target).item() == pytest.approx(0.6931, abs=1e-4)
    smoothed = built({"name": "vml", "base": {"name": "cross_entropy", "label_smoothing": 0.1}})
    assert smoothed.base.keywords == {"label_smoothing": 0.1}
    assert built("vml").base is Classification.default_loss


def test_what_is_written_out_at_its_default_names_no_other_run():
    written = config({"name": "vml", "base": None}).model_dump(exclude_defaults=True)
    assert written == config({"name": "vml"}).model_dump(exclude_defaults=True)
    assert "base" not in written["train"]["loss"]


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        ({"name": "comp_sum", "tau": 2.5}, "less than or equal to 2"),
        ({"name": "vml", "base": {"name": "comp_sum", "tau": -1}}, "greater than or equal to 0"),
        ({"name": "vml", "base": "clf"}, "'clf'"),
        ("any_loss", "any_loss is for two classes, and the task has 10: set one_against_rest: true"),
        ({"name": "vml", "base": "any_loss"}, "any_loss is for two classes, and the task has 10"),
        ("ens_loss", "ens_loss is for two classes, and the task has 10: take another loss"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(loss, reason):
    with pytest.raises(ValidationError, match=reason):
        config(loss)


@pytest.mark.parametrize("loss", ["cross_entropy", "taylor_softmax", {"name": "vml", "base": "z_loss"}], ids=str)
def test_a_forecast_has_no_classes(loss):
    with pytest.raises(ValidationError, match=r"(cross_entropy|taylor_softmax|z_loss) needs classes: .*'loss: mse'"):
        config(loss, FORECAST)
    assert config("vml", FORECAST).train.loss.name == "vml"


def test_what_a_loss_draws_follows_the_seed_of_dropout():
    def keys(seed):
        part = config("cross_entropy").train.loss
        two = type("Two", (), {"default_loss": None, "variance": None})
        from seedwise.training._parts import LOSS_MODELS

        assert part.name == "cross_entropy"
        return build_loss(LOSS_MODELS["ens_loss"](name="ens_loss"), two, Randomness({"dropout": seed})).keys.tolist()

    assert isinstance(keys(1), list)
    assert keys(1) == keys(1)
    assert keys(1) != keys(2)
    assert EnsLoss(seed=0).keys.tolist() != keys(1)


@pytest.mark.parametrize(
    "loss",
    [
        {"name": "comp_sum", "tau": 1.5},
        "z_loss",
        "log_partition",
        "taylor_softmax",
        {"name": "any_loss", "metric": "geometric_mean", "one_against_rest": True},
        {"name": "vml", "warmup_steps": 3, "base": "comp_sum"},
    ],
    ids=str,
)
def test_it_trains(trained, loss):
    optimizer = {"name": "sgd", "lr": 0.01 if "one_against_rest" in loss else 0.1, "momentum": 0.9}
    record = trained(loss=loss, epochs=6, batch_size=16, examples=300, optimizer=optimizer)
    assert record.status == "finished", record.error
    assert record.metrics["test/accuracy"] > 0.3, "more than by chance, a tenth"


def with_saf(saf, model="small_cnn", **further):
    train = {**TRAIN, "epochs": 12, "saf": saf, **further}
    return TrainerConfig.model_validate({**CLASSES, "model": model, "train": train})


def test_what_saf_holds_is_known_before_anything_is_trained():
    # (3 + 1) x 1437 examples x 10 classes x 4 bytes
    assert memory_of(with_saf({})) == ["saf holds 0.23 MB in every worker"]
    assert memory_of(with_saf({"epochs_back": 1}, {"name": "small_cnn", "packed": {"members": 4}})) == [
        "saf holds 0.46 MB in every worker"
    ]
    assert memory_of(with_saf({"average_decay": 0.99})) == []
    assert memory_of(config("cross_entropy")) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"saf": {"start_epoch": 12}}, "would begin after the last epoch: set start_epoch below 12"),
        ({"saf": {}, "sharpness": {"rho": 0.1}}, "leave out one of the two"),
        ({"saf": {"epochs_back": 0}}, "greater than or equal to 1"),
    ],
    ids=str,
)
def test_a_past_that_there_is_not(options, reason):
    with pytest.raises(ValidationError, match=reason):
        with_saf(**options)


def test_two_classes_odd_and_even():
    digits, odd = load("digits"), load("digits_odd")
    for part in ("train", "test"):
        assert torch.equal(getattr(odd, part).labels, getattr(digits, part).labels % 2)
        assert torch.equal(getattr(odd, part).images, getattr(digits, part).images)
    assert odd.num_classes == 2


@pytest.mark.parametrize(
    ("loss", "lr"),
    [("ens_loss", 0.01), ({"name": "any_loss", "metric": "balanced_accuracy", "amplification": 10}, 0.05)],
    ids=str,
)
def test_a_loss_of_two_classes_trains(loss, lr):
    content = {
        "task": {"dataset": "digits_odd", "train_examples": 300},
        "model": {"name": "small_cnn", "width": 4},
        "train": {**TRAIN, "epochs": 6, "batch_size": 16, "loss": loss}
        | {"optimizer": {"name": "sgd", "lr": lr, "momentum": 0.9}},
    }
    run = Run(RunSpec(FUNCTION, content, {}), configure(train_run, content), checkpoint=Checkpoint(None), keep=Keep())
    record = execute(run, train_run)
    assert record.status == "finished", record.error
    assert record.metrics["test/accuracy"] > 0.65, "more than by chance, a half"
