"""What a report says beyond the table of results."""

import io
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise.reporting import ENDINGS, render, study_tables
from seedwise.reporting._findings import Findings, findings_of
from seedwise.statistics import Cell, Metric, Question, holm, mean_seeds_needed, seeds_needed

from .samples import BASE, STEADY, cell, description, predicted, section

TRUTH = np.random.default_rng(2).integers(0, 2, 200)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def found(cells: list[Cell], **question: Any) -> Findings:
    labels = [None if c.predictions is None else TRUTH for c in cells]
    return findings_of(section(cells, labels=labels, description=description(question=Question(**question))))


def rows(findings: Findings, key: str) -> dict[str, dict[str, str]]:
    table = findings.tables[key]
    return {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.replace("[", "").replace("]", "").replace(",", "").split()]


def failed(values: Any, *which: int) -> dict[str, Any]:
    status = tuple("diverged" if k in which else "finished" for k in range(len(values)))
    return {"values": np.where([s == "finished" for s in status], values, np.nan), "status": status}


def test_differences_on_this_test_set_are_those_of_runs_with_the_same_seeds() -> None:
    base, new = predicted("base", TRUTH, 0.05), predicted("new", TRUTH, 0.02)
    assert new.predictions is not None
    broken = cell("new", **failed(new.values, 2), predictions=np.delete(new.predictions, 2, axis=0))
    row = rows(found([base, broken]), "new-data")["new"]
    both = np.arange(12) != 2
    test = stats.ttest_rel(new.values[both], base.values[both]).confidence_interval()
    seen = numbers(row["difference, this test set"])
    assert seen == pytest.approx(
        [100 * (new.values[both] - base.values[both]).mean(), 100 * test.low, 100 * test.high], abs=0.006
    )
    low, high = numbers(row["difference, new data"])[1:]
    assert low < seen[1] < seen[2] < high
    mean = stats.t.interval(0.95, 10, new.values[both].mean(), stats.sem(new.values[both]))
    assert numbers(row["accuracy, this test set"])[1:] == pytest.approx(100 * np.array(mean), abs=0.006)


def test_failure_rates_are_compared_by_the_exact_test() -> None:
    cells = [
        cell("base", BASE),
        cell("often", **failed(STEADY, *range(6))),
        cell("once", **failed(STEADY, 3)),
    ]
    table = rows(found(cells), "failures")
    exact = [stats.fisher_exact([[k, 12 - k], [0, 12]]).pvalue for k in (6, 1)]
    corrected = sorted([min(1.0, 2 * exact[0]), max(exact[1], 2 * exact[0])])
    assert [float(table[name]["p"]) for name in ("often", "once")] == pytest.approx(corrected, abs=0.0005)
    assert holm(exact) == pytest.approx(corrected)
    assert (table["base"]["failed"], table["often"]["failed"]) == ("0 of 12", "6 of 12")
    assert table["often"]["difference of rates, points [95 %]"].startswith("50 [")


@pytest.mark.parametrize("higher", [True, False])
def test_what_single_runs_would_have_said(higher: bool, rng: np.random.Generator) -> None:
    change: dict[str, Any] = {"metric": Metric("test/loss", higher_is_better=higher)}
    x, y = 2 + rng.normal(size=12), 2.3 + rng.normal(size=12)
    table = rows(found([cell("base", x, **change), cell("new", y, **change)]), "single-runs")["new"]
    groups = np.array(list(combinations(y, 5)))
    ends = [groups.min(1).mean(), groups.max(1).mean()]
    seen = [float(text) for text in table["worst and best of 5 runs"].split(" to ")]
    assert seen == pytest.approx(ends if higher else ends[::-1], abs=0.051)
    k = int(np.sum(y < x.mean() if higher else y > x.mean()))
    exact = stats.binomtest(k, 12).proportion_ci()
    assert numbers(table["a run is worse than the base's mean"]) == pytest.approx([k / 12, *exact], abs=0.006)
    d = y - x
    for column, seeds in (("1 seed gives the opposite order", 1), ("5 seeds give it", 5)):
        flip = stats.norm.cdf(-abs(d.mean()) / d.std(ddof=1) * np.sqrt(seeds))
        assert numbers(table[column])[0] == pytest.approx(flip, abs=0.006)
    ordered = np.sort(y)
    gap = float(table["better half of the runs less the other"].split(",")[0])
    assert gap == pytest.approx(ordered[6:].mean() - ordered[:6].mean(), abs=0.051)


