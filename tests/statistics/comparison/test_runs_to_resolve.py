"""How many runs a whole table takes."""

from typing import Any

import numpy as np
import pytest

from seedwise.statistics import (
    Cell,
    Metric,
    RunsToResolve,
    compare_cells,
    compare_study,
    mean_seeds_needed,
    power,
    runs_to_resolve,
    seeds_needed,
)

RNG = np.random.default_rng(4)
BASE, SAME, OTHER = RNG.normal(size=(3, 12))


def cell(method: str, values: Any, **changes: Any) -> Cell:
    n = len(values)
    fields: dict[str, Any] = {
        "task": "t", "method": method, "regime": "all", "group": [0] * n, "replicate": range(n), "values": values,
        "status": ("finished",) * n, "metric": Metric("test/loss", higher_is_better=False),
    }  # fmt: skip
    return Cell(**fields | changes)


def plan(cells: list[Cell], **question: Any) -> RunsToResolve:
    found = runs_to_resolve(compare_cells(cells[0], cells[1:]), **question)
    assert found is not None
    return found


def test_every_comparison_of_the_table_counts_resolved_ones_too() -> None:
    cells = [cell("base", BASE), cell("a", SAME), cell("b", 0.01 * OTHER)]
    found = plan(cells)
    assert (found.comparisons, found.paired) == (2, True)
    assert found.spread == seeds_needed(paired=True, comparisons=2) > seeds_needed(paired=True)
    assert found.mean == mean_seeds_needed(difference=1, paired=True, comparisons=2)
    rows = [
        row
        for regime in ("all", "init")
        for row in compare_study([cell(c.method, c.values, regime=regime) for c in cells], base="base")
    ]
    both = runs_to_resolve(rows)
    assert both is not None
    assert both.comparisons == 4


def test_unpaired_arms_have_the_number_of_unpaired_tests() -> None:
    found = plan([cell("base", BASE), cell("a", SAME, replicate=range(50, 62))], sd_ratio=0.5, power=0.9)
    assert found.spread == seeds_needed(sd_ratio=0.5, power=0.9)
    assert found.mean == mean_seeds_needed(difference=1, power=0.9)


def test_a_margin_is_in_the_unit_of_the_metric() -> None:
    found = plan([cell("base", BASE), cell("a", SAME)], margin=0.5)
    assert found.difference == pytest.approx(0.5 / BASE.std(ddof=1))
    assert found.mean == mean_seeds_needed(difference=0.5, sd=BASE.std(ddof=1), paired=True)


def test_what_is_resolved_needs_no_plan() -> None:
    steady = compare_cells(cell("base", BASE), [cell("a", 5 + 0.001 * SAME)])
    assert runs_to_resolve(steady) is None
    assert runs_to_resolve(compare_cells(cell("base", BASE), [])) is None
    found = plan([cell("base", BASE), cell("a", 0.001 * SAME + BASE.mean())])
    assert (found.spread, found.mean is None) == (None, False)


def test_enough_runs_say_what_they_would_have_found() -> None:
    many = RNG.normal(size=(2, 90))
    found = plan([cell("base", many[0]), cell("a", many[1])])
    assert found.reached == power(sd_ratio=0.7, n=90, paired=True) > 0.8


def test_an_impossible_question_is_refused_even_if_all_is_resolved() -> None:
    with pytest.raises(ValueError, match="sd_ratio further from 1"):
        runs_to_resolve(compare_cells(cell("base", BASE), []), sd_ratio=1.0)
