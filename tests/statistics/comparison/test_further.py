"""Comparisons by other metrics: scipy's paired t test and Holm's correction written out, one metric at a time."""

import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import Cell, Look, Metric
from seedwise.statistics.comparison.further import compare_further

RNG = np.random.default_rng(11)
ECE, BRIER = Metric("test/ece", higher_is_better=False), Metric("test/brier", higher_is_better=False)


def cell(method: str, status: tuple[str, ...] = ("finished",) * 12, readout: str = "plain") -> Cell:
    runs = len(status)
    values = np.where([one == "finished" for one in status], 0.9, np.nan)
    return Cell(
        "digits", method, "all", np.zeros(runs, int), np.arange(runs), values, status, Metric("test/accuracy"), readout
    )


def test_each_metric_is_a_family_of_its_own() -> None:
    shared = RNG.normal(size=12)
    values = [
        {"test/ece": 0.05 + 0.01 * (shared + own) - gain, "test/brier": 0.2 + 0.02 * other}
        for gain, own, other in zip((0, 0.008, 0.004), RNG.normal(size=(3, 12)), RNG.normal(size=(3, 12)), strict=True)
    ]
    rows = compare_further([cell(m) for m in ("base", "a", "b")], values, [ECE, BRIER], "base")
    assert [(row.metric.name, row.method) for row in rows] == [
        (metric, method) for metric in ("test/ece", "test/brier") for method in ("base", "a", "b")
    ]
    for k, name in enumerate(("test/ece", "test/brier")):
        p = [stats.ttest_rel(own[name], values[0][name]).pvalue for own in values[1:]]
        low, high = sorted(p)
        holm = {low: 2 * low, high: max(2 * low, high)}
        for row, own, of_it in zip(rows[3 * k + 1 : 3 * k + 3], values[1:], p, strict=True):
            assert row.mean == pytest.approx(np.mean(own[name]))
            assert row.spread.estimate == pytest.approx(np.std(own[name], ddof=1))
            assert row.mean_difference.p_value == pytest.approx(of_it)
            assert row.mean_p_adjusted == pytest.approx(min(holm[of_it], 1))
    assert rows[1].mean_verdict.word == "better"


def test_values_are_those_of_the_runs_that_finished() -> None:
    status = ("finished", "diverged", *("finished",) * 5)
    found, of_base = np.linspace(0.1, 0.2, 6), np.linspace(0.1, 0.3, 7)
    base, other = compare_further(
        [cell("base", ("finished",) * 7), cell("a", status)],
        [{"test/ece": of_base}, {"test/ece": found}],
        [ECE],
        "base",
    )
    assert (base.n, other.n, other.failed) == (7, 6, 1)
    assert other.mean == pytest.approx(found.mean())
    # Run 1 of the base has no partner.
    assert other.mean_difference.estimate == pytest.approx(np.mean(found - np.delete(of_base, 1)))


def test_what_some_cells_did_not_record_is_compared_among_the_others() -> None:
    ece = {"test/ece": np.linspace(0.1, 0.2, 12)}
    cells = [cell("base"), cell("old"), cell("base", readout="flip")]
    assert [(row.method, row.readout) for row in compare_further(cells, [ece, {}, ece], [ECE], "base")] == [
        ("base", "plain"), ("base", "flip"),
    ]  # fmt: skip
    assert compare_further(cells, [{}, ece, ece], [ECE], "base") == []


def test_a_look_has_its_own_limit() -> None:
    gain = np.tile([0.004, 0.012], 6)
    first = 0.05 + 0.01 * RNG.normal(size=12)
    values = [{"test/ece": first}, {"test/ece": first - 0.0022 * gain / 0.012 - 0.0005 * RNG.normal(size=12)}]
    cells, look = [cell("base"), cell("a")], Look("mean", (12, 24), (1e-9, 0.05), 0)
    assert compare_further(cells, values, [ECE], "base")[1].mean_verdict.word == "better"
    assert compare_further(cells, values, [ECE], "base", look)[1].mean_verdict.word == "not resolved"
