"""What cannot be compared has a reason instead."""

import numpy as np
import pytest

from seedwise.statistics import (
    Interval,
    compare_cells,
)

from .arms import BASE, NAN, RNG, SAME, cell, compare


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({}, "2 finished runs: an SD needs at least 3"),
        ({0: "diverged"}, "1 finished run (1 diverged): an SD needs at least 3"),
        ({0: "out_of_memory", 1: "pending"}, "0 finished runs (1 out of memory, 1 pending): an SD needs at least 3"),
    ],
)
def test_too_few_runs_have_reasons(status: dict[int, str], text: str) -> None:
    rows = compare_cells(cell("base", BASE[:2]), [cell("a", SAME[:2], status)])
    row = rows[1]
    assert row.spread == row.spread_bonett == text
    for reason in (row.reduction, row.mean_difference, row.verdict_reason):
        assert reason == text.replace(": an SD", " of a: a comparison")
    assert (row.verdict, row.p_adjusted) == (None, None)
    assert (row.mean is None) == (row.n == 0)
    assert rows[0].spread == "2 finished runs: an SD needs at least 3"


def test_too_few_pairs_have_a_reason() -> None:
    row = compare(
        cell("base", BASE[:6], {0: "pending", 1: "pending"}), cell("a", SAME[:6], {4: "pending", 5: "pending"})
    )
    assert row.reduction == row.mean_difference == "2 pairs finished in both arms: a comparison needs at least 3"
    row = compare(cell("base", BASE[:6], {0: "pending", 1: "pending", 2: "pending"}), cell("a", SAME[:6]))
    assert isinstance(row.reduction, Interval)
    row = compare(cell("base", BASE[:2]), cell("a", SAME))
    assert row.reduction == "2 finished runs of base: a comparison needs at least 3"


def test_two_names_for_the_same_runs_are_said_so() -> None:
    row = compare(cell("base", BASE), cell("vml-off", BASE))
    reason = "all 20 pairs have equal results in vml-off and base: nothing to compare"
    assert row.reduction == row.mean_difference == row.verdict_reason == reason
    assert row.verdict is None
    assert row.correlation == 1.0
    row = compare(cell("base", BASE, {1: "diverged"}), cell("vml-off", BASE, {1: "diverged"}))
    assert row.verdict_reason == reason.replace("20", "19")


def test_constant_metrics_have_reasons() -> None:
    flat = cell("flat", [1.0] * 20)
    row = compare(cell("base", BASE), flat)
    assert (
        row.spread
        == row.spread_bonett
        == "all 20 finished runs have the same result, 1: the SD is 0 and has no interval"
    )
    assert row.reduction == "the method has the same result in all 20 runs: a ratio of SDs needs results that vary"
    assert isinstance(row.mean_difference, Interval)
    assert row.verdict is None
    assert row.correlation is None
    row = compare(flat, cell("a", BASE))
    assert row.reduction == "the base has the same result in all 20 runs: a ratio of SDs needs results that vary"
    row = compare(flat, cell("a", [0.9] * 20))
    assert (
        row.mean_difference
        == "the difference is -0.1 in every run and has no interval; pass more runs or a finer metric"
    )


def test_arms_linear_in_each_other_have_a_verdict() -> None:
    row = compare(cell("base", 0.5 * BASE), cell("a", BASE))
    assert row.verdict is not None
    assert row.verdict.word == "increased"
    shifted = compare(cell("base", BASE), cell("a", BASE + 0.01))
    assert shifted.verdict is not None
    assert shifted.verdict.word == "not resolved"


def test_empty_cells_have_reasons() -> None:
    empty = cell("empty", [])
    for row in compare_cells(empty, [empty, cell("a", BASE)])[1:]:
        assert row.verdict is None
        assert isinstance(row.reduction, str)


def test_churn_reasons() -> None:
    labels = RNG.integers(0, 3, (20, 30))
    ids = np.tile(np.arange(30), (20, 1))
    ids[4, 0] = 99
    row = compare(cell("base", BASE), cell("a", SAME, predictions=labels, example_ids=ids))
    assert isinstance(row.churn, str)
    assert row.churn.startswith("runs 0 and 4 predicted different examples")
    row = compare(cell("base", BASE), cell("a", SAME, predictions=labels.astype(float)))
    assert isinstance(row.churn, str)
    assert "class labels" in row.churn


def test_no_ordinary_study_raises() -> None:
    rng = np.random.default_rng(7)
    statuses = ["finished"] * 6 + ["diverged", "crashed", "pending", "interrupted"]
    for _ in range(300):
        n = int(rng.integers(0, 7))
        cells = []
        for name in ("base", "a", "b"):
            planned = max(0, n - int(rng.integers(0, 2)))
            values = rng.choice([0.5, 0.5, 0.5 + 1 / 360, 0.5 + 2 / 360, 1.0, NAN, 1e30], planned)
            status = {i: str(word) for i, word in enumerate(rng.choice(statuses, planned)) if word != "finished"}
            cells.append(cell(name, values, status, chance=None if rng.random() < 0.2 else 0.5))
        for row in compare_cells(cells[0], cells[1:]):
            assert (row.verdict is None) != (row.verdict_reason == "")
            for entry in (row.spread, row.spread_bonett, row.reduction, row.mean_difference, row.churn):
                assert entry if isinstance(entry, str) else np.isfinite([entry.low, entry.estimate, entry.high]).all()
