"""The forecasts of all runs next to the truth, for two windows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._svg import folded
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics.core.formatting import of_first_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seedwise.study import Fan

_MOST_STEPS: Final = 193
_CAPTION: Final = (
    "{place}: forecasts of {variable} by {whose} (light), the middle half of them (dark) and their median (line), "
    "next to the truth (black; left of 0 is what the networks saw), standardized. Of the {count} windows kept: "
    "left, after row {rows[0]}, the one in which runs of {first} differ as they usually do (median); right, after row "
    "{rows[1]}, the one in which they differ most. {variable} is the variable in which they differ most. Look at how "
    "wide the fan is compared with its distance from the truth, which no choice of a seed removes.{rest}"
)


def fan_caption(fan: Fan, *, several_regimes: bool) -> str:
    """Return what to look for in a figure.

    Args:
        fan: what is shown.
        several_regimes: whether the study has several.

    """
    history = fan.choice.history.shape[1]
    rest = f" Not drawn: {', '.join(fan.left_out)}." if fan.left_out else ""
    parts = [f"{method}{of_first_runs(count)}" for method, count in fan.of_first.items()]
    return _CAPTION.format(
        place=f"{fan.task}, {fan.regime}" if several_regimes else fan.task,
        variable=fan.variable,
        whose="runs" if parts else "all runs",
        first=next(iter(fan.forecasts)),
        count=fan.choice.count,
        rows=[window + history for window in fan.choice.windows],
        rest=rest + (f" Drawn: {', '.join(parts)}." if parts else ""),
    )


def fan_figure(fan: Fan) -> Figure:
    """Draw a row of two windows for every method.

    Args:
        fan: what is shown.

    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 0.5 + 1.25 * len(fan.forecasts)), layout="constrained")
    panels = figure.subplots(len(fan.forecasts), 2, sharex=True, sharey="col", squeeze=False)
    for row, (method, values) in zip(panels, fan.forecasts.items(), strict=True):
        for k, axes in enumerate(row):
            _draw(axes, values[:, k], fan.choice.truth[k], fan.choice.history[k])
        row[0].set_title(folded(method), fontsize=9, loc="left")
    figure.supxlabel("step ahead", fontsize=10)
    return figure


def _draw(axes: Axes, forecasts: NDArray[np.float64], truth: NDArray[np.float32], history: NDArray[np.float32]) -> None:
    horizon = len(truth)
    # More points than a figure has pixels would make large reports larger.
    steps = np.unique(np.linspace(0, horizon - 1, min(horizon, _MOST_STEPS)).round().astype(int))
    low, quarter, median, three_quarters, high = np.quantile(forecasts[:, steps], [0, 0.25, 0.5, 0.75, 1], axis=0)
    axes.fill_between(steps + 1, low, high, color=NEUTRAL, alpha=0.25, linewidth=0)
    axes.fill_between(steps + 1, quarter, three_quarters, color=NEUTRAL, alpha=0.4, linewidth=0)
    axes.plot(steps + 1, median, color=NEUTRAL, linewidth=1)
    seen = history[-max(horizon // 2, 1) :]
    past = np.unique(np.linspace(1 - len(seen), 0, min(len(seen), _MOST_STEPS)).round().astype(int))
    at = np.concatenate([past, steps + 1])
    axes.plot(at, np.concatenate([seen[past - 1], truth[steps]]), color="black", linewidth=0.8)
    axes.axvline(0.5, color="black", linewidth=0.5, linestyle=":")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def _show(found: Compared) -> Shown:
    several = len({cell.regime for cell in found.cells}) > 1
    return Shown(
        figures=[(partial(fan_figure, fan), fan_caption(fan, several_regimes=several)) for fan in found.study.fans]
    )


TOPIC: Final = Topic("What do the forecasts look like next to the truth?", _show, short="Forecasts")
