"""What a report shows of forecasts: errors as in papers, spread by step and variable, fans, published means."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting import render
from seedwise.reporting._findings import findings_of
from seedwise.reporting.topics.fans import fan_caption, fan_figure
from seedwise.reporting.topics.steps import horizon_figure
from seedwise.statistics import spread
from seedwise.study import Network
from seedwise.study._fans import fans_of

from .forecast_samples import CELLS, FORECASTS, HORIZON, LOOKBACK, RUNS, VARIABLES, forecasting, forecasts_section
from .samples import cell, section


def rows(key: str, **changes: Any) -> list[dict[str, str]]:
    table = findings_of(forecasts_section(**changes)).tables[key]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def numbers(text: str) -> list[float]:
    return [float(part) for part in re.findall(r"-?\d*\.?\d+", text)]


def test_errors_stand_as_in_papers_with_their_sd() -> None:
    base, published, clf, naive = rows("forecasts")
    assert [row["method"] for row in (base, published, clf, naive)] == ["base", "base, published", "clf", "naive"]
    assert {row["task"] for row in (base, published, clf, naive)} == {"series-12"}
    assert (base["n"], published["n"], naive["n"]) == (str(RUNS), "", "")
    for row, places in ((base, (0, 2)), (clf, (1, 3))):
        for network, place in zip(("dlinear", "itransformer"), places, strict=True):
            for kind, values in zip(("MSE", "MAE"), FORECASTS[place].by_step.mean(2).T, strict=True):
                sd = spread(values)
                shown = numbers(row[f"{network} {kind}"])
                assert shown == pytest.approx([values.mean(), np.std(values, ddof=1), sd.low, sd.high], abs=6e-4)
    assert [published[f"dlinear {kind}"] for kind in ("MSE", "MAE")] == ["1.020", ".950"]
    assert [published[f"itransformer {kind}"] for kind in ("MSE", "MAE")] == ["1.100", ""]
    assert [naive[f"{network} {kind}"] for network in ("dlinear", "itransformer") for kind in ("MSE", "MAE")] == [
        "2.500", "1.250", "2.500", "1.250"
    ]  # fmt: skip


def test_two_tasks_with_one_network_and_series_have_rows_of_their_own() -> None:
    table = rows("forecasts", networks=[Network("series-12", "dlinear")] * 4)
    assert [(row["task"], row["method"]) for row in table if row["method"] in ("base", "clf")] == [
        (task, method) for task in ("linear-network-12", "transformer-12") for method in ("base", "clf")
    ]  # fmt: skip


def test_a_network_that_was_not_trained_on_a_series_leaves_its_place_empty() -> None:
    table = rows("forecasts", networks=[Network("a", "dlinear")] * 2 + [Network("b", "itransformer")] * 2)
    (of_b,) = [row for row in table if (row["task"], row["method"]) == ("b", "base")]
    assert of_b["dlinear MSE"] == ""
    assert of_b["itransformer MSE"] != ""


def test_our_means_stand_beside_published_ones_with_their_t_interval() -> None:
    mse, mae, other = rows("published-means")
    assert [(row["task"], row["metric"]) for row in (mse, mae, other)] == [
        ("linear-network-12", "mse"), ("linear-network-12", "mae"), ("transformer-12", "mse")
    ]  # fmt: skip
    for row, place, kind, published in ((mse, 0, 0, 1.02), (mae, 0, 1, 0.95), (other, 2, 0, 1.1)):
        values = FORECASTS[place].by_step[:, kind].mean(1)
        expected = [values.mean(), *stats.t.interval(0.95, RUNS - 1, values.mean(), stats.sem(values))]
        assert numbers(row["ours [95 %]"]) == pytest.approx(expected, abs=6e-5)
        shares = [100 * (value / published - 1) for value in expected]
        assert numbers(row["ours less it, in % of it [95 %]"]) == pytest.approx(shares, abs=0.06)
        assert row["n"] == str(RUNS)
    assert "published" not in findings_of(forecasts_section()).tables  # of SDs there is none


def test_steps_of_the_horizon() -> None:
    table = [row for row in rows("steps") if row["method"] == "clf (linear-network-12)"]
    assert [row["step"] for row in table] == ["1", "3", "6", "9", "12"]
    for row in table:
        for k, kind in enumerate(("MSE", "MAE")):
            values = FORECASTS[1].by_step[:, k, int(row["step"]) - 1]
            assert float(row[kind]) == pytest.approx(values.mean(), abs=6e-4)
            sd = spread(values)
            expected = [np.std(values, ddof=1), sd.low, sd.high]
            assert numbers(row[f"SD of {kind} [95 %]"]) == pytest.approx(expected, abs=6e-4)
        squared = FORECASTS[1].by_step[:, 0, int(row["step"]) - 1]
        assert numbers(row["SD / MSE"]) == pytest.approx([100 * squared.std(ddof=1) / squared.mean()], abs=0.06)


def test_variables() -> None:
    table = [row for row in rows("variables") if row["method"] == "base (transformer-12)"]
    assert [row["variable"] for row in table] == list(VARIABLES)
    for k, row in enumerate(table):
        values = FORECASTS[2].by_variable[:, 1, k]
        assert float(row["MAE"]) == pytest.approx(values.mean(), abs=6e-4)
        assert numbers(row["SD of MAE [95 %]"])[0] == pytest.approx(np.std(values, ddof=1), abs=6e-4)


def test_of_many_variables_those_of_the_largest_spread_are_shown() -> None:
    many = np.random.default_rng(3).normal(size=(RUNS, 2, 20)) * np.linspace(1, 2, 20)[::-1]
    many[:, :, 5] /= 100
    found = SimpleNamespace(**{**vars(FORECASTS[0]), "by_variable": many, "variables": tuple(map(str, range(20)))})
    table = rows("variables", forecasts=[found, None, None, None])
    widest = sorted(range(20), key=lambda k: -np.std(many[:, 0, k], ddof=1))[:12]
    assert [row["variable"] for row in table] == [str(k) for k in sorted(widest)]


def test_two_runs_have_no_spread() -> None:
    few = [
        SimpleNamespace(**{**vars(f), **{name: getattr(f, name)[:2] for name in ("by_step", "by_variable", "sample")}})
        for f in FORECASTS
    ]
    cells = [forecasting(c.method, f, c.task) for c, f in zip(CELLS, few, strict=True)]
    given = forecasts_section(cells, forecasts=few, metrics=[{"test/mse": c.values} for c in cells])
    tables = findings_of(given).tables
    assert not {"steps", "variables"} & tables.keys()
    assert tables["forecasts"].rows[0][3:5] == [f"{cells[0].values.mean():.3f}", "-"]
    assert tables["published-means"].rows[0][-3:] == ["-", "2", "-"]
    assert fans_of(cells, few, "base") == []


def test_the_profile_is_the_sd_at_each_step_with_the_interval_of_the_base() -> None:
    figure = horizon_figure(CELLS, FORECASTS, "base")
    first, second = figure.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["linear-network-12", "transformer-12"]
    for axes, places in ((first, (0, 1)), (second, (2, 3))):
        for line, place in zip(axes.get_lines(), places, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), np.arange(1, HORIZON + 1))
            np.testing.assert_allclose(line.get_ydata(), FORECASTS[place].by_step[:, 0].std(axis=0, ddof=1))
        (band,) = axes.collections
        tops = {x: y for x, y in band.get_paths()[0].vertices.tolist() if y > 0}
        assert min(tops) == 1
        limits = [spread(column) for column in FORECASTS[places[0]].by_step[:, 0].T]
        assert max(y for _, y in band.get_paths()[0].vertices.tolist()) == pytest.approx(max(i.high for i in limits))


def test_a_long_horizon_is_thinned() -> None:
    long = SimpleNamespace(**{**vars(FORECASTS[0]), "by_step": np.random.default_rng(0).uniform(size=(RUNS, 2, 720))})
    (axes,) = horizon_figure(CELLS[:1], [long], "base").axes
    (line,) = axes.get_lines()
    x, y = line.get_xdata(), line.get_ydata()
    assert (x[0], x[-1], len(x)) == (1, 720, 97)
    np.testing.assert_allclose(y, long.by_step[:, 0, np.asarray(x) - 1].std(axis=0, ddof=1))


def test_fans_show_the_usual_window_and_the_widest() -> None:
    shuffled = [FORECASTS[1], FORECASTS[0]]
    (fan,) = fans_of([CELLS[1], CELLS[0]], shuffled, "base")
    assert list(fan.forecasts) == ["base", "clf"]  # the base first, wherever it stands
    for method, place in (("base", 0), ("clf", 1)):
        expected = [[run[window, :, 1] for window in (2, 3)] for run in FORECASTS[place].sample]
        assert fan.forecasts[method].shape == (RUNS, 2, HORIZON)
        np.testing.assert_array_equal(fan.forecasts[method], expected)
    np.testing.assert_array_equal(fan.choice.truth, FORECASTS[0].truth[[2, 3], :, 1])
    np.testing.assert_array_equal(fan.choice.history, FORECASTS[0].history[[2, 3], :, 1])
    caption = fan_caption(fan, several_regimes=False)
    assert caption.startswith("linear-network-12: forecasts of wind by all runs")
    assert f"after row {102 + LOOKBACK}," in caption
    assert f"after row {103 + LOOKBACK}," in caption
    assert fan_caption(fan, several_regimes=True).startswith("linear-network-12, all: ")


def test_a_fan_holds_all_runs_and_the_truth() -> None:
    fan, _ = fans_of(CELLS, FORECASTS, "base")
    axes = fan_figure(fan).axes[1]  # the widest window of the base
    values = np.stack([run[3, :, 1] for run in FORECASTS[0].sample]).astype(np.float64)
    outer, inner = (band.get_paths()[0].vertices for band in axes.collections)
    assert (outer[:, 1].min(), outer[:, 1].max()) == pytest.approx((values.min(), values.max()))
    low, high = np.quantile(values, [0.25, 0.75], axis=0)
    assert (inner[:, 1].min(), inner[:, 1].max()) == pytest.approx((low.min(), high.max()))
    median, truth, _ = axes.get_lines()
    np.testing.assert_allclose(median.get_ydata(), np.median(values, axis=0))
    past = LOOKBACK  # half of 12 steps
    np.testing.assert_array_equal(truth.get_xdata(), np.arange(1 - past, HORIZON + 1))
    np.testing.assert_array_equal(truth.get_ydata(), np.concatenate([fan.choice.history[1], fan.choice.truth[1]]))


def test_methods_that_are_not_drawn_are_named_and_other_windows_left_out() -> None:
    names = ["base", "a", "b", "c", "d", "e"]
    cells = [forecasting(name, FORECASTS[0]) for name in names]
    elsewhere = SimpleNamespace(**{**vars(FORECASTS[0]), "windows": FORECASTS[0].windows + 7})
    kept = [FORECASTS[0], elsewhere, *[FORECASTS[0]] * 4]
    (fan,) = fans_of(cells, kept, "base")
    assert list(fan.forecasts) == ["base", "b", "c", "d"]
    assert fan_caption(fan, several_regimes=False).endswith("Not drawn: e.")


def test_without_kept_forecasts_there_is_no_fan() -> None:
    bare = [SimpleNamespace(**{**vars(f), "sample": None, "truth": None, "history": None}) for f in FORECASTS]
    assert fans_of(CELLS, bare, "base") == []
    page = render([forecasts_section(forecasts=bare, fans=fans_of(CELLS, bare, "base"))], command="")
    assert "the grey band is the 95 % interval of base" in page
    assert "forecasts of wind" not in page


def test_the_page_shows_all_of_it() -> None:
    page = render([forecasts_section()], command="")
    for text in (
        "How large are the errors, as papers show them?", "Do the published means come out?",
        "Where along the horizon do runs differ?", "Which variables make the spread?",
        "the grey band is the 95 % interval of base",
        "linear-network-12: forecasts of wind by all runs", "transformer-12: forecasts of wind by all runs",
    ):  # fmt: skip
        assert text in page
    # Each task trains a network of its own, so that the title names none.
    assert (
        "</strong> &middot; linear-network-12, transformer-12, all sources vary, 8 replicates paired by seed</p>"
        in page
    )


def test_classes_have_none_of_it() -> None:
    tables = findings_of(section([cell("base", [0.9, 0.91, 0.93]), cell("vml", [0.9, 0.92, 0.93])])).tables
    assert not {"forecasts", "steps", "variables", "published-means"} & tables.keys()
