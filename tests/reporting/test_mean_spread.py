"""SD against mean, for a few methods and for ablations."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from seedwise.reporting import render, results_of
from seedwise.reporting._palette import BASE as BASE_COLOUR
from seedwise.reporting._palette import NEUTRAL, RESOLVED
from seedwise.reporting.topics.mean_spread import caption, mean_spread_figure
from seedwise.statistics import Cell, Metric, spread

from .samples import BASE, STEADY, cell, description, level, section

RNG = np.random.default_rng(8)
ABLATION = [
    *(cell(name, 0.95 + 0.002 * RNG.normal(size=12)) for name in ("base", "vml")),
    *(
        level(factor, value, 0.95 + 0.002 * RNG.normal(size=12))
        for factor in ("alpha", "beta", "delta")
        for value in (0.1, 0.2, 0.4, 0.8)
    ),
]


def drawn(cells: list[Cell]) -> tuple:
    rows = results_of(description(), cells).comparisons
    return mean_spread_figure(cells, rows), caption(cells, rows)


def points(axes) -> dict[str, tuple[float, float]]:
    return {line.get_label(): (line.get_xdata()[0], line.get_ydata()[0]) for line in axes.get_lines()}


def place(one: Cell) -> tuple[float, float]:
    return pytest.approx((100 * one.values.mean(), 100 * one.values.std(ddof=1)))


def test_every_method_is_a_point_with_both_intervals() -> None:
    figure, _ = drawn([cell("base", BASE), cell("vml", STEADY)])
    (axes,) = figure.axes
    assert points(axes) == {"base": place(cell("base", BASE)), "vml": place(cell("vml", STEADY))}
    across, up = (lines.get_segments()[0] for lines in axes.collections[:2])
    mean = stats.t.interval(0.95, 11, 100 * BASE.mean(), 100 * stats.sem(BASE))
    assert across[:, 0] == pytest.approx(mean)
    s = spread(100 * BASE)
    assert up[:, 1] == pytest.approx([s.low, s.high])
    assert axes.get_ylim()[0] == 0


def test_a_colour_says_whether_a_method_is_the_base_or_differs_from_it() -> None:
    others = [cell(f"m{k}", RNG.permutation(BASE)) for k in range(2)]
    figure, _ = drawn([cell("base", BASE), cell("vml", STEADY), *others])
    colours = {line.get_label(): line.get_color() for line in figure.axes[0].get_lines()}
    assert (colours["base"], colours["vml"]) == (BASE_COLOUR, RESOLVED)
    assert {colours[f"m{k}"] for k in range(2)} == {NEUTRAL}


def test_names_stand_beside_their_points_and_on_no_other_name() -> None:
    figure, _ = drawn([cell("base", BASE), cell("vml", STEADY), *(cell(f"method-{k}", BASE) for k in range(20))])
    (axes,) = figure.axes
    figure.draw_without_rendering()
    texts = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert {"base", "vml"} <= texts.keys()
    assert len(texts) < 22, "there is no room for twenty names at one point"
    boxes = list(texts.values())
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
    assert all(box.x0 >= axes.bbox.x0 and box.x1 <= axes.bbox.x1 for box in boxes)


def test_an_ablation_has_a_panel_for_every_factor_with_the_base_in_each() -> None:
    figure, words = drawn(ABLATION)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == ["alpha", "beta", "delta"]
    by_name = {one.method: one for one in ABLATION if one.factor is None}
    by_level = {(one.factor, str(one.level)): one for one in ABLATION}
    for axes, factor in zip(panels, ("alpha", "beta", "delta"), strict=True):
        values = ["0.1", "0.2", "0.4", "0.8"]
        expected = {value: place(by_level[factor, value]) for value in values}
        assert points(axes) == expected | {name: place(by_name[name]) for name in ("base", "vml")}
        assert {text.get_text() for text in axes.texts} <= {*values, "base", "vml"}
        hollow = [line.get_label() for line in axes.get_lines() if line.get_markerfacecolor() == "none"]
        assert hollow == ["base", "vml"]
    assert "Each panel changes one factor" in words
    assert "lies to the left" in words


def test_one_method_per_factor_is_no_ablation() -> None:
    figure, words = drawn([cell("base", BASE), level("lr", 0.1, STEADY), level("width", 2, STEADY)])
    assert len(figure.axes) == 1
    assert "panel" not in words


def test_regimes_of_an_ablation_have_panels_of_their_own() -> None:
    draw = lambda: 0.9 + 0.01 * RNG.normal(size=12)  # noqa: E731
    cells = [
        one
        for r in ("all", "init")
        for one in (cell("base", draw(), regime=r), level("a", 1, draw(), regime=r), level("a", 2, draw(), regime=r))
    ]
    figure, _ = drawn(cells)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a (all)", "a (init)"]


def test_a_loss_is_worse_to_the_right() -> None:
    change = {"metric": Metric("test/loss", higher_is_better=False)}
    _, words = drawn([cell("base", BASE, **change), cell("vml", STEADY, **change)])
    assert "lies to the right" in words


def test_the_report_draws_an_ablation() -> None:
    assert "Each panel changes one factor" in render([section(ABLATION)], command="")


def test_numbers_below_the_axis_do_not_touch() -> None:
    ramp = stats.zscore(np.arange(10.0), ddof=1)
    steady, loose = 0.387 + 0.0016 * ramp, 0.3907 + 0.0128 * ramp
    change = {"metric": Metric("test/mse", higher_is_better=False)}
    figure, _ = drawn([cell("base", steady, **change), cell("vml", loose, **change)])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    shown = [label for label in axes.get_xticklabels() if low <= label.get_position()[0] <= high]
    boxes = [label.get_window_extent() for label in shown]
    assert len(boxes) > 2
    assert all(left.x1 + 3 < right.x0 for left, right in pairwise(boxes))
