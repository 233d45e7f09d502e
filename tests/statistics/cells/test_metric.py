"""What a metric is, and what its name says where nobody said it."""

import pandas as pd
import pytest

from seedwise.reporting import compare
from seedwise.statistics import Metric
from seedwise.statistics.cells.metric import as_recorded, inferred, unit_of


@pytest.mark.parametrize(
    ("name", "largest", "unit"),
    [
        ("accuracy", 0.98, "share"),
        ("test/accuracy", 0.98, "share"),
        ("top-1 accuracy", 0.98, "share"),
        ("val_acc", 0.98, "share"),
        ("accuracy_top1", 0.98, "share"),
        ("accuracy@5", 0.98, "share"),
        ("accuracy (test)", 0.98, "share"),
        ("top1_error", 0.02, "share"),
        ("error rate", 0.02, "share"),
        ("churn_rate", 0.02, "share"),
        ("error", 0.02, "share"),
        ("test_error", 0.02, "share"),
        ("classification_error", 0.02, "share"),
        ("accuracy", 98.0, ""),
        ("mean_absolute_error", 0.358, ""),
        ("mean squared error", 0.358, ""),
        ("test/rmse", 0.5, ""),
        ("accuracy_time", 0.5, ""),
    ],
)
def test_the_unit_of_a_metric_from_elsewhere_is_in_its_name_and_values(name: str, largest: float, unit: str) -> None:
    assert inferred(name, largest).unit == unit


def test_an_error_of_a_regression_is_no_percentage() -> None:
    """It was, since its name contains the word: 35.80 %."""
    frame = pd.DataFrame({"base": [0.358, 0.361, 0.352, 0.359], "new": [0.340, 0.351, 0.349, 0.344]})
    shown = compare(frame, base="base", metric="mean_absolute_error", lower_is_better=True)
    assert "%" not in shown.table.rows[0][shown.table.columns.index("mean_absolute_error")]
    rate = compare(frame, base="base", metric="error", lower_is_better=True)
    assert rate.table.rows[0][rate.table.columns.index("error")] == "35.75 %"


def test_a_declared_unit_wins() -> None:
    assert [unit_of("accuracy", None), unit_of("accuracy", ""), unit_of("top5", "share")] == ["share", "", "share"]


def test_a_share_recorded_in_percent_is_shown_as_it_is() -> None:
    share = Metric("test/accuracy", "share", chance=0.1)
    assert as_recorded(share, [0.9, None, float("nan")]) is share
    assert as_recorded(share, [0.9, 91.0]) == Metric("test/accuracy", "%", chance=10.0)
    assert as_recorded(share, [float("inf")]) is share


def test_in_the_unit_in_which_it_is_shown() -> None:
    shown = Metric("test/accuracy", "share", chance=0.1).shown
    assert (shown.unit, shown.chance, shown.scale, shown.axis) == ("%", 10.0, 1.0, "accuracy [%]")
    seconds = Metric("latency", "s", higher_is_better=False)
    assert seconds.shown is seconds
    assert (seconds.axis, seconds.on("test").name, seconds.on("test").on("validation").name) == (
        "latency [s]", "test/latency", "test/latency",
    )  # fmt: skip


@pytest.mark.parametrize(("unit", "percent"), [("share", True), ("%", True), ("", False), ("ms", False)])
def test_what_is_shown_in_percent(unit, percent):
    assert Metric("m", unit).is_percent is percent
