"""The table of ours beside the published numbers."""

import math

import numpy as np
from scipy import stats

from seedwise.reporting._findings import findings_of
from seedwise.reporting.topics.published import published_table
from seedwise.statistics import Cell, Metric, compare_study
from seedwise.study import Published, PublishedResults

from .samples import description, section


def cell(method, values, regime="all", task="cifar10"):
    n = len(values)
    return Cell(
        task=task, method=method, regime=regime, group=[0] * n, replicate=range(n), values=values,
        status=("finished",) * n, metric=Metric("test/accuracy", "%", chance=10.0),
    )  # fmt: skip


RNG = np.random.default_rng(0)
BASE, VML = RNG.normal(95, 0.2, (2, 20))
LISTED = [{"method": "base", "n": 5, "sd": 0.169}, {"method": "vml", "n": 5, "sd": 0.112}]


def published(listed, **changes):
    return PublishedResults(tuple(map(Published.model_validate, listed)), **changes)


def test_every_published_number_has_ours_beside_it():
    rows = compare_study([cell("base", BASE), cell("vml", VML), cell("placebo", VML[::-1])], base="base")
    table = published_table(rows, published(LISTED), "base")
    assert [row[0] for row in table.rows] == ["base", "vml"]
    base, vml = table.rows
    q = BASE.std(ddof=1) / 0.169
    low, high = q / math.sqrt(stats.f.ppf(0.975, 19, 4)), q / math.sqrt(stats.f.ppf(0.025, 19, 4))
    assert base[1] == ".169 (5)"
    assert base[3] == f"{q:.2f} [{low:.2f}, {high:.2f}]".replace("0.", ".")
    assert base[4] == "uninformative"
    assert base[5:] == ["", "", ""]
    half = math.sqrt(stats.f.ppf(0.975, 4, 4))
    theirs = 0.112 / 0.169
    assert vml[5] == f"{theirs:.2f} [{theirs / half:.2f}, {theirs * half:.2f}]".replace("0.", ".")
    assert vml[7] == "uninformative"


def test_a_spread_far_from_the_published_one_is_incompatible():
    rows = compare_study([cell("base", 95 + 20 * (BASE - 95)), cell("vml", VML)], base="base")
    base, vml = published_table(rows, published(LISTED), "base").rows
    assert base[4] == "incompatible"
    assert vml[7] == "incompatible"


def test_entries_belong_to_a_regime_and_a_task():
    cells = [cell(m, x, r, t) for t in ("a", "b") for r in ("all", "init") for m, x in (("base", BASE), ("vml", VML))]
    spec = published([{"method": "base", "regime": "init", "task": "b", "n": 5, "sd": 0.2}])
    table = published_table(compare_study(cells, base="base"), spec, "base")
    assert [row[:3] for row in table.rows] == [["b", "init", "base"]]


def test_published_means_stand_beside_ours():
    spec = published([{"method": "base", "n": 5, "sd": 0.169, "mean": 94.95}, {"method": "vml", "n": 5, "sd": 0.1}])
    table = published_table(compare_study([cell("base", BASE), cell("vml", VML)], base="base"), spec, "base")
    assert table.columns[-2:] == ["published mean", "our mean less published [95 %]"]
    theirs = 94.95 + 0.169 * stats.zscore([1.0, 2, 4, 5, 7], ddof=1)
    low, high = stats.ttest_ind(BASE, theirs, equal_var=False).confidence_interval()
    difference = BASE.mean() - 94.95
    shown = f"{difference:.2f} [{low:.2f}, {high:.2f}]".replace("0.", ".")
    assert [row[-2:] for row in table.rows] == [["94.95", shown], ["", ""]]


def test_nothing_published_nothing_shown():
    rows = compare_study([cell("base", BASE)], base="base")
    assert published_table(rows, PublishedResults(), "base").rows == []


def test_at_another_scale_ratios_have_a_verdict_and_sds_and_means_none():
    """SDs 20 times the published ones: incompatible in the published setting, and no verdict in another one."""
    rows = compare_study([cell("base", 95 + 20 * (BASE - 95)), cell("vml", VML)], base="base")
    listed = [entry | {"mean": 94.95} for entry in LISTED]
    table = published_table(rows, published(listed, same_setting=False), "base")
    assert table.columns == [
        "method", "published SD (n)", "our SD [95 %] (n)", "published ratio to base [95 %]",
        "our ratio to base [95 %]", "ratios", "published mean", "our mean",
    ]  # fmt: skip
    base, vml = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert "incompatible" not in base.values()
    assert base["our mean"] == f"{(95 + 20 * (BASE - 95)).mean():.2f}"
    assert vml["ratios"] == "incompatible"
    assert published_table(rows, published(listed), "base").rows[0][4] == "incompatible"


def test_a_report_says_that_the_setting_is_another():
    cells = [cell("base", BASE), cell("vml", VML)]
    for comparable in (True, False):
        study = description(published=published(LISTED, same_setting=comparable))
        (note,) = (
            part.note for part in findings_of(section(cells, description=study)).sections if part.key == "published"
        )
        assert ("not the published setting" in note) is not comparable
