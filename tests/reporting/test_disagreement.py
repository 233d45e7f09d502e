"""Churn of every cell beside that of the base."""

import numpy as np

from seedwise.reporting.topics.churn import disagreement_table
from seedwise.statistics.comparison.disagreement import disagreements

from .samples import cell


def test_where_all_pairs_disagree_alike_there_is_no_plan():
    truth = np.arange(6) % 3
    base = np.array([(truth + k) % 3 for k in range(3)])  # each two runs disagree on all of the examples
    other = base.copy()
    other[1, :2] = other[0, :2]
    cells = [
        cell(name, (labels == truth).mean(1), predictions=labels) for name, labels in (("base", base), ("vml", other))
    ]
    table, note, reasons = disagreement_table(cells, disagreements(cells, [truth, truth], "base", 0.9))
    (row,) = table.rows
    assert row[0] == "vml"
    assert row[3] == "not resolved"
    assert "a ratio of churn of .9 takes" not in note
    assert "a ratio of error variance of .9 takes" in note
    assert reasons == []
