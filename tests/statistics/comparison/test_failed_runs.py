"""Runs that failed: the verdicts that they withhold, and those that they confirm."""

import numpy as np

from seedwise.statistics import (
    compare_cells,
    failure_difference,
    reduction,
)

from .arms import BASE, NAN, SAME, STEADY, WILD, cell, compare


def test_a_failure_withholds_a_verdict_that_it_would_change() -> None:
    row = compare(cell("base", BASE), cell("a", STEADY, {7: "diverged"}))
    keep = np.delete(np.arange(20), 7)
    assert row.reduction == reduction(STEADY[keep], BASE[keep], paired=True)
    assert row.spread_label == "SD of finished runs"
    assert row.verdict is None
    assert row.verdict_reason == (
        "runs failed (1 of a): reduced among finished runs, increased if failures count as chance-level results"
    )


def test_a_failure_leaves_a_verdict_that_it_confirms() -> None:
    row = compare(cell("base", BASE), cell("a", WILD, {7: "crashed", 9: "timeout"}))
    assert row.verdict is not None
    assert row.verdict.word == "increased"
    assert row.verdict.sentence.endswith("; the same if the failed runs (2 of a) count as chance-level results")


def test_failures_of_the_base_count_too() -> None:
    rows = compare_cells(cell("base", BASE, {0: "diverged"}), [cell("a", STEADY), cell("b", WILD, {4: "crashed"})])
    assert rows[0].spread_label == "SD of finished runs"
    assert rows[1].spread_label == "SD"
    assert rows[1].verdict is not None  # the failed run of the base only makes the base wilder
    assert rows[1].verdict.word == "reduced"
    assert "(1 of base)" in rows[1].verdict.sentence
    assert "runs failed (1 of b and 1 of base)" in rows[2].verdict_reason


def test_failures_at_chance_are_corrected_over_the_methods_too() -> None:
    failing = cell("a", STEADY, {7: "diverged"})
    alone = compare(cell("base", BASE), failing)
    rows = compare_cells(cell("base", BASE), [failing, *[cell(f"m{i}", SAME) for i in range(5)]])
    assert rows[1].verdict_reason == alone.verdict_reason
    assert all(row.verdict is not None for row in rows[2:])  # the failure of another method changes nothing for these


def test_with_failures_at_chance_level_the_correction_decides_too() -> None:
    def judged(others: int, chance: float) -> list[str]:
        failing = cell("a", STEADY, {7: "diverged"}, chance=chance)
        more = [cell(f"m{i}", SAME, chance=chance) for i in range(others)]
        row = compare_cells(cell("base", BASE, chance=chance), [failing, *more])[1]
        return [row.verdict.word if row.verdict else row.verdict_reason]

    # The lower the chance value, the wilder the arm: somewhere it is reduced alone, but not among six methods.
    withheld = [judged(5, chance)[0] for chance in np.linspace(0.975, 0.96, 60) if judged(0, chance) == ["reduced"]]
    assert "reduced" in withheld
    assert any("reduced among finished runs, not resolved if" in reason for reason in withheld)


def test_pending_runs_are_not_counted_at_chance_level() -> None:
    row = compare(cell("base", BASE, {0: "diverged"}), cell("a", STEADY, {5: "pending"}))
    assert row.verdict is not None
    assert row.verdict.word == "reduced"


def test_failures_without_a_chance_value_give_no_verdict() -> None:
    row = compare(cell("base", BASE, chance=None), cell("a", SAME, {7: "diverged"}, chance=None))
    assert row.verdict_reason == ("runs failed (1 of a) and test/accuracy has no chance value to count them with")


def test_a_finished_run_without_a_metric_is_a_failure() -> None:
    values = STEADY.copy()
    values[3] = NAN
    row = compare(cell("base", BASE), cell("a", values))
    assert (row.n, row.failed) == (19, 1)
    assert row.verdict is None
    row = compare(cell("base", BASE), cell("a", [NAN] * 20))
    assert row.spread == "0 finished runs (20 without a finite metric): an SD needs at least 3"


def test_all_runs_of_a_method_failed() -> None:
    gone = cell("gone", BASE, dict.fromkeys(range(20), "diverged"), predictions=np.zeros((0, 5), dtype=int))
    rows = compare_cells(cell("base", BASE), [gone, cell("a", STEADY)])
    assert rows[1].mean is None
    assert (rows[1].n, rows[1].failed) == (0, 20)
    assert rows[1].verdict_reason == "0 finished runs (20 diverged) of gone: a comparison needs at least 3"
    assert rows[1].churn == "0 runs with predictions: churn needs at least 3"
    assert rows[2].verdict is not None
    rows = compare_cells(gone, [cell("a", STEADY), gone])
    assert (
        rows[1].verdict_reason
        == rows[1].reduction
        == "0 finished runs (20 diverged) of gone: a comparison needs at least 3"
    )


def test_failures_withhold_the_verdict_on_the_mean_too() -> None:
    row = compare(cell("base", BASE), cell("a", SAME + 0.01, {7: "diverged"}))
    assert row.mean_verdict is None
    assert row.mean_verdict_reason == (
        "runs failed (1 of a): better among finished runs, not resolved if failures count as chance-level results"
    )
    assert row.failure_difference == failure_difference(1, 0, n_method=20, n_base=20)
    row = compare(cell("base", BASE, dict.fromkeys(range(12), "diverged")), cell("a", SAME + 0.01))
    assert row.mean_verdict is not None
    assert row.mean_verdict.word == "better"
    assert row.mean_verdict.sentence.endswith("(12 of base) count as chance-level results")
    empty = compare(cell("base", BASE), cell("a", BASE, dict.fromkeys(range(20), "pending")))
    assert empty.failure_difference == "no run has ended yet"