def test_a_threshold_of_the_users_is_in_the_unit_of_the_metric() -> None:
    table = rows(found([cell("base", BASE)], threshold=float(np.sort(BASE)[3])), "single-runs")["base"]
    (column,) = [name for name in table if name.startswith("a run is worse than 9")]
    assert numbers(table[column])[0] == pytest.approx(3 / 12, abs=0.006)


def test_the_chance_of_another_ranking_is_that_of_simulated_studies(rng: np.random.Generator) -> None:
    values = [rng.normal(shift, 1, 20) for shift in (0, 0.3, 0.5)]
    cells = [cell(f"m{k}", v, metric=Metric("test/score")) for k, v in enumerate(values)]
    note = next(
        s.note
        for s in findings_of(section(cells, description=description(base="m0"))).sections
        if s.key == "single-runs"
    )
    drawn = np.random.default_rng(7).multivariate_normal(np.mean(values, 1), np.cov(values) / 5, 100_000)
    order = np.argsort(-np.mean(values, 1))
    another = np.mean(np.any(np.argsort(-drawn, axis=1) != order, axis=1))
    winner = np.mean(np.argmax(drawn, axis=1) != order[0])
    assert f"m{order[0]} has the best mean of 3 methods; with 5 seeds" in note
    words = (
        note.split("have it with probability ")[1].rstrip(".").split(", and the order of all would be another with ")
    )
    assert [float(word) for word in words] == pytest.approx([winner, another], abs=0.011)


@pytest.mark.parametrize(("margin", "words"), [(0.005, "equivalent within the margin"), (0.0002, "not resolved")])
def test_a_margin_is_in_the_unit_of_the_metric(margin: float, words: str, rng: np.random.Generator) -> None:
    noise = rng.normal(size=12)
    close = BASE + 0.002 * (noise - noise.mean()) + 0.0001
    verdicts = rows(found([cell("base", BASE), cell("close", close)], margin=margin), "verdicts")
    assert verdicts["close"]["verdict on the mean"].startswith(words)
    t = stats.ttest_rel(BASE, close).confidence_interval(0.9)
    assert (max(abs(t.low), abs(t.high)) < margin) == (words != "not resolved")


def test_a_factor_allows_equal_spread(rng: np.random.Generator) -> None:
    values = rng.normal(size=200)
    cells = [
        cell("base", values, metric=Metric("test/score")),
        cell("same", 2 + rng.normal(size=200), metric=Metric("test/score")),
    ]
    assert rows(found(cells, factor=1.5), "verdicts")["same"]["verdict on spread"].startswith(
        "equivalent within a factor of 1.5"
    )
    assert rows(found(cells), "verdicts")["same"]["verdict on spread"].startswith("not resolved")


def test_what_a_study_does_not_have_is_left_out() -> None:
    alone = found([cell("base", BASE)])
    assert list(alone.tables) == ["results", "single-runs", "normal"]
    plain = found([cell("base", BASE), cell("new", STEADY)])
    assert list(plain.tables) == ["verdicts", "results", "means", "single-runs", "groups", "normal"]
    assert not any("churn" in column for column in plain.tables["results"].columns)
    assert plain.reasons == []
    full = found([predicted("base", TRUTH, 0.05), predicted("new", TRUTH, 0.02)])
    assert set(full.tables) - set(plain.tables) == {"churn", "flips", "new-data", "sources"}
    assert any("churn" in column for column in full.tables["results"].columns)


