"""In which order the comparisons of a study are read."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from seedwise.statistics import Cell, Cost, EnsembleSpread, Interval, Metric, compare_study, holm
from seedwise.statistics.comparison.overview import Overview, Standing, overview

RNG = np.random.default_rng(5)
BASE = RNG.normal(size=30)
NOISE = RNG.normal(size=(40, 30))


def cell(method: str, values: Any, readout: str = "plain", task: str = "t") -> Cell:
    return Cell(
        task=task, method=method, regime="all", group=[0] * 30, replicate=range(30), values=values,
        status=("finished",) * 30, metric=Metric("score"), readout=readout,
    )  # fmt: skip


def seen(cells: list[Cell], **changes: Any) -> Overview:
    return overview(compare_study(cells, base="base"), "base", **changes)


def names(kinds: Any) -> list[str]:
    return [f"{kind.head.method}/{kind.head.readout}" for kind in kinds]


def ensemble(method: str, ratio: float, p: float) -> SimpleNamespace:
    def around(value: float) -> Interval:
        return Interval(value, 0.9 * value, 1.1 * value, 0.95, 30, "jackknife", p)

    found = EnsembleSpread(2, 30, 15, 100, around(0.9), around(0.1), around(0.01), 0.01, around(ratio), None, None)
    return SimpleNamespace(task="t", regime="all", method=method, readout="plain", size=2, found=found, of_first=None)


def test_what_differs_comes_first_and_a_word_says_how() -> None:
    over = seen([cell("base", BASE), cell("same", NOISE[0]), cell("calm", NOISE[1] / 9), cell("wild", 9 * NOISE[2])])
    (place,) = over.places
    assert names(place.front) == ["calm/plain", "wild/plain", "same/plain"]
    assert [kind.head.standing for kind in place.front] == [Standing.STEADIER, Standing.LESS_STEADY, Standing.OPEN]
    assert {entry.method for entry in over.resolved} == {"calm", "wild"}
    assert place.base.standing is Standing.BASE


def test_an_interval_that_excludes_equal_spread_is_no_verdict_among_many() -> None:
    cells = [cell("base", BASE), cell("calmer", 0.62 * NOISE[3]), *(cell(f"m{k}", NOISE[4 + k]) for k in range(30))]
    over = seen(cells)
    calmer = next(entry for entry in over.entries if entry.method == "calmer")
    assert isinstance(calmer.reduction, Interval)
    assert calmer.reduction.low > 0
    assert holm([calmer.reduction.p_value, *[1.0] * 30])[0] > 0.05
    assert calmer.standing is Standing.UNCORRECTED
    assert names(over.places[0].front)[0] == "calmer/plain", "the others stand behind it"
    assert "m3/plain" in names(over.places[0].behind)


def test_a_readout_of_the_base_stands_for_that_of_the_others_and_a_method_for_its_controls() -> None:
    cells = [
        cell(method, values, readout)
        for k, method in enumerate(("base", "vml", "placebo"))
        for readout, values in (("plain", BASE if k == 0 else NOISE[k]), ("flip", NOISE[10 + k]))
    ]
    (place,) = seen(cells, controls={"placebo": "vml"}).places
    vml, flip = place.front
    assert [entry.method for entry in vml.controls] == ["placebo"]
    assert (flip.head.method, [entry.method for entry in flip.same]) == ("base", ["vml", "placebo"])


def test_a_resolved_one_is_not_folded_under_one_that_is_not() -> None:
    cells = [
        cell("base", BASE), cell("base", NOISE[0], "flip"), cell("vml", NOISE[1]), cell("vml", NOISE[2] / 9, "flip"),
    ]  # fmt: skip
    (place,) = seen(cells).places
    assert names(place.front)[0] == "vml/flip"
    assert all(not kind.same for kind in place.front)


def test_where_nothing_is_found_among_many_the_methods_stand_in_front() -> None:
    cells = [cell("base", BASE)]
    cells += [cell(f"m{k}", NOISE[k], r) for k in range(8) for r in ("plain", "flip")]
    (place,) = seen(cells).places
    if any(kind.head.standing.is_worth_reading for kind in place.front):
        pytest.fail("the sample was to have nothing of interest")
    assert names(place.front) == [f"m{k}/plain" for k in range(8)]
    assert names(place.behind) == ["m0/flip"]


def test_ensembles_are_corrected_by_themselves_and_cost_as_many_trainings() -> None:
    rows = compare_study([cell("base", BASE), cell("vml", NOISE[0])], base="base")
    found = [ensemble("base", 0.5, 0.03), ensemble("vml", 0.6, 0.02)]
    over = overview(rows, "base", ensembles=found, costs=[Cost(1.0, 1.0), Cost(1.2, 1.0)])
    assert over.families == (1, 2)
    (both,) = [kind for kind in over.places[0].front if kind.head.size]
    assert holm([0.03, 0.02]).tolist() == pytest.approx([0.04, 0.04])
    assert [entry.standing for entry in both.entries] == [Standing.STEADIER] * 2
    assert [entry.cost.training for entry in both.entries] == [2.0, pytest.approx(2.4)]
    assert over.cheapest == both.head
    strict = overview(rows, "base", ensembles=found, alpha=0.01)
    assert strict.cheapest is None
    assert not strict.resolved


def test_tasks_are_places_of_their_own() -> None:
    cells = [cell(m, v, task=task) for task in ("a", "b") for m, v in (("base", BASE), ("vml", NOISE[0]))]
    assert [(place.task, names(place.front)) for place in seen(cells).places] == [
        ("a", ["vml/plain"]), ("b", ["vml/plain"]),
    ]  # fmt: skip
