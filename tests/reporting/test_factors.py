"""Methods that differ in the value of a factor: the table and the bars."""

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting import render, results_of, study_tables
from seedwise.reporting.topics.factors import bars_figure, factor_table
from seedwise.statistics import Cell, spread, spread_trend
from seedwise.study import PublishedRange, PublishedResults

from .samples import BASE, STEADY, cell, description, level, section

RNG = np.random.default_rng(11)
RUNS = 10
CELLS = [
    cell("learned", values, task=task) if k == 0 else level("k", 2**k, values, task=task)
    for task in ("conv2", "conv4")
    for k in range(4)
    for values in [0.9 + 0.01 * 0.8**k * RNG.normal(size=RUNS)]
]
RANGES = (PublishedRange(task="conv2", n=5, cells=5, largest=0.40, smallest=0.25),)


def table(cells: list[Cell], base: str = "learned", published: tuple[PublishedRange, ...] = ()) -> list[dict[str, str]]:
    rows = results_of(description(base=base), cells).comparisons
    found = factor_table(cells, rows, published, {cell.task: 2 for cell in cells})
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_the_largest_and_smallest_sd_of_a_task_stand_beside_chance() -> None:
    first, published, second, pooled = table(CELLS, published=RANGES)
    sds = {c.method: 100 * np.std(c.values, ddof=1) for c in CELLS[:4]}
    high, low = max(sds, key=sds.get), min(sds, key=sds.get)
    assert first["task"] == "conv2"
    assert first["largest SD"] == f"{high}: {sds[high]:.2f}".replace(" 0.", " .")
    assert first["smallest SD"] == f"{low}: {sds[low]:.2f}".replace(" 0.", " .")
    assert first["gap"] == f"{100 * (1 - sds[low] / sds[high]):.0f} %"
    # What simulated studies of four equal SDs of ten runs show.
    drawn = np.random.default_rng(0).standard_normal((20_000, 4, RUNS)).std(axis=2, ddof=1)
    gaps = 1 - drawn.min(1) / drawn.max(1)
    median, below = first["by chance (95 % below)"].replace("%", "").replace("(", "").replace(")", "").split()
    assert float(median) == pytest.approx(100 * np.median(gaps), abs=1)
    assert float(below) == pytest.approx(100 * np.quantile(gaps, 0.95), abs=1)
    assert first["SDs (n)"] == "4 (10)"
    assert published == {
        "task": "conv2, published", "largest SD": ".40", "smallest SD": ".25", "SDs (n)": "5 (5)", "gap": "38 %",
        "by chance (95 % below)": "58 % (80 %)", "p": ".90", "SD per doubling [95 %]": "-",
    }  # fmt: skip
    assert second["task"] == "conv4"
    assert pooled["task"] == "all tasks"
    assert pooled["SD per doubling [95 %]"].startswith(".")


def test_the_trend_is_that_of_the_levels_alone() -> None:
    expected = spread_trend([2, 4, 8], [c.values for c in CELLS[1:4]], paired=True)
    found = table(CELLS)[0]["SD per doubling [95 %]"]
    assert found == f"{expected.estimate:.2f} [{expected.low:.2f}, {expected.high:.2f}]".replace("0.", ".")


def test_two_factors_have_rows_of_their_own_and_levels_that_are_no_numbers_no_trend() -> None:
    levels = [("a", 1), ("a", 2), ("mode", "greedy"), ("mode", "drawn")]
    draw = lambda: 0.9 + 0.01 * RNG.normal(size=RUNS)  # noqa: E731
    cells = [cell("base", draw()), *(level(*one, draw()) for one in levels), cell("x=1", draw()), cell("x=2", draw())]
    a, mode = table(cells, "base")
    assert (a["factor"], mode["factor"]) == ("a", "mode")
    assert a["SDs (n)"] == mode["SDs (n)"] == "5 (10)"  # a name alone, such as 'x=1', makes no factor
    assert a["SD per doubling [95 %]"] != "-"
    assert mode["SD per doubling [95 %]"] == "-"
    assert table([cell("base", BASE), cell("vml", STEADY), level("lr", 1, STEADY)], "base") == []
    switches = [level("on", value, 0.9 + 0.01 * RNG.normal(size=RUNS)) for value in (True, False, None)]
    assert table([cell("base", BASE[:RUNS]), *switches], "base")[0]["SD per doubling [95 %]"] == "-"


def test_failed_runs_and_cells_without_an_sd_are_left_out() -> None:
    failed = level(
        "k", 2, [0.9, 0.91, 0.93, np.nan, 0.95, 0.9], status=("finished",) * 3 + ("diverged",) + ("finished",) * 2
    )
    cells = [
        cell("learned", 0.9 + 0.01 * RNG.normal(size=6)),
        failed,
        level("k", 4, 0.9 + 0.01 * RNG.normal(size=6)),
        level("k", 8, [0.5, np.nan, np.nan, np.nan, np.nan, np.nan], status=("finished",) + ("crashed",) * 5),
    ]
    (row,) = table(cells)
    assert row["SDs (n)"] == "3 (5)"
    assert row["SD per doubling [95 %]"] == "-"


def test_bars_are_means_and_sds_with_their_intervals() -> None:
    rows = results_of(description(base="learned"), CELLS).comparisons
    for what in ("mean", "spread"):
        figure = bars_figure(CELLS, rows, what)
        panels = [axes for axes in figure.axes if axes.get_visible()]
        assert [axes.get_title(loc="left") for axes in panels] == ["conv2", "conv4"]
        for axes, cells in zip(panels, (CELLS[:4], CELLS[4:]), strict=True):
            assert [text.get_text() for text in axes.get_xticklabels()] == ["learned", "2", "4", "8"]
            for bar, line, one in zip(axes.patches, axes.collections, cells, strict=True):
                x = 100 * one.values
                s = spread(x)
                if what == "mean":
                    height, ends = x.mean(), stats.t.interval(0.95, RUNS - 1, x.mean(), stats.sem(x))
                else:
                    height, ends = x.std(ddof=1), (s.low, s.high)
                assert bar.get_height() == pytest.approx(height)
                assert line.get_segments()[0][:, 1] == pytest.approx(ends)


def test_the_report_holds_table_and_bars() -> None:
    published = PublishedResults(ranges=RANGES, source="A paper")
    study = section(CELLS, description=description(base="learned", published=published))
    page = render([study], command="")
    assert "How does the spread go with a factor?" in page
    assert "Published: A paper." in page
    assert page.count("by the value of the factor") == 2
    assert "conv2, published" in study_tables([study])["s", "factors"].to_csv()
