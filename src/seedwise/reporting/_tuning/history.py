"""The objective, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._svg import legend_above, new_figure
from seedwise.reporting._topic import Shown, Topic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seedwise.tuning import SearchResults, TrialResult

_CAPTION: Final = (
    "The objective, trial by trial (lower is better), the best so far as a line, the base on the same seeds "
    "dashed. Hollow: misses the floor; a cross: every run failed; at the upper edge: above it. Look at whether the "
    "best is far below the scatter, or one of many draws."
)
_COLOURS: Final = {"tuned": NEUTRAL, "base": BASE}
_LABELS: Final = {"tuned": "trials", "base": "trials of the base"}


def history_figure(results: SearchResults) -> Figure:
    """Draw the objective by trial, the best so far, and the base."""
    figure, axes = new_figure(3.0)
    top = _top(results.trials)
    tried = [trial for trial in results.trials if trial.name != results.base]
    arms = [arm for arm in ("tuned", "base") if any(trial.arm == arm and trial.params for trial in results.trials)]
    for arm in arms or ["tuned"]:
        _draw_arm(axes, [trial for trial in tried if trial.arm == arm], top, _COLOURS[arm], _LABELS[arm])
    own = next((trial.value for trial in results.trials if trial.name == results.base), None)
    if own is not None and not results.goal.is_relative:
        axes.axhline(own, color="black", linewidth=0.8, linestyle="--", label="base as it stands")
    axes.set_xlabel("trial")
    axes.set_ylabel("objective")
    legend_above(figure, axes)
    return figure


def _top(trials: Sequence[TrialResult]) -> float:
    """Return the upper edge: a trial that diverged would press all others together."""
    seen = [trial.value for trial in trials if trial.value is not None]
    sound = [trial.value for trial in trials if trial.value is not None and trial.is_sound] or seen
    low, high = min(sound), max(sound)
    return high + 0.15 * ((high - low) or abs(high) or 1.0)


def _draw_arm(axes: Axes, trials: Sequence[TrialResult], top: float, colour: str, label: str) -> None:
    known = [(number, trial.value, trial.short) for number, trial in enumerate(trials) if trial.value is not None]
    at = np.array([number for number, _, _ in known])
    values = np.minimum([value for _, value, _ in known], top)
    short = np.array([missed for _, _, missed in known], dtype=bool)
    axes.scatter(at[~short], values[~short], color=colour, s=18, label=label)
    axes.scatter(at[short], values[short], facecolors="none", edgecolors=colour, s=18)
    if (~short).any():
        best = np.minimum.accumulate(np.where(short, np.inf, values))
        axes.step(at, np.where(np.isfinite(best), best, np.nan), where="post", color=colour, linewidth=1.2)
    lost = [number for number, trial in enumerate(trials) if trial.state == "failed"]
    axes.plot(lost, [top] * len(lost), "x", color=colour, markersize=5)


def _show(results: SearchResults) -> Shown:
    known = any(trial.value is not None for trial in results.trials)
    return Shown(figures=[(partial(history_figure, results), _CAPTION)] if known else [])


TOPIC: Final = Topic("How did the search go, trial by trial?", _show, short="History")
