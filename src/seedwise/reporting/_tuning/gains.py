"""The choice next to the base, in the search and on fresh seeds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._svg import label_rows, legend_above, new_figure
from seedwise.reporting._table import Table
from seedwise.reporting._topic import Shown, Topic
from seedwise.reporting._tuning.units import (
    NAMES,
    QUANTITIES,
    gain_interval_text,
    gain_text,
    level_text,
    optimism_text,
)
from seedwise.statistics import Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.tuning import SearchResults

_NOTE: Final = (
    "Gain: how much better the choice is than the base; SD and churn in percent of the base's, the mean in its own "
    "unit. The search's gain is that of the best of many trials, on the seeds and examples that it was chosen by. "
    "Optimism is that gain less the one on fresh seeds and test data, by which nothing was chosen; the column between "
    "tells what of it goes with the seeds alone. Only the gains on test data are results."
)
_CAPTION: Final = (
    "The gain over the base: in the search, with fresh seeds on the same validation data, and with fresh "
    "seeds on the test set with its 95 % interval. The way from the first to the last is the search's optimism."
)
_LEFT: Final = -150.0
"""Where an interval goes on to the left, in percent."""


def gains_table(results: SearchResults) -> Table:
    """Lay out the choice next to the base, the gain, and what is left of it on fresh seeds."""
    gains, metric = results.gains, results.metric
    if gains.search is None:
        return Table([], [])
    columns = ["quantity", f"base (search, n = {gains.search.base.runs})", "choice", "gain"]
    if gains.test is not None:
        fresh = gains.test.base.runs
        columns += [f"fresh seeds (n = {fresh}), validation: gain", "fresh seeds, test: gain [95 %]", "optimism"]
    rows = []
    for name in QUANTITIES:
        base, tuned = gains.search.base.level(name), gains.search.tuned.level(name)
        if base is None or tuned is None:
            continue
        row = [NAMES[name], *(level_text(metric, name, value) for value in (base, tuned))]
        row.append(gain_text(metric, name, gains.search.of(name)))
        if gains.test is not None:
            validation = None if gains.validation is None else gains.validation.of(name)
            row += [gain_text(metric, name, validation), _on_test_data(results, name)]
            row.append(optimism_text(metric, name, gains.optimism(name)))
        rows.append(row)
    return Table(columns, rows)


def _on_test_data(results: SearchResults, name: Quantity) -> str:
    gain = None if results.gains.test is None else results.gains.test.of(name)
    known = None if results.confirmation is None else results.confirmation.gains.get(name)
    if known is None or gain is None:
        return gain_text(results.metric, name, gain)
    return gain_interval_text(results.metric, name, known)


def gains_figure(results: SearchResults) -> Figure:
    """Draw the reduction of SD and churn: in the search, and on fresh seeds with its interval."""
    spreads: tuple[Quantity, ...] = ("sd", "churn")
    searched = results.gains.search
    names = [name for name in spreads if searched is not None and searched.of(name) is not None]
    figure, axes = new_figure(0.9 + 0.6 * len(names))
    for gain, lift, marker, label in (
        (searched, -0.15, "o", "search"),
        (results.gains.validation, 0.0, "s", "fresh seeds, validation"),
    ):
        if gain is not None:
            x = np.array([gain.of(name) for name in names], dtype=float)
            axes.plot(x, np.arange(len(names)) + lift, marker, mfc="none", color=NEUTRAL, markersize=6, label=label)
    known = {} if results.confirmation is None else results.confirmation.gains
    there = [(k + 0.15, known[name]) for k, name in enumerate(names) if name in known]
    at = [height for height, _ in there]
    axes.hlines(at, [max(i.low, _LEFT) for _, i in there], [i.high for _, i in there], color=NEUTRAL, linewidth=2)
    axes.plot([max(i.estimate, _LEFT) for _, i in there], at, "o", color=NEUTRAL, label="fresh seeds, test")
    axes.axvline(0, color="black", linewidth=0.8)
    label_rows(axes, [NAMES[name] for name in names])
    axes.set_xlabel("reduction against the base [%], right is steadier")
    legend_above(figure, axes)
    return figure


def _show(results: SearchResults) -> Shown:
    figures = [] if results.gains.test is None else [(partial(gains_figure, results), _CAPTION)]
    return Shown(gains_table(results), _NOTE, figures)


TOPIC: Final = Topic("What did the search see, and what do fresh seeds say?", _show, short="Gains")
