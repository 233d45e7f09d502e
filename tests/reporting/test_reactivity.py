"""Whether lambda moves with the test loss: the table and the figure."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from seedwise.reporting import render
from seedwise.reporting._findings import findings_of
from seedwise.reporting.topics.curves import curves_figure
from seedwise.reporting.topics.reactivity import reactivity_figure, reactivity_of, reactivity_table
from seedwise.statistics import Cell, Metric, reactivity

from .samples import BASE, STEADY, cell, section

RUNS, EPOCHS = 12, 30


def curves(leads: bool, seed: int) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    moves, other = rng.normal(size=(2, RUNS, EPOCHS))
    lam = 1 + 0.01 * moves.cumsum(axis=1)
    answers = 0.7 * np.roll(moves, 1, axis=1) + 0.7 * other if leads else other
    return {"train/lambda": lam, "test/loss": answers.cumsum(axis=1), "test/accuracy": rng.random((RUNS, EPOCHS))}


CELLS = [cell("base", BASE), cell("vml", STEADY), cell("placebo", STEADY[::-1])]
PLAIN = {"test/loss": np.random.default_rng(4).random((RUNS, EPOCHS))}
CURVES = [PLAIN, curves(leads=True, seed=1), curves(leads=False, seed=2)]


def row_of(method: str, cells: list[Cell] = CELLS) -> dict[str, str]:
    found, _ = reactivity_of(cells, CURVES)
    table = reactivity_table(found)
    return next(dict(zip(table.columns, row, strict=True)) for row in table.rows if row[0] == method)


def test_the_table_says_what_the_statistics_say_of_each_controlled_loss() -> None:
    found, reasons = reactivity_of(CELLS, CURVES)
    assert (list(found), reasons) == (["vml", "placebo"], [])
    vml = row_of("vml")
    direct = reactivity(CURVES[1]["train/lambda"], CURVES[1]["test/loss"]).at(1)
    assert vml["r at lag +1 [95 %]"] == f"{direct.estimate:.2f} [{direct.low:.2f}, {direct.high:.2f}]".replace(
        "0.", "."
    )
    assert (vml["n"], vml["epochs"], vml["peak at lag"]) == ("12", "30", "+1")
    assert vml["p"] == "< .001"
    assert vml["lambda"] == "moves with its own run's loss"
    assert row_of("placebo")["lambda"] == "not seen to differ from other runs' loss"


def test_three_runs_are_said_to_be_too_few() -> None:
    few = {name: series[:3] for name, series in CURVES[1].items()}
    found, _ = reactivity_of([cell("vml", STEADY[:3])], [few])
    assert reactivity_table(found).rows[0][-1] == "3 runs are too few to tell"


def test_a_lambda_that_does_not_vary_has_no_reactivity() -> None:
    still = CURVES[1] | {"train/lambda": np.full((RUNS, EPOCHS), 0.1)}
    findings = findings_of(section(CELLS[:2], curves=[PLAIN, still]))
    assert "reactivity" not in [topic.key for topic in findings.sections]
    moving = findings_of(section(CELLS[:2], curves=[PLAIN, CURVES[1]]))
    assert [row[0] for row in moving.tables["reactivity"].rows] == ["vml"]


def test_short_trainings_get_fewer_lags() -> None:
    short = {name: series[:, :14] for name, series in CURVES[1].items()}
    found, _ = reactivity_of([cell("vml", STEADY)], [short])
    assert found["vml"].found.lags[-1] == 6


def test_a_training_too_short_is_told_in_words_of_the_report() -> None:
    short = {name: series[:, :5] for name, series in CURVES[1].items()}
    _, (reason,) = reactivity_of([cell("vml", STEADY)], [short])
    assert reason.startswith("vml: cannot say whether lambda moves with the test loss: ")
    assert reason.endswith("it takes at least 7")


def test_epochs_are_counted_in_whole_numbers() -> None:
    short = {name: series[:, :3] for name, series in CURVES[1].items()}
    axes = curves_figure([cell("vml", STEADY)], [short], Metric("test/loss"), [np.arange(3)]).axes[0]
    lags = reactivity_figure(reactivity_of(CELLS, CURVES)[0]).axes[-1]
    for ticks in (axes.get_xticks(), lags.get_xticks()):
        assert np.array_equal(ticks, np.round(ticks))


def test_the_figure_shows_the_numbers_and_one_row_per_cell() -> None:
    found, _ = reactivity_of(CELLS, CURVES)
    figure = reactivity_figure(found)
    scatter, by_lag, *others = figure.axes
    assert len(others) == 2
    vml = found["vml"].found
    dots, line = scatter.get_lines()
    assert np.asarray(dots.get_xdata()) == pytest.approx(vml.changes[0].ravel())
    assert np.ptp(line.get_ydata()) / np.ptp(line.get_xdata()) == pytest.approx(vml.slope)
    estimates = by_lag.get_lines()[-1]
    assert list(estimates.get_xdata()) == list(range(-10, 11))
    assert list(estimates.get_ydata()) == [r.estimate for r in vml.correlations]
    band = by_lag.collections[0].get_paths()[0].vertices
    assert {round(float(y), 9) for y in band[:, 1]} == {round(y, 9) for y in (*vml.band_low, *vml.band_high)}


def test_many_cells_are_in_the_table_and_four_in_the_figure() -> None:
    cells = [cell(f"m{k}", STEADY) for k in range(6)]
    found, _ = reactivity_of(cells, [CURVES[1]] * 6)
    assert len(reactivity_table(found).rows) == 6
    assert len(reactivity_figure(found).axes) == 8


def test_the_report_shows_it_only_where_both_series_are_there() -> None:
    with_it = render([section(CELLS, curves=CURVES)], command="")
    assert "Lambda is how strongly CLF or VML controls the loss at a step. Left" in with_it
    ids = re.findall(r'\bid="([^"]+)"', with_it)
    assert len(ids) == len(set(ids))
    without = render([section(CELLS, curves=[PLAIN] * 3)], command="")
    assert "lambda" not in without
