"""Metrics: what they say of themselves, and what they give, against other implementations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit, logsumexp
from sklearn.metrics import brier_score_loss

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


def calibration_by_hand(logits, labels):
    values = logits.astype(np.float64)
    p = np.exp(values - logsumexp(values, axis=1, keepdims=True))
    brier = np.mean(np.sum((p - np.eye(p.shape[1])[labels]) ** 2, axis=1))
    confidence, right = p.max(1), p.argmax(1) == labels
    ece = 0.0
    for m in range(15):
        here = (confidence > m / 15) & (confidence <= (m + 1) / 15)
        if here.any():
            ece += here.mean() * abs(right[here].mean() - confidence[here].mean())
    return brier, ece


@pytest.mark.parametrize(("n", "classes", "scale"), [(500, 4, 1.0), (37, 10, 5.0), (3, 2, 0.1), (50, 3, 100.0)])
def test_calibration_is_that_of_numpy(n, classes, scale):
    rng = np.random.default_rng(n)
    logits, labels = rng.normal(0, scale, (n, classes)).astype(np.float32), rng.integers(0, classes, n)
    found = evaluate(measures(OF_CLASSES), torch.from_numpy(logits), torch.from_numpy(labels))
    assert (found["brier"], found["ece"]) == pytest.approx(calibration_by_hand(logits, labels), rel=1e-12)


def test_the_brier_score_of_two_classes_is_twice_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 2, (40, 2)), rng.integers(0, 2, 40)
    found = evaluate(measures(OF_CLASSES), torch.from_numpy(logits), torch.from_numpy(labels))
    assert found["brier"] == pytest.approx(2 * brier_score_loss(labels, expit(logits[:, 1] - logits[:, 0])), rel=1e-12)


def test_a_confidence_at_an_edge_belongs_to_the_bin_below():
    # 0.6 = 9/15 is in the ninth bin: in the tenth it would cancel against the example at .61, which errs.
    p = torch.tensor([[0.6, 0.4], [0.39, 0.61]], dtype=torch.float64)
    found = evaluate(measures(OF_CLASSES), p.log(), torch.tensor([0, 0]))
    assert p[0, 0].item() == 9 / 15
    assert found["ece"] == pytest.approx((0.4 + 0.61) / 2, rel=1e-12)


def test_of_logits_that_are_not_finite_nothing_is_known():
    found = evaluate(measures(OF_CLASSES), torch.full((4, 3), torch.nan), torch.tensor([0, 1, 2, 0]))
    assert all(np.isnan(found[name]) for name in ("loss", "brier", "ece"))


def test_errors_of_forecasts_are_those_of_numpy():
    rng = np.random.default_rng(0)
    forecasts, truth = (rng.normal(size=(5, 3, 2)).astype(np.float32) for _ in range(2))
    found = evaluate(measures(OF_FORECASTS), torch.from_numpy(forecasts), torch.from_numpy(truth))
    error = forecasts.astype(np.float64) - truth
    assert found == {"mse": pytest.approx(np.mean(error**2)), "mae": pytest.approx(np.mean(np.abs(error)))}


def test_chance_is_what_guessing_gives():
    accuracy, loss, brier, ece = (one.metric for one in measures(OF_CLASSES, (), 10))
    logits, labels = torch.zeros(1000, 10), torch.arange(1000) % 10
    assert (accuracy.name, accuracy.unit, accuracy.higher_is_better, accuracy.chance) == (
        "accuracy",
        "share",
        True,
        0.1,
    )
    assert (loss.name, loss.unit, loss.higher_is_better) == ("loss", "", False)
    found = evaluate(measures(OF_CLASSES), logits, labels)
    assert (loss.chance, brier.chance) == (pytest.approx(found["loss"]), pytest.approx(found["brier"]))
    assert (ece.unit, ece.chance, found["ece"]) == ("share", None, pytest.approx(0, abs=1e-12))


def test_what_is_named_comes_first_and_the_rest_is_recorded_too():
    assert [one.metric.name for one in measures(OF_CLASSES, ["loss"])] == ["loss", "accuracy", "brier", "ece"]
    assert [one.metric.chance for one in measures(OF_CLASSES)] == 4 * [None], "nobody knows how many classes"


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
