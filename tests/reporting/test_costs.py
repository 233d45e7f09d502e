"""Costs, ensembles, churn and looks in the report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting import looks_table, results_of, why_it_stopped
from seedwise.reporting._findings import findings_of
from seedwise.statistics import (
    Cost,
    Interval,
    Look,
    churn_ratio,
    ensemble_spread,
    holm,
    interim_analysis,
    runs_to_resolve,
    spread_ratio,
)
from seedwise.statistics.core.formatting import reduction
from seedwise.study import recommended

from .samples import ACCURACY, BASE, STEADY, cell, description, predicted, section

RNG = np.random.default_rng(4)
TRUTH = RNG.integers(0, 2, 300)


def ensembles(size: int, **changes: Any) -> SimpleNamespace:
    logits = RNG.normal(size=(12, 300, 2)) + 2 * np.eye(2)[TRUTH]
    found = ensemble_spread(logits, TRUTH, size)
    place = {"task": "digits", "regime": "all", "method": "base", "readout": "plain", "size": size, "metric": ACCURACY}
    return SimpleNamespace(**{**place, "found": found, "of_first": None, **changes})


def test_costs_stand_beside_reductions_corrected_over_all_rows() -> None:
    one, why = ensembles(2), ensembles(3, found="some runs kept no logits")
    cells = [cell("base", BASE), cell("base", BASE[::-1], readout="flip"), cell("new", STEADY)]
    costs = [Cost(1.0, 1.0), Cost(1.0, 2.1), Cost(1.9, None)]
    found = findings_of(section(cells, costs=costs, ensembles=[one, why]))
    rows = {row[0]: row[1:] for row in found.tables["costs"].rows}
    assert list(rows) == ["base, flip", "new", "base, ensemble-2", "base, ensemble-3"]
    assert rows["base, flip"][:2] == ["1.0", "2.1"]
    assert rows["new"][:2] == ["1.9", "-"]
    assert rows["base, ensemble-2"][:2] == ["2.0", "2.0"]
    assert rows["base, ensemble-3"][2:] == ["-", ""]
    raw = [spread_ratio(100 * np.array(x), 100 * BASE, paired=True).p_value for x in (BASE[::-1], STEADY)]
    p = holm([*raw, one.found.ratio.p_value, 1.0])  # type: ignore[list-item]
    assert float(rows["new"][3].removeprefix("< ") or 0) == pytest.approx(p[1], abs=0.001)
    assert found.tables["ensembles"].rows[0][1] == "12"
    assert "base, ensemble-3: some runs kept no logits" in found.reasons
    ((draw, _),) = next(topic.figures for topic in found.sections if topic.key == "costs")
    texts = [text.get_text() for text in draw().axes[0].get_yticklabels()]
    assert " ".join(texts[0].split()) == "base, flip: 1.0, 2.1"


def test_a_recommendation_plans_as_many_runs_as_the_table_of_the_same_pairs() -> None:
    rng = np.random.default_rng(11)
    study = section([cell("base", 0.98 + 0.004 * rng.normal(size=12)), cell("new", 0.98 + 0.004 * rng.normal(size=12))],
                    costs=[Cost(1.0, 1.0), Cost(1.0, 1.0)])  # fmt: skip
    rows = results_of(study.description, study.cells).comparisons
    plan = runs_to_resolve(rows)
    assert plan is not None
    assert plan.paired
    assert f"takes {plan.spread} runs per method" in recommended(study).found.sentence


def test_without_readouts_or_dearer_methods_there_is_no_table_of_costs() -> None:
    cells = [cell("base", BASE), cell("new", STEADY)]
    assert "costs" not in findings_of(section(cells)).tables
    assert "costs" in findings_of(section(cells, costs=[Cost(1.0, 1.0), Cost(2.0, 1.0)])).tables


def test_churn_is_compared_with_the_base_and_never_called_spread() -> None:
    base, new = predicted("base", TRUTH, 0.1), predicted("new", TRUTH, 0.02, seed=1)
    (row,) = findings_of(section([base, new], labels=[TRUTH, TRUTH])).tables["churn"].rows
    ratio = churn_ratio(new.predictions, base.predictions, paired=True)  # type: ignore[arg-type]
    assert row[1].startswith(f"{ratio.estimate:.2f}".removeprefix("0"))
    assert row[3] == "less churn"
    assert row[6] == "lower error variance"


def until(look: int, question: Literal["spread", "mean", "churn"] = "spread") -> Look:
    return Look(question, looks=(10, 12, 40), limits=(0.0, 0.02, 0.04), look=look)


def test_a_look_resolves_at_its_own_limit() -> None:
    cells = [cell("base", BASE), cell("new", STEADY), cell("same", RNG.permutation(BASE))]
    found = interim_analysis(until(1), cells, [None] * 3, "base")
    table = looks_table(found)
    assert [row[-1] for row in table.rows] == ["yes", "no"]
    assert why_it_stopped(found).endswith("not resolved yet: same")
    repeated = spread_ratio(STEADY, BASE, paired=True, level=1 - 0.02)
    low, high = 100 * (1 - repeated.high), 100 * (1 - repeated.low)
    assert table.rows[0][1].endswith(f"[{low:.0f}, {high:.0f}]")
    resolved = interim_analysis(until(1), cells[:2], [None] * 2, "base")
    assert why_it_stopped(resolved).startswith("stopped at look 2 of 3, at 12 of at most 40 runs per method")
    last = why_it_stopped(interim_analysis(until(2), cells, [None] * 3, "base"))
    assert "the maximum: not resolved: same" in last


def test_a_look_that_comes_too_early_resolves_nothing() -> None:
    near = [cell("base", BASE), cell("new", BASE + 0.001 * RNG.normal(size=12))]
    found = interim_analysis(until(0), near, [None] * 2, "base")
    assert [row[-1] for row in looks_table(found).rows] == ["no"]
    assert "no p is small enough this early" in why_it_stopped(found)


def test_the_verdicts_of_a_report_go_by_the_limit_of_the_look() -> None:
    """A difference with p between the limit and .05 is no verdict at this look."""
    rng = np.random.default_rng(8)
    base = stats.zscore(rng.normal(size=12), ddof=1)
    for scale in np.linspace(0.3, 0.9, 300):
        other = scale * rng.permutation(base)
        p = spread_ratio(other, base, paired=True).p_value
        if p is not None and 0.025 < p < 0.045:
            break
    cells = [cell("base", 0.9 + 0.01 * base), cell("new", 0.9 + 0.01 * other)]
    fixed = results_of(description(), cells).comparisons[1].verdict
    looked = results_of(description(look=until(1)), cells).comparisons[1].verdict
    assert fixed is not None
    assert looked is not None
    assert (fixed.word, looked.word) == ("reduced", "not resolved")
    tables = findings_of(section(cells, description=description(look=until(1)))).tables
    assert tables["looks"].rows[0][-1] == "no"


def test_limits_of_ten_digits_are_none() -> None:
    r = Interval(-118.2, -3.2277e10, 96.1, 0.95, [3, 3], "F")
    assert reduction(r) == "-118 % [-\u221e, 96]"
