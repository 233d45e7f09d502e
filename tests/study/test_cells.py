"""What the statistics see of a study."""

from __future__ import annotations

import numpy as np
import pytest

from seedwise.errors import SeedwiseError
from seedwise.run import Link, PlannedRun, Predictions, RunRecord, RunSpec
from seedwise.statistics import Metric, score_spread
from seedwise.store import Store
from seedwise.study import study_results
from seedwise.study._cells import cells_of
from seedwise.terminal import unreported_metric
from seedwise.training import FUNCTION

METRIC = {"name": "accuracy", "higher_is_better": True, "chance": 0.1}


def predictions(*classes: int, ids: tuple[int, ...] = (4, 7, 9)) -> Predictions:
    n = len(classes)
    names = np.array(ids[:n], np.int64)
    return Predictions("test", "final", 0, names, np.zeros(n, np.uint8), np.array(classes, np.uint8), None)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "study.db", write=True) as store:
        yield store


def fill(store: Store, runs: list[tuple], metric: dict = METRIC, function: str = "toy:train") -> None:
    """Store ``(method, regime, group, replicate, record or None)`` in this order."""
    planned = [
        PlannedRun(Link("s", "task", method, regime, group, replicate), RunSpec(function, {}, {"repeat": k}))
        for k, (method, regime, group, replicate, _) in enumerate(runs)
    ]
    store.write_plan("s", {"metrics": {"task": [metric]}, "spec": {"train": {}}, "question": {}}, planned)
    for (*_, given), one in zip(runs, planned, strict=True):
        if given is not None:
            status, metrics, *kept = given
            store.ingest(RunRecord(one.spec.id, one.spec.content, status, metrics, predictions=kept))


def accuracy(value: float, *kept: Predictions) -> tuple:
    return ("finished", {"test/accuracy": value, "test/loss": 9.0}, *kept)


def test_cells_come_in_the_order_of_the_study_with_its_primary_metric(store):
    fill(
        store,
        [
            ("base", "all", 0, 0, accuracy(0.5)),
            ("a", "all", 0, 0, accuracy(0.25)),
            ("base", "all", 0, 1, accuracy(0.75)),
            ("a", "all", 0, 1, accuracy(1.0)),
            ("base", "init", 0, 0, accuracy(0.125)),
        ],
    )
    cells = cells_of(store, "s")
    assert [(cell.task, cell.regime, cell.method) for cell in cells] == [
        ("task", "all", "base"),
        ("task", "all", "a"),
        ("task", "init", "base"),
    ]
    assert [cell.values.tolist() for cell in cells] == [[0.5, 0.75], [0.25, 1.0], [0.125]]
    assert [cell.replicate.tolist() for cell in cells] == [[0, 1], [0, 1], [0]]
    assert {cell.metric for cell in cells} == {Metric("test/accuracy", "share", chance=0.1)}


def test_every_run_has_a_place_and_only_finished_ones_a_value(store):
    ends = ["diverged", "crashed", "out_of_memory", "timeout", "interrupted"]
    fill(
        store,
        [("base", "all", 0, 0, accuracy(0.5))]
        + [("base", "all", 0, k, (status, {"test/accuracy": 0.9})) for k, status in enumerate(ends, start=1)]
        + [("base", "all", 0, 6, None)],
    )
    (cell,) = cells_of(store, "s")
    assert cell.status == ("finished", *ends, "pending")
    np.testing.assert_array_equal(cell.values, [0.5, *[np.nan] * 6])


def test_groups_are_told_apart(store):
    fill(store, [("base", "all", g, r, accuracy(g + r / 10)) for g in range(2) for r in range(2)])
    (cell,) = cells_of(store, "s")
    assert cell.group.tolist() == [0, 0, 1, 1]
    assert cell.replicate.tolist() == [0, 1, 0, 1]


def test_a_run_from_before_a_metric_was_recorded_is_pending_and_named(store):
    older, newer = accuracy(0.5), ("finished", {"test/accuracy": 0.5, "test/brier": 0.25})
    failed = ("crashed", {})
    runs = [("base", "all", 0, k, end) for k, end in enumerate([older, newer, newer, failed])]
    fill(store, runs, {"name": "brier", "higher_is_better": False, "chance": 0.9}, FUNCTION)
    (cell,) = cells_of(store, "s")
    assert (cell.status, cell.failed) == (("pending", "finished", "finished", "crashed"), 1)
    said = "1 of 3 finished runs were trained before test/brier was recorded, and are left out: --retrain trains"
    assert said in unreported_metric(store.runs("s"), "test/brier")
    assert unreported_metric(store.runs("s"), "test/accuracy") is None


def test_runs_are_alike_in_the_metrics_that_all_have(store):
    older, newer = accuracy(0.5), ("finished", {"test/accuracy": 0.5, "test/loss": 9.0, "test/brier": 0.25})
    fill(store, [("base", "all", 0, 0, older), ("base", "all", 0, 1, newer)], function=FUNCTION)
    assert cells_of(store, "s")[0].alike
    fill(store, [("other", "all", 0, 0, older), ("other", "all", 0, 1, accuracy(0.75))], function="toy:other")
    assert not cells_of(store, "s")[-1].alike


