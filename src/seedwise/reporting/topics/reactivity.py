"""Whether lambda of a controlled loss moves with the test loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._svg import folded, whole_ticks
from seedwise.reporting._table import METHOD, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, CellReactivity, Reactivity
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.reactivity import reactivities
from seedwise.statistics.core.formatting import interval, number, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LAMBDA: Final = "train/lambda"
LOSS: Final = "test/loss"
_MOST_ROWS: Final = 4
_READINGS: Final = {
    "moves": "moves with its own run's loss",
    "not resolved": "not seen to differ from other runs' loss",
    "too few runs": "{n} runs are too few to tell",
}

_CAPTION: Final = (
    "Lambda is how strongly CLF or VML controls the loss at a step. Left: every change of lambda from one epoch to "
    "the next, against the change of the test loss one epoch later, each run standardized, with the line of least "
    "squares. Right: their correlation by lag (positive: lambda leads), the mean over runs with 95 % intervals. Do "
    "not look for dots far from 0: the learning rate moves lambda and the loss of all runs together. Look for dots "
    "outside the grey band, where at most one study in 20 has any of them if lambda of a run has no more to do with "
    "its own loss than with another run's; and whether the placebo has them too. Dotted: of the series averaged over "
    "runs first, as in the paper."
)
_NOTE: Final = (
    "Correlation of the changes of lambda with those of the test loss one epoch later: within runs; of lambda in one "
    "run with the loss of another, which is what a schedule that all runs share makes by itself; and of the series "
    "averaged over runs first, as in the paper, which cancels what is each run's own and so comes out larger with more "
    "runs whether or not anything reacts. Peak: the lag at which runs differ most from pairs of different runs; p: of "
    "that, as the largest of all lags, over permutations of the runs, corrected (Holm)."
)


def reactivity_of(
    cells: Sequence[Cell], curves: Sequence[Mapping[str, NDArray[np.float64]]]
) -> tuple[dict[str, CellReactivity], list[str]]:
    """Return how lambda goes with the test loss, for every cell that logged both; the second result says why not.

    Args:
        cells: the cells.
        curves: for each cell its series, (runs, epochs).

    """
    found: dict[str, CellReactivity] = {}
    unknown: dict[str, list[str]] = {}
    both = [(series[LAMBDA], series[LOSS]) if {LAMBDA, LOSS} <= series.keys() else None for series in curves]
    for one, name in zip(reactivities(both), names_of(cells), strict=True):
        if isinstance(one, str):
            unknown.setdefault(one, []).append(name)
        elif one is not None:
            found[name] = one
    what = "cannot say whether lambda moves with the test loss"
    return found, [f"{', '.join(names)}: {what}: {reason}" for reason, names in unknown.items()]


def reactivity_table(found: Mapping[str, CellReactivity]) -> Table:
    """Lay out the correlations at lag 1 and the peaks."""
    rows = []
    for name, one in found.items():
        r = one.found
        at_one = r.lags.index(1)
        rows.append(
            [
                name,
                str(r.n),
                str(r.epochs),
                interval(r.correlations[at_one], 2),
                number(r.elsewhere[at_one], 2),
                number(r.averaged[at_one], 2),
                f"{r.peak:+d}",
                p_value(one.p_adjusted),
                _READINGS[one.reading].format(n=r.n),
            ]
        )
    columns = [METHOD, N, "epochs", "r at lag +1 [95 %]", "with another run's loss", "averaged over runs first"]
    return Table([*columns, "peak at lag", "p", "lambda"], rows)


def reactivity_figure(found: Mapping[str, CellReactivity]) -> Figure:
    """Draw one row per cell: changes of lambda against those of the loss, and their correlation by lag.

    Args:
        found: by cell, what ``reactivity_of`` gave; the first four are drawn.

    """
    from matplotlib.figure import Figure

    shown = list(found.items())[:_MOST_ROWS]
    figure = Figure(figsize=(4.8, 0.5 + 2.1 * len(shown)), layout="constrained", dpi=200)
    grid = figure.subplots(len(shown), 2, sharex="col", sharey="col", squeeze=False, width_ratios=[2, 3])
    for (scatter, by_lag), (name, one) in zip(grid, shown, strict=True):
        r = one.found
        for axes in (scatter, by_lag):
            axes.spines[["top", "right"]].set_visible(False)
        _scatter(scatter, r)
        _by_lag(by_lag, r)
        by_lag.set_title(folded(name), fontsize=10, loc="left")
    grid[-1, 0].set_xlabel("change of lambda")
    grid[-1, 1].set_xlabel("lag [epochs]")
    whole_ticks(grid[-1, 1])
    return figure


def _scatter(axes: Axes, r: Reactivity) -> None:
    moves, answers = r.changes
    # As an image: thousands of dots would make the page large.
    axes.plot(moves.ravel(), answers.ravel(), ".", color=NEUTRAL, alpha=0.4, markersize=3, rasterized=True)
    ends = np.array([moves.min(), moves.max()])
    axes.plot(ends, r.slope * ends, color="black")
    axes.set_ylabel("change of test loss")


def _by_lag(axes: Axes, r: Reactivity) -> None:
    lags = np.array(r.lags)
    axes.fill_between(lags, r.band_low, r.band_high, color=BASE, alpha=0.3, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.plot(lags, r.averaged, ":", color=NEUTRAL, linewidth=1.2)
    axes.vlines(lags, [c.low for c in r.correlations], [c.high for c in r.correlations], color=NEUTRAL, linewidth=1.2)
    axes.plot(lags, [c.estimate for c in r.correlations], "o", color=NEUTRAL, markersize=3)
    axes.set_ylabel("r")


def _show(found: Compared) -> Shown:
    moves, reasons = reactivity_of(found.cells, [part.curves for part in found.study.parts])
    figures = [(partial(reactivity_figure, moves), _CAPTION)] if moves else []
    return Shown(reactivity_table(moves), _NOTE, figures, reasons)


TOPIC: Final = Topic("Does the control of the loss (lambda) move with the test loss?", _show, short="Lambda")
