"""The report of a search, against numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting import render, search_findings, search_numbers, search_tables
from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._tuning import search_part
from seedwise.reporting._tuning.gains import gains_figure
from seedwise.reporting._tuning.history import history_figure
from seedwise.reporting._tuning.importances import importances_figure
from seedwise.reporting._tuning.plane import plane_figure
from seedwise.statistics import Metric, Question, churn_ratio, confirm, mean_seeds_needed, seeds_needed
from seedwise.tuning import Measured, SearchGains

from .tuning_samples import CELLS, MEASURED, fresh_section, gain, nothing_chosen, search, sweep


def sentences(results):
    return search_findings(results).sentences


def rows(results, key):
    (found,) = (one.table for one in search_findings(results).sections if one.key == key)
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

    numbers = search_numbers(search())
    assert numbers["optimism"]["sd"] == pytest.approx(50 - fresh)
    assert numbers["optimism"]["mean"] == pytest.approx(0 - difference.mean() / 100)
    mean = search().confirmation.gains["mean"]
    assert (mean.estimate, mean.low, mean.high) == pytest.approx((difference.mean(), low, high))
    (said,) = (s for s in sentences(search()) if s.startswith("gain in churn"))
    assert said.startswith("gain in churn: 20 % in the search, ")
    assert "on fresh seeds: optimism " in said


def test_one_point_is_one():
    searched, fresh = search().gains.search, gain(MEASURED["base"], Measured((0.91, 0.92, 0.93), 0, 0.081))
    said = sentences(search(gains=SearchGains(searched, test=fresh)))
    assert "gain in churn: 20 % in the search, 19 % on fresh seeds: optimism 1 point" in said
    said = sentences(search(gains=SearchGains(searched, test=searched)))
    assert any(s.endswith("20 % on fresh seeds: optimism 0 points") for s in said)


def test_whether_the_base_was_tuned_is_said_either_way():
    assert any("the base was not tuned" in s for s in sentences(search()))
    (said,) = (s for s in sentences(search(tuned_base=True)) if "base was" in s)
    assert said == "the base was tuned too, with 1 trial of its own: as it stands"
    (said,) = (s for s in sentences(search(tuned_base=True, chosen_base="base-trial-0")) if "base was" in s)
    assert said.endswith(": base-trial-0: lambda_s 1.75, whole 7")


def test_a_further_look_at_the_test_data_is_said():
    assert not any("looked at before" in s for s in sentences(search()))
    assert any("looked at before, for trial-1" in s for s in sentences(search(earlier=["trial-1"])))


def test_what_came_of_the_trials_is_counted():
    assert sentences(search())[0] == "of 7 trials 1 pruned, 1 failed"
    assert sentences(search())[1] == "chosen: trial-0: lambda_s .25, whole 1"
    last = sentences(nothing_chosen())[-1]
    assert last == "nothing is chosen: no trial reached the floor of the mean; the best mean is 95.00 %"
    losses = nothing_chosen(metric=Metric("validation/mse", higher_is_better=False))
    assert sentences(losses)[-1].startswith("nothing is chosen: no trial reached the ceiling")
    assert sentences(losses)[-1].endswith("the best mean is .600")


@pytest.mark.parametrize(
    ("objective", "spread", "first"),
    [
        ("churn", "churn", "churn"),
        ("front", "churn", "churn"),
        ("front", "sd", "spread"),
        ("paper", "sd", "spread"),
        ("mean", "sd", "mean"),
        ("mean-sd", "sd", "mean"),
    ],
)
def test_the_verdict_on_what_was_searched_for_comes_first(objective, spread, first):
    found = search(objective=objective, spread=spread)
    said = [s for s in sentences(found) if "fresh seeds and test data: " in s]
    assert said[0].startswith(f"{first} on 12 fresh seeds and test data: ")
    assert len(said) == 3
    assert search_numbers(found)["verdicts"] == [s.partition("data: ")[2] for s in said]


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
    paper = rows(search(objective="paper", spread="sd"), "trials")
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
    (front,) = (line for line in axes.get_lines() if line.get_color() == NEUTRAL and len(line.get_xdata()) > 1)
    np.testing.assert_allclose(front.get_xydata(), [[60, 0], [92, 8], [95, 9]])
    across = [c.get_segments()[0] for c in axes.collections]
    low, high = stats.t.interval(0.95, 2, 92, stats.sem([91, 92, 93]))
    assert any(np.allclose(part, [[low, 8], [high, 8]]) for part in across)
    assert any(line.get_linestyle() == ":" and line.get_xdata()[0] == 90 for line in axes.get_lines())
    assert axes.get_xlim()[0] > 60
    captions = " ".join(caption for _, caption in drawn(search()))
    assert "2 lie outside" in captions  # at 60 %, and the one with a failed run
    assert axes.get_ylabel() == "churn [%]"
    assert plane_figure(search(objective="sd", spread="sd")).axes[0].get_ylabel() == "SD over runs [points]"


def test_gains_are_drawn_with_the_interval_of_the_fresh_runs():
    (axes,) = gains_figure(search()).axes
    (searched,) = (line for line in axes.get_lines() if line.get_label() == "search")
    assert searched.get_xdata().tolist() == pytest.approx([50, 20])
    known = search().confirmation.gains["churn"]
    (interval,) = (c.get_segments() for c in axes.collections)
    assert interval[1][:, 0].tolist() == pytest.approx([known.low, known.high])


def test_importances_are_a_table_a_figure_or_a_reason():
    assert rows(search(), "importances")["loss.lambda_s"]["importance"] == "75 %"
    (axes,) = importances_figure({"a": 0.75, "b": 0.25}).axes
    assert [bar.get_width() for bar in axes.patches] == [75, 25]
    html = render([], command="", searches=[search(importances="4 finished trials: importances take 10")])
    assert "No importances of parameters: 4 finished trials: importances take 10." in html


def drawn(results):
    """Return the figures of a search with their captions."""
    return [figure for topic in search_part(results, 0).topics for figure in topic.figures]


def test_a_sweep_has_a_panel_for_every_parameter():
    figures = drawn(sweep())
    assert sum("Each panel changes one factor" in caption for _, caption in figures) == 1
    (svg,) = (svg for svg, caption in figures if "Each panel" in caption)
    assert "alpha" in svg
    assert "beta" in svg
    assert not any("Each panel" in caption for _, caption in drawn(search()))


def test_the_page_has_all_of_it_and_the_tables_are_files():
    html = render([fresh_section()], command="", searches=[search()])
    for text in (
        "What did the search see, and what do fresh seeds say?", "optimism", "Which parameter matters?", "Trials",
        "The base was not tuned", "seedwise tune s.yaml", "3 x as planned",
    ):  # fmt: skip
        assert text in html
    assert html.index("s-trials") < html.index("s-fresh")
    assert {("s-trials", key) for key in ("tuning", "trials", "importances")} <= set(search_tables([search()]))


def test_a_search_that_goes_on_says_so():
    *ended, last = search().trials
    trials = [*ended, replace(last, state="running", measured=None, value=None)]
    going = nothing_chosen(importances="the search goes on", trials=trials, has_ended=False)
    found = search_findings(going)
    assert found.sentences == ["of 7 trials 1 pruned, 1 failed, 1 running"]
    assert found.comparison is None
    assert "No importances of parameters: the search goes on." in render([], command="", searches=[going])


def test_without_kept_classes_there_is_no_churn_of_fresh_runs():
    bare = confirm([replace(one, predictions=None) for one in CELLS], "base", Question())
    assert bare.churn is None
    assert set(bare.gains) == {"sd", "mean"}
    assert len(search_numbers(search(confirmation=bare))["verdicts"]) == 2


def test_the_runs_that_fresh_seeds_take_are_said_once():
    said = [s for s in sentences(search()) if "runs per method" in s]
    n, mean, runs = seeds_needed(paired=True), mean_seeds_needed(difference=1, paired=True), search().confirmation.runs
    assert said == [
        f"finding an SD ratio of 0.7 takes {n} runs per method, {n - runs} more (power 0.8, paired, uncorrelated); "
        f"a difference of means of one SD of the base takes {mean}"
    ]


def test_a_churn_that_was_not_kept_is_not_shown_as_none():
    base, first, *rest = search().trials
    trials = [base, replace(first, measured=Measured((0.91, 0.92, 0.93), 0, None), churn=None), *rest]
    found = search(trials=trials)
    assert rows(found, "trials")["trial-0"]["churn [95 %]"] == "-"
    drawn = [line.get_ydata()[0] for line in plane_figure(found).axes[0].lines if len(line.get_xdata()) == 1]
    assert len(drawn) == len([trial for trial in trials if trial.state == "finished"]) - 1
