"""The table of SDs at each value of the fixed seeds."""

import numpy as np

from seedwise.reporting.topics.fixed import fixed_values_table
from seedwise.statistics import Cell, Metric


def cell(method, values, groups):
    n = len(values)
    return Cell(
        task="t", method=method, regime="init", group=groups, replicate=range(n), values=values,
        status=("finished",) * n, metric=Metric("m"),
    )  # fmt: skip


def test_only_cells_with_several_values_are_shown():
    values = np.array([1.0, 2.0, 3.0, 5.0, 7.0, 9.0])
    table = fixed_values_table([cell("base", values, [0] * 6), cell("vml", values, [0, 0, 0, 1, 1, 1])], {"t": 2})
    (row,) = table.rows
    assert "vml" in row[0]
    assert row[1:4] == ["2", "1.00", "2.00"]