def test_the_results_hold_the_corrected_p_of_each_reduction(rng: np.random.Generator) -> None:
    cells = [cell("base", BASE), cell("same", rng.permutation(BASE)), cell("new", STEADY)]
    findings = found(cells)
    shown = rows(findings, "results")
    same, new = (row.reduction.p_value for row in findings.results.comparisons[1:])  # type: ignore[union-attr]
    assert new < same
    assert shown["base"]["p"] == ""
    assert [float(shown[name]["p"]) for name in ("new", "same")] == pytest.approx(
        [2 * new, max(2 * new, same)], abs=0.005
    )
    assert float(shown["new"]["p"]) == pytest.approx(2 * new, abs=0.0005)


def test_every_table_is_written_in_four_forms_with_the_same_texts() -> None:
    cells = [cell("base", BASE), cell("50 % & <more>", STEADY)]
    tables = study_tables([section(cells)])
    for key, table in found(cells).tables.items():
        files = {form: tables["s", key].encoded(form) for form in ENDINGS}
        for read in (
            pd.read_csv(io.BytesIO(files["csv"]), dtype=str, keep_default_na=False),
            pd.read_parquet(io.BytesIO(files["parquet"])),
        ):
            assert [read.columns.tolist(), *read.to_numpy().tolist()] == [table.columns, *table.rows]
        lines = files["markdown"].decode().splitlines()
        assert lines[2:] == ["| " + " | ".join(row).replace("<more>", "&lt;more>") + " |" for row in table.rows]
        latex = files["latex"].decode()
        assert all(rule in latex for rule in ("\\toprule", "\\midrule", "\\bottomrule"))
        assert latex.count(" \\\\\n") == 1 + len(table.rows)
        assert latex.count(" & ") == (1 + len(table.rows)) * (len(table.columns) - 1)
        assert "50 \\% \\& $<$more$>$" in latex
    assert set(tables) == {("s", key) for key in [*found(cells).tables, "numbers"]}
    numbers = pd.read_parquet(io.BytesIO(tables["s", "numbers"].encoded("parquet"))).set_index("method")
    assert numbers.spread["base"] == pytest.approx(100 * np.std(BASE, ddof=1))
    negative = found([cell("base", STEADY), cell("new", BASE)]).tables["results"]
    assert negative.rows[1][5].startswith("-")
    assert negative.to_latex().split(" & ")[-2].startswith("$-$")


def test_an_effect_too_strong_for_a_p_value_above_0_is_resolved() -> None:
    """Half the answers wrong against one in 200, 600 runs each: p of about 1e-380 is no floating-point number but 0."""
    rng = np.random.default_rng(3)
    base, new = (
        cell(name, (labels == TRUTH).mean(1), predictions=labels)
        for name, errors in (("base", 0.5), ("new", 0.005))
        for labels in [np.where(rng.random((600, TRUTH.size)) < errors, 1 - TRUTH, TRUTH)]
    )
    row = rows(found([base, new]), "churn")["new"]
    assert (row["p"], row["verdict on churn"]) == ("< .001", "less churn")
    assert (row["p "], row["verdict on error variance"]) == ("< .001", "lower error variance")


def test_the_report_says_once_how_many_runs_all_its_comparisons_take(rng: np.random.Generator) -> None:
    cells = [cell("base", BASE), *(cell(name, rng.permutation(BASE)) for name in ("a", "b", "c"))]
    html = render([section(cells)], command="")
    spread, mean = seeds_needed(paired=True, comparisons=3), mean_seeds_needed(difference=1, paired=True, comparisons=3)
    assert html.count(f"Finding an SD ratio of 0.7 in one of 3 comparisons takes {spread} runs per method") == 1
    assert html.count(f"a difference of means of one SD of the base takes {mean}.") == 1
