"""Metrics: what they say of themselves, and what they give, against other implementations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import logsumexp

from seedwise.errors import SeedwiseError
from seedwise.registry import ERRORS, METRICS, resolve
from seedwise.training import OF_CLASSES, evaluate, measures, metric
from seedwise.training._measures import OF_FORECASTS, Measure


def test_scores_of_classes_are_those_of_numpy():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 5, (50, 4)).astype(np.float32), rng.integers(0, 4, 50)
    found = evaluate(measures(OF_CLASSES, (), 4), torch.from_numpy(logits), torch.from_numpy(labels))
    values = logits.astype(np.float64)
    assert found["accuracy"] == np.mean(values.argmax(1) == labels)
    expected = np.mean(logsumexp(values, axis=1) - values[np.arange(50), labels])
    assert found["loss"] == pytest.approx(expected, rel=1e-12)


def test_errors_of_forecasts_are_those_of_numpy():
    rng = np.random.default_rng(0)
    forecasts, truth = (rng.normal(size=(5, 3, 2)).astype(np.float32) for _ in range(2))
    found = evaluate(measures(OF_FORECASTS), torch.from_numpy(forecasts), torch.from_numpy(truth))
    error = forecasts.astype(np.float64) - truth
    assert found == {"mse": pytest.approx(np.mean(error**2)), "mae": pytest.approx(np.mean(np.abs(error)))}


def test_chance_is_what_guessing_gives():
    accuracy, loss = (one.metric for one in measures(OF_CLASSES, (), 10))
    logits, labels = torch.zeros(1000, 10), torch.arange(1000) % 10
    assert (accuracy.name, accuracy.unit, accuracy.higher_is_better, accuracy.chance) == (
        "accuracy",
        "share",
        True,
        0.1,
    )
    assert (loss.name, loss.unit, loss.higher_is_better) == ("loss", "", False)
    assert loss.chance == pytest.approx(F.cross_entropy(logits, labels).item())


def test_what_is_named_comes_first_and_the_rest_is_recorded_too():
    assert [one.metric.name for one in measures(OF_CLASSES, ["loss"])] == ["loss", "accuracy"]
    assert [one.metric.chance for one in measures(OF_CLASSES)] == [None, None], "nobody knows how many classes"


@pytest.mark.parametrize("name", [*METRICS, *ERRORS])
def test_each_metric_of_the_registry_says_what_it_is(name):
    declared = resolve({**METRICS, **ERRORS}[name]).declared
    assert declared.of(name, 4).higher_is_better == (name == "accuracy")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (torch.tensor([0.1, 0.2]), "Tensor of shape (2,)"),
        (np.zeros((1, 2)), "ndarray of shape (1, 2)"),
        (None, "NoneType"),
        ("good", "str"),
        (True, "bool"),
    ],
)
def test_what_is_no_number_is_a_line(value, found):
    wrong = Measure(measures(OF_CLASSES)[0].metric, lambda outputs, targets: value, "mine:wrong")
    with pytest.raises(SeedwiseError) as caught:
        evaluate([*measures(OF_CLASSES), wrong], torch.zeros(2, 2), torch.tensor([0, 1]))
    assert str(caught.value) == f"the metric 'mine:wrong' returned {found}: one number is needed, such as a float"


@pytest.mark.parametrize("value", [0.25, 1, np.float32(0.25), torch.tensor(0.25), np.array(0.25)])
def test_a_number_is_a_number_in_whatever_form(value):
    own = Measure(metric()(lambda: None).declared.of("own", None), lambda outputs, targets: value, "mine:own")
    assert evaluate([*measures(OF_CLASSES), own], torch.zeros(2, 2), torch.tensor([0, 1]))["own"] == float(value)
