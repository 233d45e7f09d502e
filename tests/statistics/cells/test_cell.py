import dataclasses
from typing import Any

import numpy as np
import pytest

from seedwise.statistics import Cell, Metric

NAN = float("nan")


def make(**changes: Any) -> Cell:
    metric = Metric(
        changes.pop("metric", "test/accuracy"),
        "share",
        higher_is_better=changes.pop("higher_is_better", True),
        chance=changes.pop("chance", 0.1),
    )
    fields: dict[str, Any] = {
        "task": "digits", "method": "vml", "regime": "all", "group": [0] * 4, "replicate": [0, 1, 2, 3],
        "values": [0.9, 0.8, NAN, 0.7], "status": ("finished", "finished", "diverged", "finished"),
        "metric": metric,
    }  # fmt: skip
    return Cell(**{**fields, **changes})


def test_every_status_is_counted_once() -> None:
    statuses = ("finished", "diverged", "crashed", "out_of_memory", "timeout", "pending", "interrupted", "finished")
    cell = make(group=[0] * 8, replicate=range(8), values=[1.0] + [NAN] * 6 + [0.5], status=statuses)
    assert (cell.n, cell.finished, cell.failed, cell.pending) == (8, 2, 4, 2)
    assert cell.finished_mask.tolist() == [True] + [False] * 6 + [True]
    assert cell.failed_mask.tolist() == [False] + [True] * 4 + [False] * 3


@pytest.mark.parametrize("bad", [NAN, float("inf")])
def test_a_finished_run_without_a_finite_metric_failed(bad: float) -> None:
    cell = make(values=[0.9, bad, NAN, 0.7])
    assert (cell.finished, cell.failed) == (2, 2)


def test_a_value_left_by_a_failed_run_is_not_used() -> None:
    assert make(values=[0.9, 0.8, 0.1, 0.7]).finished_mask.tolist() == [True, True, False, True]


def test_lists_become_arrays_and_the_cell_cannot_be_changed() -> None:
    cell = make()
    assert cell.values.dtype == np.float64
    assert cell.replicate.dtype == np.int64
    assert cell.readout == "plain"
    with pytest.raises(dataclasses.FrozenInstanceError):
        cell.method = "clf"  # type: ignore[misc]


def test_an_empty_cell_is_allowed() -> None:
    cell = make(group=[], replicate=[], values=[], status=())
    assert (cell.n, cell.finished, cell.failed, cell.pending) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"values": [0.9]}, ValueError, r"have shapes \(4,\), \(4,\), \(1,\), \(4,\); pass one entry per run"),
        ({"values": np.ones((4, 1))}, ValueError, "have shapes"),
        ({"status": ("finished", "done", "diverged", "finished")}, ValueError, "status 'done' is unknown; pass one of"),
        ({"replicate": [0, 1, 1, 3]}, ValueError, "group 0, replicate 1 appears twice; a run counts once"),
        ({"chance": NAN}, ValueError, "chance is nan; pass the metric at chance level, or None"),
        ({"replicate": [0.0, 1.0, 2.0, 3.0]}, TypeError, "replicate must be integers"),
        ({"predictions": np.zeros((4, 9), dtype=int)}, ValueError, r"has shape \(4, 9\); pass \(3, examples\)"),
        ({"predictions": np.zeros(3, dtype=int)}, ValueError, r"pass \(3, examples\), one row per finished run"),
    ],
)
def test_bad_cells_are_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(**changes)


def test_the_same_replicate_in_two_groups_is_two_runs() -> None:
    assert make(group=[0, 0, 1, 1], replicate=[0, 1, 0, 1]).keys == [(0, 0), (0, 1), (1, 0), (1, 1)]
