"""Figures with a panel for each method, axes that end where values do, and one meaning for a colour."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from seedwise.reporting._figures import Line, few_enough, intervals_figure, runs_figure
from seedwise.reporting._palette import BASE as BASE_COLOUR
from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._svg import inline
from seedwise.reporting.topics.curves import curves_figure, others_figure
from seedwise.reporting.topics.groups import group_size_figure
from seedwise.reporting.topics.sources import noise_figure
from seedwise.statistics import Interval, Metric

from .samples import BASE, STEADY, cell

RNG = np.random.default_rng(2)
CELLS = [cell("base", BASE), cell("vml", STEADY), cell("clf", STEADY)]
CURVES = [{"train/loss": RNG.random((12, 6)), "lr": np.full((12, 6), 0.1 * k)} for k in range(3)]
CURVES[2] = {"lr": CURVES[2]["lr"]}


def test_a_panel_for_each_method_that_logged_it_with_the_base_in_grey_in_all() -> None:
    figure = curves_figure(CELLS, CURVES, Metric("train/loss"), base="base")
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == ["base", "vml"]
    medians = [np.median(series["train/loss"], axis=0) for series in CURVES[:2]]
    for k, axes in enumerate(panels):
        lines = {line.get_color(): line.get_ydata() for line in axes.get_lines()}
        np.testing.assert_allclose(lines[BASE_COLOUR], medians[0])
        if k:
            np.testing.assert_allclose(lines[NEUTRAL], medians[1])
        (band,) = axes.collections
        tops = band.get_paths()[0].vertices[:, 1]
        assert np.isclose(tops.max(), CURVES[k]["train/loss"].max())


def test_names_stand_at_the_right_of_their_lines() -> None:
    figure = others_figure(CELLS, CURVES, ["lr"], [np.zeros(0, np.int64)] * 3, "base")
    axes = figure.axes[0]
    assert {text.get_text() for text in axes.texts} == {"base", "vml", "clf"}
    assert axes.get_xlim()[1] > 6
    assert max(axes.get_xticks()) <= 6


def test_a_share_is_drawn_from_0_to_100() -> None:
    share = Interval(1.0, 0.4, 1.0, 0.95, 20, "F")
    sources: Any = {"base": SimpleNamespace(share_of_noise=share), "vml": SimpleNamespace(share_of_noise=share)}
    (axes,) = noise_figure(sources, {"base"}).axes
    assert axes.get_xlim() == (0, 100)
    assert [line.get_xdata()[0] for line in axes.get_lines()] == [100, 100]
    assert [line.get_color() for line in axes.get_lines()] == [BASE_COLOUR, NEUTRAL]


def test_groups_of_twelve_methods_are_drawn_and_cut_at_the_edge() -> None:
    rows = [SimpleNamespace(size=size, reduction=-900.0, new_low=-2000.0, new_high=50.0) for size in (5, 10)]
    figure = group_size_figure({f"m{k}": rows for k in range(20)})  # type: ignore[arg-type]
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == 12
    assert panels[0].get_ylim()[0] > -200


def test_a_density_needs_ten_runs() -> None:
    (axes,) = runs_figure([cell("few", BASE[:9]), cell("many", BASE[:10])]).axes
    assert len(axes.collections) == 1


def test_colours_are_those_of_the_page_and_others_outside_it() -> None:
    svg = inline(lambda: noise_figure({}), "f")
    assert "var(--" not in svg
    share = Interval(0.5, 0.4, 0.6, 0.95, 20, "F")
    one: Any = {"base": SimpleNamespace(share_of_noise=share)}
    svg = inline(lambda: noise_figure(one, {"base"}), "f", "What <noise>?")
    assert f"var(--base, {to_hex(BASE_COLOUR)})" in svg
    assert 'aria-label="What &lt;noise&gt;?"' in svg


def test_one_method_far_from_all_others_hides_none_of_them() -> None:
    def line(name: str, estimate: float, half: float) -> Line:
        return Line(name, Interval(estimate, estimate - half, estimate + half, 0.95, 10, "t"), "black")

    near = [line(f"m{k}", 0.1 * k, 0.2) for k in range(4)]
    both = [*near, line("far", -8, 1)]
    rows = [cell(one.name, BASE) for one in both]
    (axes,) = intervals_figure(both, "difference", at=0).axes
    # In the middle an interval reaches to .4: the axis ends at six times that, and the far method is an arrow there.
    low, high = axes.get_xlim()
    assert -2.7 < low < -2.3
    assert 0.5 < high < 0.7
    assert [(drawn.get_marker(), drawn.get_xdata()[0]) for drawn in axes.lines if drawn.get_marker() in "<>"] == [
        ("<", pytest.approx(-2.4))
    ]
    assert few_enough(list(zip(rows, both, strict=True)), at=0)[1] == " An arrow: it goes on beyond the axis."
    assert few_enough(list(zip(rows, near, strict=False)), at=0) == (near, "")