def test_a_finished_run_without_the_primary_metric_has_no_value(store):
    fill(store, [("base", "all", 0, 0, ("finished", {"test/loss": 1.0}))])
    (cell,) = cells_of(store, "s")
    assert np.isnan(cell.values).tolist() == [True]


def test_a_metric_with_a_slash_is_named_as_it_is(store):
    metric = {"name": "validation/loss", "higher_is_better": False, "chance": None}
    fill(store, [("base", "all", 0, 0, ("finished", {"validation/loss": 0.25}))], metric)
    (cell,) = cells_of(store, "s")
    assert cell.metric == Metric("validation/loss", higher_is_better=False)
    assert cell.values.tolist() == [0.25]


def test_predictions_are_those_of_the_finished_runs(store):
    fill(
        store,
        [
            ("base", "all", 0, 0, accuracy(0.5, predictions(1, 2, 3))),
            ("base", "all", 0, 1, ("crashed", {})),
            ("base", "all", 0, 2, accuracy(0.5, predictions(3, 2, 1))),
        ],
    )
    (cell,) = cells_of(store, "s")
    assert cell.predictions.tolist() == [[1, 2, 3], [3, 2, 1]]
    assert [ids.tolist() for ids in cell.example_ids] == [[4, 7, 9]] * 2


@pytest.mark.parametrize(
    ("first", "second"), [((predictions(1, 2),), ()), ((predictions(1, 2),), (predictions(1, 2, 3),)), ((), ())]
)
def test_predictions_that_are_incomplete_or_unequal_are_none(store, first, second):
    fill(store, [("base", "all", 0, 0, accuracy(0.5, *first)), ("base", "all", 0, 1, accuracy(0.5, *second))])
    (cell,) = cells_of(store, "s")
    assert cell.predictions is None
    assert cell.example_ids is None


def test_an_unknown_study_is_named_beside_those_that_are_there(store):
    fill(store, [("base", "all", 0, 0, None)])
    with pytest.raises(SeedwiseError, match="holds no study 't', only s"):
        cells_of(store, "t")


def test_a_study_gives_its_cells(undisturbed):
    cells = undisturbed.study().cells()
    assert [(cell.task, cell.method, cell.regime) for cell in cells] == [
        ("task", "base", "all"),
        ("task", "long", "all"),
    ]
    for cell in cells:
        assert cell.values.tolist() == [0.01, 0.02, 0.03]
        assert cell.status == ("finished",) * 3
        assert cell.predictions.shape == (3, 6)
        assert [ids.tolist() for ids in cell.example_ids] == [list(range(100, 106))] * 3
    # Both methods draw their predictions from the seed of init.
    assert cells[0].predictions.tolist() == cells[1].predictions.tolist()


def test_cells_need_a_run_first(project):
    with pytest.raises(SeedwiseError, match="there is no store"):
        project.study().cells()


def with_logits(logits: np.ndarray, labels: np.ndarray, first_id: int = 0) -> Predictions:
    ids = np.arange(first_id, first_id + len(labels), dtype=np.int64)
    return Predictions("test", "final", 0, ids, labels, logits.argmax(1).astype(np.uint8), logits.astype(np.float16))


@pytest.mark.parametrize("kept", ["all", "one without", "other examples", "two runs", "two groups"])
def test_logits_are_compared_within_a_cell(store, kept):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 40).astype(np.uint8)
    logits = rng.normal(size=(4, 40, 3))
    records = [accuracy(0.5, with_logits(z, labels)) for z in logits]
    if kept == "one without":
        records[2] = accuracy(0.5, predictions(1, 2, 0))
    if kept == "other examples":
        records[2] = accuracy(0.5, with_logits(logits[2], labels, first_id=1))
    runs = range(2 if kept == "two runs" else 4)
    fill(store, [("base", "all", r % 2 if kept == "two groups" else 0, r, records[r]) for r in runs])
    (scores,) = [part.scores for part in study_results(store)[0].parts]
    match kept:
        case "all":
            direct = score_spread(logits.astype(np.float16), labels)
            assert scores == direct
        case "one without":
            assert scores == "some runs kept no logits"
        case "other examples":
            assert "predicted different examples" in scores
        case _:
            assert scores is None


def test_logits_stay_in_the_store_where_they_are_not_asked_for(store):
    labels = np.zeros(2, np.uint8)
    fill(store, [("base", "all", 0, 0, accuracy(0.5, with_logits(np.eye(2), labels)))])
    run = RunSpec("toy:train", {}, {"repeat": 0}).id
    assert store.predictions([run])[run].logits is not None
    lean = store.predictions([run], logits=False)[run]
    assert (lean.logits, lean.predicted.tolist()) == (None, [0, 1])
