"""Which runs of cells are paired."""

import numpy as np
import pytest

from seedwise.statistics import Cell, Metric
from seedwise.statistics.cells.pairing import lined_up


def cell(replicates: range, finished: int) -> Cell:
    n = len(replicates)
    status = ("finished",) * finished + ("pending",) * (n - finished)
    values = np.where(np.arange(n) < finished, 0.9, np.nan)
    return Cell("digits", "a", "all", np.zeros(n, int), np.array(replicates), values, status, Metric("test/accuracy"))


@pytest.mark.parametrize(
    ("cells", "paired", "shared"),
    [
        ([cell(range(5), 5), cell(range(5), 5)], True, range(5)),
        ([cell(range(5), 5), cell(range(7), 5)], True, range(5)),  # what only one plans is not begun
        ([cell(range(5), 2), cell(range(5), 4)], True, range(2)),
        ([cell(range(7), 0), cell(range(5), 3)], True, range(0)),
        ([cell(range(5), 5), cell(range(7), 6)], False, None),
        ([cell(range(5), 5), cell(range(5, 10), 5)], False, None),
        ([cell(range(5), 0), cell(range(5, 10), 0)], False, None),
    ],
)
def test_what_is_planned_and_not_begun_breaks_no_pairs(cells: list[Cell], paired: bool, shared: range | None) -> None:
    runs, found = lined_up(cells)
    assert found is paired
    if shared is not None:
        assert [one.tolist() for one in runs] == [list(shared)] * 2
    else:
        assert [one.tolist() for one in runs] == [list(range(one.finished)) for one in cells]
