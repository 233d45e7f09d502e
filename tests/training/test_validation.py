"""The validation split, and which epoch is reported."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from seedwise.data import load
from seedwise.randomness import SOURCES, Randomness
from seedwise.training._config import Validation
from seedwise.training._tasks import Classification

SCORES = [f"{split}/{name}" for split in ("validation", "test") for name in ("accuracy", "loss", "brier", "ece")]


def split(seeds=None, fraction=0.2):
    task = Classification(load("digits"), True)
    return task.split(Validation(fraction=fraction), Randomness(seeds))


def ids(splits, name="validation"):
    return splits[name].ids.tolist()


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5])
def test_it_divides_the_training_set(fraction):
    splits = split(fraction=fraction)
    assert sorted(ids(splits) + ids(splits, "train")) == load("digits").train.ids.tolist()
    assert splits["test"] is load("digits").test
    assert ids(splits) == sorted(ids(splits))


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5])
def test_it_is_stratified(fraction):
    found = torch.bincount(split(fraction=fraction)["validation"].labels, minlength=10).numpy()
    of_all = np.bincount(load("digits").train.labels.numpy())
    assert np.abs(found - fraction * of_all).max() <= 0.5


def test_it_depends_on_the_split_seed_alone():
    base = ids(split())
    moved = [source for source in SOURCES if ids(split({source: 1})) != base]
    assert moved == ["split"]
    assert ids(split({"split": 1})) == ids(split({"split": 1, "init": 4}))
    # Two draws of a fifth of the set have a fifth of it in common, not more.
    common = len(set(base) & set(ids(split({"split": 1})))) / len(base)
    assert 0.1 < common < 0.3


def test_it_does_not_depend_on_the_rows_order():
    assert ids(split()) == ids(split())


@pytest.mark.parametrize(("fraction", "what"), [(0.001, "validate"), (0.999, "train")])
def test_a_fraction_that_leaves_nothing_is_named(trained, fraction, what):
    record = trained(validation={"fraction": fraction})
    assert record.status == "crashed"
    assert f"leaves no example to {what} on: choose one nearer to 0.1" in record.error


def test_without_one_everything_is_trained_on(trained):
    splits = Classification(load("digits"), True).split(None, Randomness())
    assert list(splits) == ["train", "test"]
    assert splits["train"] is load("digits").train


@pytest.mark.parametrize(("metric", "best"), [("accuracy", max), ("loss", min), ("brier", min)])
def test_the_best_epoch_is_reported(trained, metric, best):
    # The learning rate of the last epoch undoes what was learned.
    options = {"epochs": 4, "schedule": {"name": "step", "epochs": [3], "gamma": 10}}
    record = trained({"init": 1}, validation={"fraction": 0.2, "rule": "best", "metric": metric}, **options)
    values = [row[f"validation/{metric}"] for row in record.series]
    at = values.index(best(values))
    assert at < 3
    assert record.metrics == {name: record.series[at][name] for name in SCORES}
    assert [(p.split, p.epoch, len(p.ids)) for p in record.predictions] == [("validation", at, 287), ("test", at, 360)]
    shorter = trained({"init": 1}, validation={"fraction": 0.2}, **{**options, "epochs": at + 1})
    assert shorter.weights_sha256 == record.weights_sha256


def test_the_last_epoch_is_reported_otherwise(trained):
    record = trained(validation={"fraction": 0.2}, epochs=3)
    assert record.metrics == {name: record.series[-1][name] for name in SCORES}


def test_of_equal_epochs_the_first_is_kept(trained):
    # A learning rate of almost 0 leaves every epoch at the same accuracy.
    record = trained(epochs=3, optimizer={"name": "sgd", "lr": 1e-12}, validation={"fraction": 0.2, "rule": "best"})
    assert len({row["validation/accuracy"] for row in record.series}) == 1
    assert {p.epoch for p in record.predictions} == {0}


def test_patience_stops_training(trained):
    # A learning rate of almost 0 leaves every epoch at the same accuracy: the first is the best, and two are no better.
    options = {"epochs": 30, "optimizer": {"name": "sgd", "lr": 1e-12}}
    record = trained(validation={"fraction": 0.2, "rule": "best", "patience": 2}, **options)
    assert [row["epoch"] for row in record.series] == [0, 1, 2]
    assert {p.epoch for p in record.predictions} == {0}
    assert record.metrics["test/accuracy"] == record.series[0]["test/accuracy"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": {"rule": "best"}}, "train.validation.fraction is missing"),
        ({"validation": {"fraction": 0.1, "metric": "mse"}}, "'mse' is none of accuracy, loss, brier, ece"),
        ({"validation": {"fraction": 0.1, "patience": 2}}, "patience waits for an epoch better than the best"),
        (
            {"validation": {"fraction": 0.1, "rule": "best", "patience": 2}, "schedule": "cosine", "epochs": 4}
            | {"snapshots": {"cycles": 2}},
            "may not reach the last cycle: leave out patience",
        ),
    ],
)
def test_what_validation_refuses(new_run, options, message):
    with pytest.raises(ValidationError, match=message):
        new_run(**options)


def parts(seeds, validation=None, **options):
    return Classification(load("digits"), True, **options).split(validation, Randomness(seeds))


def test_a_split_seed_trains_on_a_bootstrap_and_tests_on_the_published_set():
    published, resampled = parts({}), parts({"split": 1})
    assert published["train"].ids.tolist() == load("digits").train.ids.tolist()
    drawn = resampled["train"].ids
    assert len(drawn) == 1437
    assert set(drawn.tolist()) < set(published["train"].ids.tolist())
    assert 0.6 < len(drawn.unique()) / 1437 < 0.66
    assert resampled["test"].ids.tolist() == published["test"].ids.tolist()
    assert parts({"split": 2})["train"].ids.tolist() != drawn.tolist()


def test_out_of_bootstrap_tests_on_what_was_not_drawn():
    splits = parts({"split": 1}, test="out_of_bootstrap")
    drawn, rest = set(ids(splits, "train")), ids(splits, "test")
    assert sorted(drawn | set(rest)) == load("digits").train.ids.tolist()
    assert not drawn & set(rest)
    assert len(set(rest)) == len(rest)


def test_a_bootstrap_draws_nothing_that_is_held_out():
    splits = parts({"split": 3}, Validation(fraction=0.2), test="out_of_bootstrap")
    held_out = set(ids(splits))
    assert not held_out & set(ids(splits, "train"))
    assert not held_out & set(ids(splits, "test"))
    assert held_out == set(ids(parts({"split": 3}, Validation(fraction=0.2))))


def test_a_subset_is_what_the_rest_is_drawn_from():
    splits = parts({"split": 1}, Validation(fraction=0.1), train_examples=500)
    subset = set(ids(parts({}, train_examples=500), "train"))
    assert len(subset) == 500
    assert set(ids(splits, "train")) | set(ids(splits)) <= subset
    assert len(splits["train"]) + len(splits["validation"]) == 500


def test_a_part_of_the_test_set_is_the_first_of_each_class():
    tested = parts({"init": 3}, test_examples=100)["test"]
    everything = parts({})["test"]
    assert len(tested) == 100
    for label in range(10):
        mine = tested.ids[tested.labels == label].tolist()
        assert abs(len(mine) - 10) <= 1
        assert mine == everything.ids[everything.labels == label].tolist()[: len(mine)]
