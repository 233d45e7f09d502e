"""Wrong labels and rare classes in training, of images and of tables; validation and test stay as they are."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from seedwise.data import load, long_tail, with_noise
from seedwise.randomness import SOURCES, Randomness
from seedwise.training import steps_of
from seedwise.training._config import TrainerConfig, Validation
from seedwise.training._tasks import Classification, load_task

VALIDATION = Validation(fraction=0.2)


def images(seeds=None, *, validation=VALIDATION, **options):
    return Classification(load("digits"), True, **options).split(validation, Randomness(seeds))


def truth(ids):
    by_id = dict(zip(load("digits").train.ids.tolist(), load("digits").train.labels.tolist(), strict=True))
    return np.array([by_id[one] for one in ids.tolist()])


def test_the_long_tail_of_cifar10_is_the_published_one():
    """For 100 the counts that papers list; for 50 floors of 5000 x 50^(-c / 9), with a calculator."""
    labels = np.repeat(np.arange(10), 5000)
    for factor, wanted in (
        (100, [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]),
        (50, [5000, 3237, 2096, 1357, 878, 568, 368, 238, 154, 100]),
    ):
        assert np.bincount(labels[long_tail(labels, factor)]).tolist() == wanted


@pytest.mark.parametrize(
    ("counts", "factor", "wanted"),
    [
        ([100, 100, 100], 100, [100, 10, 1]),
        ([100, 100, 100], 1, [100, 100, 100]),
        ([100, 5, 100], 100, [100, 5, 1]),  # a class that has fewer keeps them
        ([8, 8], 1000, [8, 1]),  # each has one at least
    ],
)
def test_classes_become_rarer_exponentially(counts, factor, wanted):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    chosen = long_tail(labels, factor)
    assert np.bincount(labels[chosen]).tolist() == wanted
    for label, count in enumerate(wanted):
        assert np.flatnonzero(labels == label)[:count].tolist() == [k for k in chosen if labels[k] == label]


def test_noise_is_symmetric():
    labels = np.arange(30_000) % 3
    noisy = with_noise(labels, 0.4, 3, np.random.default_rng(0))
    assert (noisy != labels).sum() == 12_000
    counts = np.array([[((labels == a) & (noisy == b)).sum() for b in range(3)] for a in range(3)])
    wrong = counts[~np.eye(3, dtype=bool)]
    # Six cells of 2000 each, hypergeometric and binomial: an SD of at most sqrt(2000).
    assert np.abs(wrong - 2000).max() < 4.5 * np.sqrt(2000)


def test_only_training_labels_are_wrong_and_as_many_as_asked_for():
    clean, noisy = images(), images(label_noise=0.25)
    for name, part in noisy.items():
        assert part.ids.tolist() == clean[name].ids.tolist()
        assert torch.equal(part.labels, clean[name].labels) == (name != "train")
    whole = images(validation=None, label_noise=0.25)["train"]
    assert (whole.labels.numpy() != truth(whole.ids)).sum() == round(0.25 * len(whole))
    assert torch.equal(load("digits").train.labels, torch.from_numpy(truth(load("digits").train.ids))), "no other run's"


def test_the_source_labels_decides_which():
    base = images(label_noise=0.25)["train"]
    moved = [
        source
        for source in SOURCES
        if source != "split" and not torch.equal(images({source: 1}, label_noise=0.25)["train"].labels, base.labels)
    ]
    assert moved == ["labels"]
    wrong = dict(zip(base.ids.tolist(), base.labels.tolist(), strict=True))
    other = images({"split": 1}, label_noise=0.25)["train"]
    both = [
        (wrong[one], label)
        for one, label in zip(other.ids.tolist(), other.labels.tolist(), strict=True)
        if one in wrong
    ]
    assert len(both) > 500
    assert all(one == label for one, label in both), "an example's label does not depend on which others there are"


def test_what_is_out_of_the_bootstrap_is_tested_on_right_labels():
    found = images({"split": 3}, validation=None, label_noise=0.5, test="out_of_bootstrap")
    np.testing.assert_array_equal(found["test"].labels, truth(found["test"].ids))
    assert (found["train"].labels.numpy() != truth(found["train"].ids)).mean() == pytest.approx(0.5, abs=0.06)


def test_validation_and_test_are_not_imbalanced():
    clean, rare = images(), images(imbalance=20)
    for name in ("validation", "test"):
        assert torch.equal(rare[name].labels, clean[name].labels)
    counts = np.bincount(clean["train"].labels)
    wanted = [min(int(counts.max() * 20 ** (-c / 9)), counts[c]) for c in range(10)]
    assert np.bincount(rare["train"].labels).tolist() == wanted


def config(task, **train):
    options = {"epochs": 1, "batch_size": 32, "optimizer": {"name": "sgd", "lr": 0.1}, **train}
    return {"task": task, "model": "mlp" if "kind" in task else "small_cnn", "train": options}


def test_the_steps_are_those_of_the_rare_classes():
    plain, rare = (
        TrainerConfig.model_validate(config({"dataset": "digits", **task})) for task in ({}, {"imbalance": 20})
    )
    assert steps_of(rare) == -(-len(images(validation=None, imbalance=20)["train"]) // 32) < steps_of(plain)


def test_tables_have_both(tmp_path):
    path = tmp_path / "rows.csv"
    rng = np.random.default_rng(0)
    path.write_text(
        "\n".join(["a,b,y"] + [f"{a:.3f},{b:.3f},{k % 3}" for k, (a, b) in enumerate(rng.normal(size=(300, 2)))])
    )
    table = {"kind": "classification", "dataset": {"csv": str(path), "target": "y"}}

    def train_rows(seeds=None, **options):
        task = load_task(TrainerConfig.model_validate(config({**table, **options})).task, "cpu")
        return task.split(None, Randomness(seeds))

    clean, noisy = train_rows(), train_rows(label_noise=0.3)
    assert torch.equal(noisy["test"].targets, clean["test"].targets)
    wrong = (noisy["train"].targets != clean["train"].targets).double().mean()
    assert wrong == pytest.approx(0.3, abs=0.05)
    assert not torch.equal(train_rows({"labels": 1}, label_noise=0.3)["train"].targets, noisy["train"].targets)
    assert torch.bincount(train_rows(imbalance=16)["train"].targets).tolist() == [80, 20, 5]
    with pytest.raises(ValidationError, match="label_noise is of classes, and a regression has none: leave it out"):
        TrainerConfig.model_validate(config({**table, "kind": "regression", "label_noise": 0.1}))
    with pytest.raises(ValidationError, match="less than 1"):
        TrainerConfig.model_validate(config({**table, "label_noise": 1.0}))
