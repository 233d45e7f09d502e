"""The tables in the form of papers."""

import numpy as np
import pytest

from seedwise.reporting._findings import findings_of
from seedwise.statistics import Cell, Interval, ScoreSpread, pooled_ratio, spread, spread_ratio
from seedwise.study import Published, PublishedResults

from .samples import BASE, STEADY, cell, description, predicted, section

RNG = np.random.default_rng(6)


def rows(cells: list[Cell], key: str, **changes: object) -> list[dict[str, str]]:
    table = findings_of(section(cells, **changes)).tables[key]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_base_and_method_stand_side_by_side_for_every_source() -> None:
    other = 0.95 + 0.004 * RNG.normal(size=10)
    cells = [
        cell("base", BASE), cell("vml", STEADY), cell("base", other, regime="init"),
        cell("vml", other[::-1], regime="init"),
    ]  # fmt: skip
    table = findings_of(section(cells)).tables["places"]
    assert table.columns[:2] == ["what varies", "method"]
    assert [row[:2] for row in table.rows] == [["all", "vml"], ["init", "vml"]]
    _, _, base, n, method, m, reduction = table.rows[0]
    assert (n, m) == ("12", "12")
    for text, values in ((base, BASE), (method, STEADY)):
        s = spread(100 * values)
        shown = f"{100 * values.mean():.3f} ± {s.estimate:.3f} [{s.low:.3f}, {s.high:.3f}]"
        assert text == shown.replace(" 0.", " .").replace("[0.", "[.")
    assert float(reduction.split(" %")[0]) == pytest.approx(100 * (1 - STEADY.std() / BASE.std()), abs=0.5)
    assert table.rows[1][3] == "10"


def test_one_place_is_in_the_table_of_results_already() -> None:
    assert "places" not in findings_of(section([cell("base", BASE), cell("vml", STEADY)])).tables


def test_ratios_are_pooled_over_tasks() -> None:
    tasks = {name: 0.9 + 0.01 * RNG.normal(size=(2, 12)) for name in ("vgg", "resnet", "mobilenet")}
    cells = [cell(m, v, task=t) for t, pair in tasks.items() for m, v in zip(("base", "vml"), pair, strict=True)]
    *_, last = rows(cells, "places")
    assert (last["task"], last["method"]) == ("all tasks", "vml")
    pooled = pooled_ratio([spread_ratio(new, base, paired=True) for base, new in tasks.values()])
    numbers = [100 * (1 - value) for value in (pooled.ratio.estimate, pooled.ratio.high, pooled.ratio.low)]
    assert last["reduction [95 %]"].startswith("{:.0f} % [{:.0f}, {:.0f}]".format(*numbers))


def scores(n: int = 12) -> ScoreSpread:
    def around(value: float) -> Interval:
        return Interval(value, 0.9 * value, 1.1 * value, 0.95, n, "jackknife")

    return ScoreSpread(around(0.0072), around(0.871), around(0.0182))


def test_five_measures_of_how_much_runs_differ() -> None:
    truth = RNG.integers(0, 2, 300)
    runs = predicted("base", truth, 0.1)
    found = findings_of(section([runs, cell("new", STEADY)], scores=[scores(), None], labels=[truth, None]))
    table = found.tables["scores"]
    (row,) = table.rows
    assert row[:2] == ["base", "12"]
    assert float(row[2].split()[0]) == pytest.approx(100 * runs.values.std(ddof=1), abs=0.005)
    assert runs.predictions is not None
    pairs = [np.mean(a != b) for k, a in enumerate(runs.predictions) for b in runs.predictions[:k]]
    assert float(row[4].split()[0]) == pytest.approx(100 * np.mean(pairs), abs=0.05)
    assert row[3] == ".0072 [.0065, .0079]"
    assert row[5:] == [".871 [.784, .958]", "1.82 [1.64, 2.00]"]


def test_published_scores_stand_below_ours() -> None:
    truth = RNG.integers(0, 2, 300)
    entry = {"method": "base", "n": 100, "sd": 0.26, "scores": {"cross_entropy_sd": 0.0072, "disagreement": 10.7}}
    described = description(published=PublishedResults((Published.model_validate(entry),)))
    given = section([predicted("base", truth, 0.1)], scores=[scores()], labels=[truth], description=described)
    assert findings_of(given).tables["scores"].rows[1] == ["base, published", "100", ".26", ".0072", "10.7", "-", "-"]


def test_a_missing_comparison_of_logits_is_given_with_its_reason() -> None:
    found = findings_of(section([cell("base", BASE)], scores=["runs 0 and 1 predicted different examples"]))
    assert "base: no comparison of logits: runs 0 and 1 predicted different examples" in found.reasons
    assert "scores" not in found.tables
