"""Methods in a study file: what cannot be is said in one line when the study is planned."""

import pytest
import yaml

from seedwise.errors import SeedwiseError
from seedwise.study import parse_study

TRAIN = {"epochs": 12, "batch_size": 64, "optimizer": {"name": "sgd", "lr": 0.1}, "schedule": {"name": "cosine"}}


def planned(train, method):
    study = {
        "name": "s",
        "task": {"dataset": "digits"},
        "model": "small_cnn",
        "train": TRAIN | train,
        "methods": {"base": {}, "mine": method},
    }
    return parse_study(yaml.safe_dump(study)).configs()["mine"]["train"]


@pytest.mark.parametrize(
    ("train", "method", "line"),
    [
        (
            {"schedule": "constant"},
            {"snapshots": {"cycles": 3}},
            "METHOD.snapshots: cycles are cosines, and the schedule is constant: set schedule: cosine",
        ),
        (
            {"snapshots": {"cycles": 5}},
            {},
            "train.snapshots: 5 cycles do not divide 12 epochs: set epochs to 10",
        ),
        ({}, {"snapshots": {"cycles": 20}}, "METHOD.snapshots: 20 cycles do not divide 12 epochs: set epochs to 20"),
        (
            {"schedule": {"name": "cosine", "warmup_epochs": 3}},
            {"snapshots": {"cycles": 4}},
            "METHOD.snapshots: the warm-up of 3 epochs fills the first cycle of 3: set fewer cycles or a shorter "
            "warm-up",
        ),
        (
            {},
            {"snapshots": {"cycles": 4, "warmup": "every_cycle"}},
            "METHOD.snapshots: every_cycle repeats the warm-up of the schedule, and it has none: set schedule: "
            "{name: cosine, warmup_epochs: 3}, or leave out warmup",
        ),
        (
            {},
            {"snapshots": {"cycles": 4}, "averaging": {"name": "swa", "start": 0.5}},
            "METHOD.snapshots: averaging: swa would mix the cycles: leave out one of the two, or use averaging: ema",
        ),
        (
            {},
            {"averaging": {"name": "swa", "start": 0.95}},
            "METHOD.averaging: start 0.95 leaves none of 12 epochs to average: set start to 0.916 or less",
        ),
        ({}, {"averaging": {"name": "swa", "start": 1}}, "METHOD.averaging.start is 1: input should be less than 1"),
        ({}, {"averaging": {"name": "ema"}}, "METHOD.averaging.decay is missing"),
        ({}, {"averaging": {"name": "lawa"}}, "unknown averaging 'lawa' in METHOD: "),
        ({}, {"snapshots": {"cycles": 1}}, "METHOD.snapshots.cycles is 1: input should be greater than or equal to 2"),
        ({}, {"sharpness": {"rho": 0}}, "METHOD.sharpness.rho is 0: input should be greater than 0"),
        ({}, {"clip_gradient": 0}, "METHOD.clip_gradient is 0: input should be greater than 0"),
        (
            {},
            {"loss": {"name": "cross_entropy", "label_smoothing": 1}},
            "METHOD.loss.label_smoothing is 1: input should be less than 1",
        ),
        (
            {},
            {"loss": {"name": "lr_control", "controller": "clf"}},
            "METHOD.loss: this control is made of gradient factors, and CLF's variance term has none: set lambda_v: 0",
        ),
    ],
)
def test_what_cannot_be(train, method, line):
    with pytest.raises(SeedwiseError) as error:
        planned(train, method)
    assert str(error.value).startswith("study: " + line.replace("METHOD", "methods.mine"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "method",
    [
        {"averaging": {"name": "swa", "start": 0.916}},
        {"averaging": {"name": "swa", "start": 0}},
        {"averaging": {"name": "ema", "decay": 0.99, "debias": True}, "snapshots": {"cycles": 4}},
        {"snapshots": {"cycles": 12}},
        {"sharpness": {"rho": 0.05}, "clip_gradient": 2.0},
        {"loss": {"name": "lr_control", "controller": {"name": "clf", "lambda_v": 0}}},
    ],
)
def test_what_can(method):
    assert planned({}, method).items() >= method.items()
