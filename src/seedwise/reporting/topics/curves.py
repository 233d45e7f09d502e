"""The metric and the training loss by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._svg import folded, legend_above, new_figure, whole_ticks
from seedwise.reporting._topic import Compared, Drawn, Shown, Topic
from seedwise.statistics import Cell, Metric
from seedwise.statistics.cells.names import names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curves = Mapping[str, NDArray[np.float64]]

_METRIC: Final = (
    "The metric by epoch, as far as all runs trained: their median, and the band that holds all of them. "
    "Look at whether the bands still differ at the end, which is what the tables are about, or only on the way."
)
_LOSS: Final = (
    "The training loss by epoch, as far as all runs trained: their median, and the band that holds all of "
    "them. A wide band at the end means that runs differ in how far they were trained."
)


_OTHERS: Final = (
    "Everything else that was logged by epoch, a panel each: the median over runs, and the band that holds all of them."
)


def curves_figure(
    cells: Sequence[Cell], curves: Sequence[Curves], metric: Metric, epochs: Sequence[NDArray[np.int64]] | None = None
) -> Figure:
    """Draw a series by epoch: the median over runs and the band that holds all of them.

    Args:
        cells: the cells.
        curves: for each cell its series, arrays (runs, epochs).
        metric: which series.
        epochs: for each cell its epochs, counted from 0; default: 0, 1, ...

    """
    figure, axes = new_figure(3.2)
    _draw(axes, cells, curves, metric, epochs)
    axes.set_ylabel(metric.axis)
    if len(cells) > 1:
        legend_above(figure, axes)
    return figure


def others_figure(
    cells: Sequence[Cell], curves: Sequence[Curves], names: Sequence[str], epochs: Sequence[NDArray[np.int64]]
) -> Figure:
    """Draw several series, a panel each; see ``curves_figure``."""
    from matplotlib.figure import Figure

    rows = -(-len(names) // 2)
    figure = Figure(figsize=(4.8, 0.5 + 1.6 * rows), layout="constrained")
    panels = list(figure.subplots(rows, 2, squeeze=False).ravel())
    for axes, name in zip(panels, names, strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(folded(name), fontsize=9, loc="left")
        _draw(axes, cells, curves, Metric(name), epochs)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    if len(cells) > 1:
        legend_above(figure, panels[0])
    return figure


def _draw(
    axes: Axes,
    cells: Sequence[Cell],
    curves: Sequence[Curves],
    metric: Metric,
    epochs: Sequence[NDArray[np.int64]] | None,
) -> None:
    for k, (label, series) in enumerate(zip(names_of(cells), curves, strict=True)):
        if metric.name not in series:
            continue
        values = series[metric.name] * metric.scale
        known = epochs is not None and len(epochs[k]) > 0
        at = (epochs[k] if epochs is not None and known else np.arange(values.shape[1])) + 1
        logged = ~np.isnan(values).any(0)
        at, values = at[logged], values[:, logged]
        axes.fill_between(at, values.min(0), values.max(0), color=f"C{k}", alpha=0.15, linewidth=0)
        axes.plot(at, np.median(values, axis=0), color=f"C{k}", label=label, linewidth=1.5)
    axes.set_xlabel("epoch")
    whole_ticks(axes)


def _show(found: Compared) -> Shown:
    cells, parts = found.cells, found.study.parts
    curves, epochs = [part.curves for part in parts], [part.epochs for part in parts]
    logged = dict.fromkeys(name for series in curves for name in series)
    own = ((cells[0].metric, _METRIC), (Metric("train/loss"), _LOSS))
    figures: list[Drawn] = [
        (partial(curves_figure, cells, curves, metric, epochs), caption)
        for metric, caption in own
        if metric.name in logged
    ]
    others = [name for name in logged if name not in {metric.name for metric, _ in own}]
    if others:
        figures.append((partial(others_figure, cells, curves, others, epochs), _OTHERS))
    return Shown(figures=figures)


TOPIC: Final = Topic("What happens from epoch to epoch?", _show, short="Epochs")
