"""How images are varied and normalised, where a study file says it."""

import pytest
import torch
from pydantic import ValidationError

from seedwise.randomness import Randomness
from seedwise.training._config import ClassificationTask
from seedwise.training._tasks import load_task


def task(dataset, **options):
    return load_task(ClassificationTask(dataset=dataset, **options), "cpu")


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_flip_mirrors_half_of_the_images_and_moves_none(published, dataset):
    images = published(dataset).train.images[:500].permute(0, 3, 1, 2).float()
    found = task(dataset, augment="flip", normalise={"mean": [0, 0, 0], "std": [1, 1, 1]})
    examples = found.dataset.train.take(torch.arange(500))
    table = found.table(500, Randomness({"augment": 1}), 0, "cpu")
    varied, _ = found.batch(examples, torch.arange(500), table)
    same = (varied == images).flatten(1).all(1)
    mirrored = (varied == images.flip(3)).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert 200 < mirrored.sum() < 300  # half of 500, within 4.5 standard errors
    other = found.table(500, Randomness({"augment": 1}), 1, "cpu")
    assert not torch.equal(table, other)


@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_what_is_not_mirrored_is_refused(dataset):
    with pytest.raises(ValidationError, match=f"{dataset} is not mirrored: set augment to true or false"):
        ClassificationTask(dataset=dataset, augment="flip")


def test_normalisation_is_that_of_the_file():
    examples = task("digits").dataset.test
    inputs, _ = task("digits", augment=False, normalise={"mean": [2], "std": [4]}).batch(examples, slice(0, 9))
    assert torch.equal(inputs, (examples.images[:9].permute(0, 3, 1, 2).float() - 2) / 4)


@pytest.mark.parametrize("given", [{"mean": [0], "std": [1, 1, 1]}, {"mean": [0], "std": [1]}])
def test_every_channel_has_a_mean_and_a_deviation(given):
    with pytest.raises(ValidationError, match="cifar10 has 3 channels: normalise needs a mean and an std for each"):
        ClassificationTask(dataset="cifar10", normalise=given)
    with pytest.raises(ValidationError, match="greater than 0"):
        ClassificationTask(dataset="digits", normalise={"mean": [0], "std": [0]})
