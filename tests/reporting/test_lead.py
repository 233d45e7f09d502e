"""The question, the answer and the three numbers of the first screen."""

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting._findings import findings_of
from seedwise.reporting._lead import Lead, lead_of
from seedwise.reporting._topic import Compared
from seedwise.statistics import Interval, Metric
from seedwise.statistics.comparison.overview import Kind

from .methods_samples import EXAMPLES, methods_study
from .samples import BASE, STEADY, cell, description, predicted, section

RNG = np.random.default_rng(4)
TRUTH = RNG.integers(0, 2, 200)


@functools.cache
def methods() -> Compared:
    """Return what is known of the study of many methods: its statistics take seconds."""
    return findings_of(methods_study()).material


def lead(cells: list[Any], **changes: Any) -> Lead:
    return lead_of(findings_of(section(cells, **changes)).material)


def test_one_method_is_asked_how_much_it_depends_on_the_seed() -> None:
    found = lead([cell("base", BASE)])
    assert found.question == "How much does the accuracy of small_cnn on digits depend on the seed?"
    sd = 100 * np.std(BASE, ddof=1)
    assert found.answer.startswith(
        f"Runs that differ in their seeds alone differ by {sd:.2f} points [".replace(" 0.", " .")
    )
    assert [tile.number for tile in found.tiles] == ["12 runs", f"{sd:.2f} points".replace("0.", ".", 1)]


def test_a_method_that_is_steadier_is_the_answer_with_its_interval() -> None:
    cells = [cell("base", BASE), cell("vml", STEADY)]
    found = lead(cells)
    assert found.question == "Is vml steadier than base, by the accuracy of small_cnn on digits?"
    reduction = findings_of(section(cells)).results.comparisons[1].reduction
    assert isinstance(reduction, Interval)
    assert reduction.estimate == pytest.approx(100 * (1 - np.std(STEADY, ddof=1) / np.std(BASE, ddof=1)))
    assert found.resolved == f"vml is steadier: {reduction.estimate:.0f} % less spread"
    assert found.rest == f"[{reduction.low:.0f}, {reduction.high:.0f}]."


def test_nothing_resolved_is_no_evidence_and_what_is_worse_is_said() -> None:
    same = cell("same", RNG.permutation(BASE))
    found = lead([cell("base", BASE), same])
    assert found.text == "same is not resolved to be steadier than base: these 12 runs per method cannot tell."
    found = lead([cell("base", STEADY), cell("same", RNG.permutation(STEADY)), cell("wild", BASE)])
    assert found.answer == (
        "Nothing is resolved to be steadier than base: these 12 runs per method cannot tell. wild is less steady."
    )
    assert found.resolved == "", "its color is that of what is steadier"
    assert lead([cell("base", STEADY), cell("wild", BASE)]).text == "wild is less steady."


def test_what_is_resolved_about_the_mean_is_said_once() -> None:
    steady, worse = cell("steady", STEADY - 0.08), cell("worse", RNG.permutation(BASE) - 0.3)
    found = lead([cell("base", BASE), steady])
    low, high = 100 * np.array(stats.ttest_rel(BASE, STEADY - 0.08).confidence_interval())
    assert (
        f"On average steady is worse than base by {100 * (BASE.mean() - STEADY.mean() + 0.08):.2f} points" in found.text
    )
    assert [float(v) for v in found.text.partition("points [")[2].partition("]")[0].split(", ")] == pytest.approx(
        [low, high], abs=0.006
    )
    assert found.text.index("is worse") < found.text.index("is steadier"), "nobody shall choose what is steady and bad"
    assert found.text.count("On average") == 1
    found = lead([cell("base", BASE), worse])
    assert found.answer.startswith("worse is not resolved to be steadier than base: ")
    assert " On average worse is worse than base by " in found.answer
    found = lead([cell("base", BASE), steady, worse])
    assert found.answer.startswith("On average steady is worse than base by ")
    assert "On average worse is worse than base by " in found.rest


def test_of_two_that_are_steadier_the_one_with_a_worse_mean_is_not_chosen() -> None:
    bad, good = cell("bad", STEADY - 0.08), cell("good", RNG.permutation(STEADY) + BASE.mean() - STEADY.mean())
    found = lead([cell("base", BASE), bad, good])
    assert found.resolved.startswith("good is steadier: ")
    assert "bad is worse than base by " in found.rest


def test_what_was_selected_among_several_is_optimistic() -> None:
    found = lead_of(methods())
    assert found.question.startswith("Does any of 71 ways to train or to predict make the accuracy")
    assert found.answer == "No way of training is resolved to be steadier."
    assert found.resolved == "An ensemble of 2 is: 40 % less spread"
    assert "selected, optimistic until fresh seeds confirm it" in found.rest


def test_what_fresh_seeds_say_of_a_choice_takes_the_place_of_the_warning() -> None:
    chosen = methods()
    (again,) = [entry for entry in chosen.overview.entries if entry == chosen.overview.cheapest]
    assert isinstance(again.reduction, Interval)
    smaller = replace(again, reduction=replace(again.reduction, estimate=24.4, low=9.1, high=35.8))
    fresh = replace(chosen.overview, places=(replace(chosen.overview.places[0], front=(Kind(smaller),), behind=()),))
    found = lead_of(chosen, fresh=fresh)
    assert "on fresh seeds 24\u00a0% [9, 36]." in found.rest
    assert "optimistic" not in found.rest


def test_the_third_number_is_the_share_of_the_noise_of_the_test_set_and_none_is_above_100() -> None:
    runs = predicted("base", TRUTH, 0.05, runs=20)
    assert runs.predictions is not None
    found = lead([runs], labels=[TRUTH])
    wrong = runs.predictions != TRUTH
    share = wrong.var(axis=0, ddof=1).sum() / TRUTH.size**2 / runs.values.var(ddof=1)
    assert found.tiles[2].number == f"{100 * min(share, 1):.0f} %"
    assert found.tiles[2].text.startswith("of its variance is noise of 200 test examples, ")
    assert int(found.tiles[2].text.split()[-2]) <= 100
    # The noise of the examples is that of accuracy, whatever else was asked about.
    other = replace(runs, metric=Metric("test/auc"), values=RNG.normal(0.9, 0.01, 20))
    assert "predicted differently by two runs" in lead([other], labels=[TRUTH]).tiles[2].text
    noisy = lead_of(methods()).tiles[2]
    assert f"noise of {EXAMPLES} test examples" in noisy.text


def test_failures_and_places_are_in_the_first_number() -> None:
    values = np.where(np.arange(12) == 3, np.nan, STEADY)
    status = tuple("diverged" if k == 3 else "finished" for k in range(12))
    found = lead([cell("base", BASE), cell("vml", values, status=status)])
    assert found.tiles[0].text == "of each of 2 methods, 1 failed, paired by seed"
    cells = [cell(m, BASE, task=task) for task in ("a", "b") for m in ("base", "vml")]
    found = lead(cells, description=description(models={"a": "x", "b": "y"}))
    assert found.question == "Is vml steadier than base, by the accuracy on 2 tasks?"
    assert found.tiles[0].text == "of each of 2 methods on 2 tasks, none failed, paired by seed"


def test_a_metric_without_a_unit_has_no_points() -> None:
    values = 2 + RNG.normal(size=10)
    found = lead([cell("base", values, metric=Metric("test/loss", higher_is_better=False))])
    assert found.tiles[1].number == f"{stats.tstd(values):.2f}".replace("0.", ".", 1)
