"""The report of a search, against numbers worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting import render, tuning_files, tuning_numbers, tuning_results
from seedwise.reporting._tuning import (
    fresh_intervals,
    gains_figure,
    history_figure,
    importances_figure,
    plane_figure,
    tuning_part,
)
from seedwise.statistics import churn_ratio, seeds_needed
from seedwise.tuning import Measured, gain

from .tuning_samples import CELLS, MEASURED, objective, search, sweep


def rows(section, key):
    (found,) = (one.table for one in tuning_results(section).sections if one.key == key)
    return {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.rows}


def test_the_search_beside_fresh_seeds_and_the_difference_named_optimism():
    found = rows(search(), "tuning")
    assert found["SD"]["base (search, n = 3)"] == "2.00"
    assert found["SD"]["choice"] == "1.00"
    assert (found["mean"]["gain"], found["SD"]["gain"], found["churn"]["gain"]) == (".00 points", "50 %", "20 %")

    base, tuned = (one.values for one in CELLS)
    fresh = 100 * (1 - tuned.std(ddof=1) / base.std(ddof=1))
    difference = 100 * (tuned - base)
    low, high = stats.t.interval(0.95, 11, difference.mean(), stats.sem(difference))
    ratio = churn_ratio(CELLS[1].predictions, CELLS[0].predictions, paired=True)
    column = "fresh seeds, test: gain [95 %]"
    assert found["SD"][column].startswith(f"{fresh:.0f} % [")
    assert found["churn"][column] == f"{100 * (1 - ratio.estimate):.0f} % [{100 * (1 - ratio.high):.0f}, " + (
        f"{100 * (1 - ratio.low):.0f}]"
    )
    assert found["mean"][column] == f"{difference.mean():.2f} [{low:.2f}, {high:.2f}] points"
    assert found["SD"]["optimism"] == f"{50 - fresh:.0f} points"
    assert found["SD"]["fresh seeds (n = 12), validation: gain"] == f"{fresh:.0f} %"

    numbers = tuning_numbers(search())
    assert numbers["optimism"]["sd"] == pytest.approx(50 - fresh)
    assert numbers["optimism"]["mean"] == pytest.approx(0 - difference.mean() / 100)
    assert fresh_intervals(search())["mean"] == pytest.approx((difference.mean(), low, high))
    (said,) = (s for s in tuning_results(search()).sentences if s.startswith("gain in churn"))
    assert said.startswith("gain in churn: 20 % in the search, ")
    assert "on fresh seeds: optimism " in said


def test_one_point_is_one():
    base, tuned = MEASURED["base"], Measured((0.91, 0.92, 0.93), 0, 0.081)
    gains = {"search": search()["gains"]["search"], "test": gain(base, tuned, higher_is_better=True)}
    sentences = tuning_results(search(gains=gains)).sentences
    assert "gain in churn: 20 % in the search, 19 % on fresh seeds: optimism 1 point" in sentences
    gains = {"search": gains["search"], "test": gains["search"]}
    assert any(
        s.endswith("20 % on fresh seeds: optimism 0 points") for s in tuning_results(search(gains=gains)).sentences
    )


def test_whether_the_base_was_tuned_is_said_either_way():
    assert any("the base was not tuned" in s for s in tuning_results(search()).sentences)
    options = search()["options"] | {"tune_base": True}
    (said,) = (s for s in tuning_results(search(options=options)).sentences if "base was" in s)
    assert said == "the base was tuned too, with 1 trial of its own: as it stands"
    chosen = search(options=options, chosen_base="base-trial-0")
    (said,) = (s for s in tuning_results(chosen).sentences if "base was" in s)
    assert said.endswith(": base-trial-0: lambda_s 1.75, whole 7")


def test_a_further_look_at_the_test_data_is_said():
    assert not any("looked at before" in s for s in tuning_results(search()).sentences)
    assert any("looked at before, for trial-1" in s for s in tuning_results(search(earlier=["trial-1"])).sentences)


def test_what_came_of_the_trials_is_counted():
    sentences = tuning_results(search()).sentences
    assert sentences[0] == "of 7 trials 1 pruned, 1 failed"
    assert sentences[1] == "chosen: trial-0: lambda_s .25, whole 1"
    none = tuning_results(search(chosen=None, fresh=None, gains={})).sentences
    assert none[-1] == "nothing is chosen: no trial reached the floor of the mean; the best mean is 95.00 %"
    losses = search(chosen=None, fresh=None, gains={}, metric="validation/mse", higher_is_better=False)
    assert tuning_results(losses).sentences[-1].startswith("nothing is chosen: no trial reached the ceiling")
    assert tuning_results(losses).sentences[-1].endswith("the best mean is .600")


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ({"name": "churn"}, "churn"),
        ({"name": "front", "spread": "churn"}, "churn"),
        ({"name": "front", "spread": "sd"}, "spread"),
        ({"name": "paper"}, "spread"),
        ({"name": "mean"}, "mean"),
    ],
)
def test_the_verdict_on_what_was_searched_for_comes_first(asked, first):
    options = search()["options"] | {"objective": objective(**asked)}
    said = [s for s in tuning_results(search(options=options)).sentences if "fresh seeds and test data: " in s]
    assert said[0].startswith(f"{first} on 12 fresh seeds and test data: ")
    assert len(said) == 3
    assert tuning_numbers(search(options=options))["verdicts"] == [s.partition("data: ")[2] for s in said]


def test_every_trial_has_a_row_with_what_became_of_it():
    found = rows(search(), "trials")
    assert list(found) == list(MEASURED)
    assert [row["note"] for row in found.values()] == [
        "the base, front", "chosen, front", "front", "below the floor, front", "failed", "below the floor", "pruned",
        "",
    ]  # fmt: skip
    assert (found["trial-3"]["failed"], found["trial-3"]["mean"], found["trial-3"]["churn [95 %]"]) == ("3", "-", "-")
    assert found["trial-4"]["SD [95 %]"] == f"{100 * np.std([0.94, 0.95, 0.1], ddof=1):.2f}"  # no interval: one failed
    assert "objective" not in found["trial-0"]  # it is the churn, beside it
    paper = rows(search(options=search()["options"] | {"objective": objective(name="paper")}), "trials")
    assert (paper["trial-0"]["objective"], paper["trial-3"]["objective"]) == (".080", "-")
    assert found["trial-0"]["SD [95 %]"].startswith("1.00 [")
    assert found["trial-0"]["values"] == "lambda_s .25, whole 1"


def dots(axes):
    return np.vstack([c.get_offsets() for c in axes.collections if len(c.get_offsets())])


def test_the_history_shows_the_best_so_far_of_what_reaches_the_floor():
    (axes,) = history_figure(search()).axes
    # trial-3 failed; trial-2 and trial-4 are below the floor, so that none of these is ever the best.
    steps = {tuple(line.get_ydata()) for line in axes.get_lines() if line.get_drawstyle() == "steps-post"}
    assert (0.08, 0.08, 0.08, 0.08) in steps
    assert [0.0, 0.08] in dots(axes).tolist()
    top = max(dots(axes)[:, 1])
    assert top < 0.2  # the trial with a failed run, at .7, does not press the others together
    (failed,) = (line for line in axes.get_lines() if line.get_marker() == "x" and len(line.get_xdata()))
    assert (failed.get_xdata()[0], failed.get_ydata()[0]) == (3, pytest.approx(top))
    assert any(line.get_linestyle() == "--" and line.get_ydata()[0] == 0.10 for line in axes.get_lines())


def test_mean_against_spread_with_both_intervals_and_the_front():
    (axes,) = plane_figure(search()).axes
    at = {(round(line.get_xdata()[0], 6), round(line.get_ydata()[0], 6)) for line in axes.get_lines()}
    assert {(92.0, 10.0), (92.0, 8.0), (95.0, 9.0)} <= at
    (front,) = (line for line in axes.get_lines() if line.get_color() == "C1" and len(line.get_xdata()) > 1)
    np.testing.assert_allclose(front.get_xydata(), [[60, 0], [92, 8], [95, 9]])
    across = [c.get_segments()[0] for c in axes.collections]
    low, high = stats.t.interval(0.95, 2, 92, stats.sem([91, 92, 93]))
    assert any(np.allclose(part, [[low, 8], [high, 8]]) for part in across)
    assert any(line.get_linestyle() == ":" and line.get_xdata()[0] == 90 for line in axes.get_lines())
    assert axes.get_xlim()[0] > 60
    captions = " ".join(caption for _, caption in tuning_part(search(), 0)["figures"])
    assert "2 lie outside" in captions  # at 60 %, and the one with a failed run
    assert axes.get_ylabel() == "churn [%]"
    sd = search()["options"] | {"objective": objective(name="sd")}
    assert plane_figure(search(options=sd)).axes[0].get_ylabel() == "SD over runs [points]"


def test_gains_are_drawn_with_the_interval_of_the_fresh_runs():
    (axes,) = gains_figure(search()).axes
    (searched,) = (line for line in axes.get_lines() if line.get_label() == "search")
    assert searched.get_xdata().tolist() == pytest.approx([50, 20])
    known = fresh_intervals(search())
    (interval,) = (c.get_segments() for c in axes.collections)
    assert interval[1][:, 0].tolist() == pytest.approx(known["churn"][1:])


def test_importances_are_a_table_a_figure_or_a_reason():
    assert rows(search(), "importances")["loss.lambda_s"]["importance"] == "75 %"
    (axes,) = importances_figure({"a": 0.75, "b": 0.25}).axes
    assert [bar.get_width() for bar in axes.patches] == [75, 25]
    html = render([], command="", tunings=[search(importances="4 finished trials: importances take 10")])
    assert "No importances of parameters: 4 finished trials: importances take 10." in html


def test_a_sweep_has_a_panel_for_every_parameter():
    figures = tuning_part(sweep(), 0)["figures"]
    assert sum("Each panel changes one factor" in caption for _, caption in figures) == 1
    (svg,) = (svg for svg, caption in figures if "Each panel" in caption)
    assert "alpha" in svg
    assert "beta" in svg
    assert not any("Each panel" in caption for _, caption in tuning_part(search(), 0)["figures"])


def test_the_page_has_all_of_it_and_the_tables_are_files():
    html = render([search()["fresh"]], command="", tunings=[search()])
    for text in (
        "What the search saw, and what fresh seeds say", "optimism", "Importance of the parameters", "Trials",
        "the base was not tuned", "seedwise tune s.yaml", "3 x as planned",
    ):  # fmt: skip
        assert text in html
    assert html.index("s-trials") < html.index("s-fresh")
    assert {f"s-trials-{key}.csv" for key in ("tuning", "trials", "importances")} <= set(tuning_files([search()]))


def test_a_search_that_goes_on_says_so():
    going = search(chosen=None, chosen_base="base", fresh=None, gains={}, importances="the search goes on")
    going["trials"][-1] |= {"state": "running", "measured": None, "value": None}
    results = tuning_results(going)
    assert results.sentences == ["of 7 trials 1 pruned, 1 failed, 1 running"]
    assert not results.comparison.rows
    assert "No importances of parameters: the search goes on." in render([], command="", tunings=[going])


def test_without_kept_classes_there_is_no_churn_of_fresh_runs():
    bare = search(fresh=search()["fresh"] | {"labels": [None, None]})
    assert "churn" not in fresh_intervals(bare)


def test_the_runs_that_fresh_seeds_take_are_said_once():
    said = [s for s in tuning_results(search()).sentences if "runs per method" in s]
    n = seeds_needed(paired=True)
    assert said == [f"finding an SD ratio of 0.7 takes {n} runs per method (power 0.8, paired, uncorrelated)"]


def test_a_churn_that_was_not_kept_is_not_shown_as_none():
    trials = search()["trials"]
    trials[1] |= {"measured": Measured((0.91, 0.92, 0.93), 0, None), "churned": None}
    section = search(trials=trials)
    assert rows(section, "trials")["trial-0"]["churn [95 %]"] == "-"
    drawn = [line.get_ydata()[0] for line in plane_figure(section).axes[0].lines if len(line.get_xdata()) == 1]
    assert len(drawn) == len([row for row in trials if row["state"] == "finished"]) - 1
