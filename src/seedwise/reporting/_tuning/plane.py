"""Spread against mean of all trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._palette import BASE, NEUTRAL
from seedwise.reporting._svg import new_figure
from seedwise.reporting._topic import Shown, Topic
from seedwise.statistics import Interval
from seedwise.statistics.means.mean_interval import mean_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.tuning import SearchResults, TrialResult

_CAPTION: Final = (
    "Spread against mean of the trials on validation data, with 95 % intervals; joined by a line: the front, "
    "trials that no other beats in both; grey: the base; dotted: the floor. Trials whose intervals "
    "overlap cannot be ranked."
)


@dataclass(frozen=True)
class _Point:
    """A finished trial in the unit shown: mean with the ends of its interval, spread with its interval."""

    trial: TrialResult
    mean: float
    low: float
    high: float
    spread: float
    interval: Interval | None


def caption(results: SearchResults) -> str:
    """Return what to look for, and how many trials lie beyond the edges of the figure."""
    points = _points(results)
    if not points:
        return _CAPTION
    left, right, top = _window(points)
    beyond = sum(not left <= point.mean <= right or point.spread > top for point in points)
    return _CAPTION + (f" {beyond} lie{'s' * (beyond == 1)} outside." if beyond else "")


def plane_figure(results: SearchResults) -> Figure:
    """Draw spread against mean of the trials with intervals, and the front."""
    figure, axes = new_figure(3.2)
    metric, churned = results.metric, results.spread == "churn"
    points = _points(results)
    factor = 100.0 if churned else metric.scale
    for point in points:
        front = point.trial.front and point.trial.arm == "tuned"
        own = point.trial.name == results.base
        colour = BASE if own else NEUTRAL
        axes.hlines(point.spread, point.low, point.high, color=colour, linewidth=0.8, alpha=0.5)
        if point.interval:
            ends = factor * point.interval.low, factor * point.interval.high
            axes.vlines(point.mean, *ends, color=colour, linewidth=0.8, alpha=0.5)
        axes.plot([point.mean], [point.spread], "o" if front or own else ".", color=colour, markersize=5)
    line = sorted((p.mean, p.spread) for p in points if p.trial.front and p.trial.arm == "tuned")
    axes.plot(*np.array(line).T.reshape(2, -1), color=NEUTRAL, linewidth=1)
    if results.floor is not None:
        axes.axvline(metric.scale * results.floor, color="black", linewidth=0.8, linestyle=":")
    if points:
        left, right, top = _window(points)
        axes.set_xlim(left, right)
        axes.set_ylim(0, top)
    axes.set_xlabel(f"mean {metric.axis}")
    axes.set_ylabel("churn [%]" if churned else "SD over runs" + (" [points]" if metric.is_percent else ""))
    return figure


def _points(results: SearchResults) -> list[_Point]:
    scale, churned = results.metric.scale, results.spread == "churn"
    points = []
    for trial in results.trials:
        found = trial.measured
        if found is None or trial.state != "finished":
            continue
        spread = found.churn if churned else found.sd
        if spread is None:
            continue
        mean = mean_interval(found.mean, found.sd, n=found.runs)
        known = None if found.failed else trial.churn if churned else trial.sd
        low, high = scale * mean.low, scale * mean.high
        points.append(_Point(trial, scale * found.mean, low, high, (100.0 if churned else scale) * spread, known))
    return points


def _window(points: Sequence[_Point]) -> tuple[float, float, float]:
    """Return the limits of means and spreads that are drawn: those of the sound trials with a margin."""
    sound = [point for point in points if point.trial.is_sound] or list(points)
    low, high = min(point.mean for point in sound), max(point.mean for point in sound)
    reach = max(high - low, *(point.high - point.mean for point in sound))
    return low - 0.5 * reach, high + 0.5 * reach, 1.6 * max(point.spread for point in sound) or 1.0


def _show(results: SearchResults) -> Shown:
    known = any(trial.value is not None for trial in results.trials)
    return Shown(figures=[(partial(plane_figure, results), caption(results))] if known else [])


TOPIC: Final = Topic("Which trials are good and steady?", _show, short="Trials in the plane")
