"""The forecasts of all runs beside the truth, for two windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._arms import is_base
from seedwise.reporting._forecasts import Forecasts
from seedwise.reporting._svg import folded
from seedwise.statistics import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEWEST_RUNS: Final = 3
_MOST_METHODS: Final = 4
_MOST_STEPS: Final = 193
_CAPTION: Final = (
    "{place}: forecasts of {variable} by all runs (light), the middle half of them (dark) and their median (line), "
    "beside the truth (black; left of 0 is what the networks saw), standardised. Of the {count} windows kept: "
    "left, after row {rows[0]}, the one in which runs of {first} differ as they usually do (median); right, after row "
    "{rows[1]}, the one in which they differ most. {variable} is the variable in which they differ most. Look at how "
    "wide the fan is beside its distance from the truth, which no choice of a seed removes.{rest}"
)


@dataclass(frozen=True)
class Fan:
    """What is shown of the forecasts of one task and regime.

    Attributes:
        forecasts: by method, the base first: values (R, 2, H) of one variable in two windows.
        truth: (2, H).
        history: (2, L), what came before.
        caption: what to look for.

    """

    forecasts: dict[str, NDArray[np.float64]]
    truth: NDArray[np.float32]
    history: NDArray[np.float32]
    caption: str


def fans_of(cells: Sequence[Cell], forecasts: Sequence[Forecasts | None], base: str) -> list[Fan]:
    """Choose two windows and a variable for every task and regime in which three or more runs kept their forecasts.

    Decided by the variance over the runs of the base (or of the first method): the windows are those of the median and
    of the largest variance, over steps and variables, and the variable is that of the largest, over all windows kept.

    Args:
        cells: the cells.
        forecasts: for each cell what its runs forecast, or None.
        base: the method that decides.

    """
    fans = []
    regimes = len({cell.regime for cell in cells}) > 1
    for place in dict.fromkeys((cell.task, cell.regime) for cell in cells):
        base_first = sorted(zip(cells, forecasts, strict=True), key=lambda one: not is_base(one[0], base))
        kept = {
            cell.method: found
            for cell, found in base_first
            if (cell.task, cell.regime) == place and found is not None and _is_shown(found)
        }
        if kept:
            fans.append(_fan(kept, ", ".join(place) if regimes else place[0]))
    return fans


def _is_shown(found: Forecasts) -> bool:
    return found.sample is not None and len(found.sample) >= _FEWEST_RUNS


def _fan(kept: dict[str, Forecasts], place: str) -> Fan:
    name, first = next(iter(kept.items()))
    same = first.windows[first.sampled]
    kept = {method: found for method, found in kept.items() if np.array_equal(found.windows[found.sampled], same)}
    sample, truth, history = (np.asarray(part) for part in (first.sample, first.truth, first.history))
    variance = sample.astype(np.float64).var(axis=0)
    variable = int(variance.mean(axis=(0, 1)).argmax())
    order = np.argsort(variance.mean(axis=(1, 2)), kind="stable")
    windows = [int(order[(len(order) - 1) // 2]), int(order[-1])]
    shown = list(kept)[:_MOST_METHODS]
    rest = list(kept)[_MOST_METHODS:]
    return Fan(
        {method: _of_variable(np.asarray(kept[method].sample), windows, variable) for method in shown},
        truth[windows, :, variable],
        history[windows, :, variable],
        _CAPTION.format(
            place=place,
            variable=first.variables[variable],
            first=name,
            count=len(order),
            rows=(same[windows] + history.shape[1]).tolist(),
            rest=f" Not drawn: {', '.join(rest)}." if rest else "",
        ),
    )


def _of_variable(sample: NDArray[Any], windows: list[int], variable: int) -> NDArray[np.float64]:
    return sample[:, windows, :, variable].astype(np.float64)


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
            _draw(axes, values[:, k], fan.truth[k], fan.history[k])
        row[0].set_title(folded(method), fontsize=9, loc="left")
    figure.supxlabel("step ahead", fontsize=10)
    return figure


def _draw(axes: Axes, forecasts: NDArray[np.float64], truth: NDArray[np.float32], history: NDArray[np.float32]) -> None:
    horizon = len(truth)
    # More points than a figure has pixels would make large reports larger.
    steps = np.unique(np.linspace(0, horizon - 1, min(horizon, _MOST_STEPS)).round().astype(int))
    low, quarter, median, three_quarters, high = np.quantile(forecasts[:, steps], [0, 0.25, 0.5, 0.75, 1], axis=0)
    axes.fill_between(steps + 1, low, high, color="C0", alpha=0.25, linewidth=0)
    axes.fill_between(steps + 1, quarter, three_quarters, color="C0", alpha=0.4, linewidth=0)
    axes.plot(steps + 1, median, color="C0", linewidth=1)
    seen = history[-max(horizon // 2, 1) :]
    past = np.unique(np.linspace(1 - len(seen), 0, min(len(seen), _MOST_STEPS)).round().astype(int))
    at = np.concatenate([past, steps + 1])
    axes.plot(at, np.concatenate([seen[past - 1], truth[steps]]), color="black", linewidth=0.8)
    axes.axvline(0.5, color="black", linewidth=0.5, linestyle=":")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
