"""Readouts beside methods in the table of results."""

import numpy as np

from seedwise.reporting import render, results_of
from seedwise.reporting.topics.published import published_table
from seedwise.statistics import spread_ratio
from seedwise.study import Published, PublishedResults

from .samples import BASE, STEADY, cell, description, section

VML, FLIP = BASE + 0.001, 0.5 * (BASE + STEADY)


def cells() -> list:
    return [
        cell("base", BASE),
        cell("base", FLIP, readout="flip"),
        cell("vml", VML),
        cell("vml", STEADY, readout="flip"),
    ]


def test_every_readout_is_compared_with_the_plain_runs_of_the_base() -> None:
    results = results_of(description(), cells())
    assert [row[:2] for row in results.table.rows] == [
        ["base", "plain"],
        ["base", "flip"],
        ["vml", "plain"],
        ["vml", "flip"],
    ]
    assert results.table.columns[:3] == ["method", "readout", "n"]
    for row, values in zip(results.comparisons[1:], (FLIP, VML, STEADY), strict=True):
        expected = spread_ratio(100 * values, 100 * BASE, paired=True)
        assert row.paired
        np.testing.assert_allclose(row.reduction.estimate, 100 * (1 - expected.estimate))
    # Three comparisons are corrected for, and the base has no verdict.
    assert [row.verdict is None for row in results.comparisons] == [True, False, False, False]
    assert results.table.rows[0][-1] == ""


def test_without_readouts_there_is_no_such_column() -> None:
    assert "readout" not in results_of(description(), [cells()[0], cells()[2]]).table.columns


def test_a_report_names_the_readouts() -> None:
    page = render([section(cells())], command="seedwise report s.db")
    for name in ("base, flip", "vml, flip"):
        assert page.count(name) >= 3


def test_published_numbers_of_a_readout_stand_beside_it() -> None:
    entry = Published(method="base", readout="flip", n=100, sd=0.24)
    rows = results_of(description(), cells()).comparisons
    (row,) = published_table(rows, PublishedResults((entry,)), "base").rows
    assert row[:2] == ["base, flip", ".240 (100)"]


def test_runs_that_are_not_read_out_yet_are_said() -> None:
    late = cell("base", [*FLIP[:-1], np.nan], readout="flip", status=("finished",) * 11 + ("pending",))
    results = results_of(description(), [cells()[0], late])
    assert "base, flip (all): 1 run is still to be read out" in results.reasons
