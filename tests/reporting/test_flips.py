"""Negative flips in the report."""

import numpy as np

from seedwise.reporting import render, study_tables

from .samples import predicted, section


def test_a_row_for_either_direction():
    truth = np.arange(400) % 2
    cells = [predicted("base", truth, 0.05), predicted("worse", truth, 0.25, seed=0)]
    study = section(cells, labels=[truth, truth])
    there, back = study_tables([study])[("s", "flips")].rows
    assert [there[0], back[0]] == ["base → worse", "worse → base"]
    assert there[5] == "more negative flips"
    assert "<h2>Which examples get worse with another method?</h2>" in render([study], command="c")


def test_without_predictions_nothing_is_said():
    truth = np.arange(400) % 2
    cells = [predicted("base", truth, 0.05), predicted("worse", truth, 0.25)]
    assert ("s", "flips") not in study_tables([section(cells)])
