"""The table in front of the page: rows, words, and what is drawn in them."""

import re
from typing import Any

import numpy as np
import pytest

from seedwise.reporting._findings import findings_of
from seedwise.reporting._main_table import MainTable, Row, main_table
from seedwise.reporting._marks import Axis, bar, most_at_one_place, strip
from seedwise.statistics import Interval, Metric

from .samples import BASE, STEADY, cell, section

RNG = np.random.default_rng(6)


def table_of(cells: list[Any], **changes: Any) -> MainTable:
    return main_table(findings_of(section(cells, **changes)).material)


def rows(table: MainTable) -> dict[str, Row]:
    (place,) = table.places
    blocks = (*place.resolved, *place.others, *place.behind)
    return {row.name: row for row in (place.base, *(row for block in blocks for row in block.rows))}


def test_an_interval_that_excludes_equal_spread_among_many_has_its_word_and_a_line_says_why() -> None:
    noise = np.random.default_rng(5).normal(size=(34, 30))
    score = {"metric": Metric("score")}
    others = [cell(f"m{k}", noise[k], **score) for k in range(3, 33)]
    table = table_of([cell("base", noise[0], **score), cell("calmer", 0.55 * noise[1], **score), *others])
    row = rows(table)["calmer"]
    low = float(row.reduction.interval.strip("[]").split(",")[0])
    assert low > 0
    assert row.verdict == "not resolved after correction"
    assert row.why.startswith("not resolved: ")
    assert sum("excludes equal spread" in line for line in table.lines) == 1
    assert any(
        line.startswith("Of 31 comparisons of spread, none are resolved; of means, none of 31.") for line in table.lines
    )


def test_one_comparison_is_corrected_for_nothing() -> None:
    table = table_of([cell("base", BASE), cell("vml", STEADY)])
    assert rows(table)["vml"].verdict == "steadier"
    assert not any("corrected" in line or "comparisons" in line for line in table.lines)


def test_numbers_are_those_of_the_runs_and_the_base_has_a_churn_ratio_of_one() -> None:
    labels = RNG.integers(0, 2, (12, 40))
    other = np.where(RNG.random((12, 40)) < 0.2, 1 - labels[0], labels[0])
    truth = RNG.integers(0, 2, 40)
    cells = [cell("base", BASE, predictions=labels), cell("vml", BASE[::-1].copy(), predictions=other)]
    table = table_of(cells, labels=[truth, truth])
    found = rows(table)
    assert found["base"].mean == f"{100 * BASE.mean():.2f}"
    assert found["base"].spread.text == f"{100 * BASE.std(ddof=1):.2f}".replace("0.", ".", 1)
    assert found["base"].churn == "1"

    def churn(kept: Any) -> float:
        return float(np.mean([np.mean(kept[i] != kept[j]) for i in range(12) for j in range(i)]))

    assert float(found["vml"].churn) == pytest.approx(churn(other) / churn(labels), abs=0.006)


def test_failed_runs_and_costs_stand_below_the_name() -> None:
    values = np.where(np.arange(12) == 3, np.nan, STEADY)
    status = tuple("diverged" if k == 3 else "finished" for k in range(12))
    found = rows(table_of([cell("base", BASE), cell("vml", values, status=status)]))
    assert found["vml"].note == "1 of 12 runs failed"
    assert found["vml"].runs.count("<line") == 11


def test_one_method_far_away_does_not_press_the_others_together() -> None:
    table = table_of([cell("base", BASE), cell("near", STEADY), cell("far", BASE - 0.5)])
    assert table.places[0].ends[0].startswith("\u2264 "), "runs beyond stand at the end"
    ends = [float(end.removeprefix("\u2264 ")) for end in table.places[0].ends]
    sd = 100 * BASE.std(ddof=1)
    assert ends[0] == pytest.approx(100 * BASE.mean() - 8 * sd, abs=0.051)
    assert rows(table)["far"].runs.count('<line class="out"') == 12, "pale ticks at the end"
    assert 'class="out"' not in rows(table)["near"].runs


def test_runs_with_one_result_stand_one_above_the_other() -> None:
    axis = Axis(90.0, 100.0)
    assert most_at_one_place([[95.0, 95.0, 95.001, 97.0], [91.0]], axis) == 3
    drawn = strip([95.0, 95.0, 95.001, 97.0], ["a", "b", "c", "d"], axis, "", most=3)
    spans = [(float(top), float(bottom)) for top, bottom in re.findall(r'y1="([\d.]+)" y2="([\d.]+)"', drawn)]
    first, second, third, alone = spans
    assert first[1] == alone[1] > first[0] > second[1] - 0.01 > third[1]
    assert third[0] >= 0


def test_marks_lie_where_their_numbers_are() -> None:
    axis = Axis(90.0, 100.0)
    assert [axis.place(v) for v in (90.0, 95.0, 100.0, 80.0, 120.0)] == pytest.approx([4, 50, 96, 4, 96])
    drawn = strip([95.0], ["a & b"], axis, "one <run>", most=1)
    assert 'x1="50.0%" x2="50.0%"' in drawn
    assert "<title>a &amp; b</title>" in drawn
    assert 'aria-label="one &lt;run&gt;"' in drawn
    reductions = Axis(-100.0, 60.0)
    gone = bar(Interval(-300, -900, 20, 0.95, 20, "F"), reductions, "")
    assert "<circle" not in gone
    assert "&#9666;" in gone
    assert "&#9666;" not in bar(Interval(20, -5, 40, 0.95, 20, "F"), reductions, "")


def test_of_thousands_of_runs_those_at_one_place_share_a_tick_that_counts_them() -> None:
    axis = Axis(90.0, 100.0)
    values = [92.0] * 300 + [95.0] * 99 + [97.0] + [80.0] * 2
    drawn = strip(values, ["a run"] * len(values), axis, "base", most=most_at_one_place([values], axis))
    ticks = re.findall(r'<line(?: class="(out)")? x1=[^>]* y1="([0-9.]+)"[^>]*><title>(.*?)</title>', drawn)
    assert [(beyond, text) for beyond, _, text in ticks] == [
        ("", "300 runs"), ("", "99 runs"), ("", "1 run"), ("out", "2 runs"),
    ]  # fmt: skip
    heights = [21 - float(top) for _, top, _ in ticks]
    assert heights == pytest.approx([20, 20 * 99 / 300, 1, 1], abs=0.01)
    assert "a run" not in drawn
