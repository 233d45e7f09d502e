"""Other metrics in the report."""

import numpy as np

from seedwise.reporting import render, study_tables
from seedwise.statistics import Metric

from .samples import BASE, STEADY, cell, description, section

DECLARED = {
    "digits": (
        Metric("accuracy", unit="share", chance=0.1),
        Metric("ece", higher_is_better=False),
        Metric("macro_f1", unit="share"),
    )
}


def test_calibration_is_compared_with_the_bases() -> None:
    ece = np.linspace(0.02, 0.031, 12)
    metrics = [
        {"test/accuracy": BASE, "test/ece": ece, "test/macro_f1": BASE - 0.01},
        {"test/accuracy": STEADY, "test/ece": ece[::-1] - 0.02, "test/macro_f1": STEADY},
    ]
    study = section(
        [cell("base", BASE), cell("steady", STEADY)], metrics=metrics, description=description(metrics=DECLARED)
    )
    table = study_tables([study])[("s", "further")]
    assert table.columns[:2] == ["metric", "method"]
    assert [row[:2] for row in table.rows] == [
        ["ece", "base"], ["ece", "steady"], ["macro_f1 [%]", "base"], ["macro_f1 [%]", "steady"],
    ]  # fmt: skip
    assert table.rows[0][2] == ".0255"
    assert table.rows[1][2] == ".0055"
    assert table.rows[1][3].startswith("-.0200 [")
    assert table.rows[1][4] == "better"
    assert table.rows[2][2] == f"{100 * (np.mean(BASE) - 0.01):.2f}"
    assert table.rows[3][7] == "reduced"
    page = render([study], command="c")
    assert "<h2>What do the other metrics say?</h2>" in page
    assert "Difference from the expected calibration error of base" in page
    assert ">difference of mean ece</text>" in page
    shares = {"digits": (DECLARED["digits"][0], Metric("ece", unit="share", higher_is_better=False))}
    study = section(
        [cell("base", BASE), cell("steady", STEADY)], metrics=metrics, description=description(metrics=shares)
    )
    assert ">difference of mean ece [points]</text>" in render([study], command="c")


def test_without_other_metrics_nothing_is_said() -> None:
    assert ("s", "further") not in study_tables([section([cell("base", BASE), cell("steady", STEADY)])])
