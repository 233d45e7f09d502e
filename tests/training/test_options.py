"""The options of a study file are those of what they stand for, defaults included."""

import dataclasses
import inspect
import typing

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from seedwise.data import DATASETS, SERIES, size_of
from seedwise.training import _config, _parts
from seedwise.training._options import SGD, Adam, AdamW


@pytest.mark.parametrize(
    ("config", "function"), [(SGD, torch.optim.SGD), (AdamW, torch.optim.AdamW), (Adam, torch.optim.Adam)]
)
def test_defaults_of_optimizers_are_those_of_torch(config, function):
    theirs = {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}
    ours = {field.name: field.default for field in dataclasses.fields(config)}
    assert ours == {name: theirs[name] for name in ours}


def test_what_torch_refuses_is_refused_before_training():
    config_of = TypeAdapter(_parts.AnyOptimizer).validate_python
    with pytest.raises(ValidationError, match="nesterov needs a momentum"):
        config_of({"name": "sgd", "lr": 0.1, "nesterov": True})
    assert config_of({"name": "sgd", "lr": 0.1, "nesterov": True, "momentum": 0.5})


def test_names_of_datasets():
    assert typing.get_args(_config.PublishedSeries.model_fields["name"].annotation) == tuple(SERIES)
    assert typing.get_args(_config.ImageName) == tuple(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_sizes_are_those_of_the_data(name, published):
    dataset = published(name)
    size = size_of(name)
    assert (size.train, size.test, size.classes) == (len(dataset.train), len(dataset.test), dataset.num_classes)
    assert size.image == (dataset.in_channels, *dataset.train.images.shape[1:3])
    assert dataset.size == size
    assert sorted(dataset.train.labels.unique().tolist()) == list(range(size.classes))


def test_a_name_alone_is_short_for_its_group():
    assert _config.TrainerConfig.model_validate(
        {
            "task": {"dataset": "digits"},
            "model": "resnet14",
            "train": {
                "epochs": 1,
                "batch_size": 1,
                "optimizer": {"name": "sgd", "lr": 1},
                "loss": "vml",
                "schedule": "cosine",
            },
        }
    ) == _config.TrainerConfig.model_validate(
        {
            "task": {"dataset": "digits"},
            "model": {"name": "resnet14"},
            "train": {
                "epochs": 1,
                "batch_size": 1,
                "optimizer": {"name": "sgd", "lr": 1.0},
                "loss": {"name": "vml"},
                "schedule": {"name": "cosine"},
            },
        }
    )


@pytest.mark.parametrize(("examples", "batch", "steps"), [(1437, 64, 23), (128, 64, 2), (129, 64, 3), (5, 64, 1)])
def test_the_last_batch_is_kept(examples, batch, steps):
    assert _config.steps_per_epoch(examples, batch) == steps
