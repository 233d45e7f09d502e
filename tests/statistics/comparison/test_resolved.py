"""What is resolved, of whom and in how many tasks, by the verdicts as they were corrected."""

from typing import Any

import numpy as np
from scipy import stats

from seedwise.statistics import Cell, Metric, compare_study, holm
from seedwise.statistics.comparison.resolved import resolved

RNG = np.random.default_rng(3)
BASE = RNG.normal(size=20)


def cell(method: str, values: Any, task: str = "a", readout: str = "plain") -> Cell:
    return Cell(
        task=task, method=method, regime="all", group=[0] * 20, replicate=range(20), values=values,
        status=("finished",) * 20, metric=Metric("score"), readout=readout,
    )  # fmt: skip


def test_it_follows_the_correction_and_the_clearest_comes_first() -> None:
    shifts = {"same": 0.0, "barely": 0.55, "much": 5.0, "more": 2.0, "less": -3.0}
    values = {name: shift + RNG.normal(size=20) for name, shift in shifts.items()}
    rows = compare_study([cell("base", BASE), *(cell(name, x) for name, x in values.items())], base="base")
    p = holm([stats.ttest_rel(x, BASE).pvalue for x in values.values()])
    expected = {name for name, value in zip(values, p, strict=True) if value < 0.05}
    found = resolved(rows, "mean")
    assert {one.clearest.method for one in found} == expected
    assert "same" not in expected
    by_t = sorted((n for n in expected if n != "less"), key=lambda n: -stats.ttest_rel(values[n], BASE).statistic)
    assert [one.clearest.method for one in found if one.word == "better"] == by_t
    assert [one.clearest.method for one in found if one.word == "worse"] == ["less"]


def test_tasks_are_counted_and_readouts_are_kept_apart() -> None:
    cells = []
    for task, shift in (("a", 4.0), ("b", 0.0), ("c", 8.0)):
        cells += [
            cell("base", BASE, task),
            cell("new", BASE + shift + 0.1 * RNG.normal(size=20), task),
            cell("new", RNG.permutation(BASE), task, "flip"),
        ]
    (one,) = resolved(compare_study(cells, base="base"), "mean")
    assert (one.places, [row.task for row in one.rows], one.clearest.readout) == (3, ["c", "a"], "plain")


def test_of_spread() -> None:
    wild, calm = 9 * RNG.normal(size=20), RNG.normal(size=20) / 9
    rows = compare_study([cell("base", BASE), cell("wild", wild), cell("calm", calm)], base="base")
    assert [(one.clearest.method, one.word) for one in resolved(rows, "spread")] == [
        ("calm", "reduced"), ("wild", "increased"),
    ]  # fmt: skip
