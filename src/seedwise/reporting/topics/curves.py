"""The metric and the training loss by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._svg import legend_above, new_figure, whole_ticks
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell, Metric
from seedwise.statistics.cells.names import names_of

if TYPE_CHECKING:
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


def curves_figure(cells: Sequence[Cell], curves: Sequence[Curves], metric: Metric) -> Figure:
    """Draw a series by epoch: the median over runs and the band that holds all of them.

    Args:
        cells: the cells.
        curves: for each cell its series, arrays (runs, epochs).
        metric: which series.

    """
    figure, axes = new_figure(3.2)
    for k, (label, series) in enumerate(zip(names_of(cells), curves, strict=True)):
        if metric.name not in series:
            continue
        values = series[metric.name] * metric.scale
        epochs = np.arange(1, values.shape[1] + 1)
        axes.fill_between(epochs, values.min(0), values.max(0), color=f"C{k}", alpha=0.15, linewidth=0)
        axes.plot(epochs, np.median(values, axis=0), color=f"C{k}", label=label, linewidth=1.5)
    axes.set_xlabel("epoch")
    whole_ticks(axes)
    axes.set_ylabel(metric.axis)
    if len(cells) > 1:
        legend_above(figure, axes)
    return figure


def _show(found: Compared) -> Shown:
    cells, curves = found.cells, [part.curves for part in found.study.parts]
    return Shown(
        figures=[
            (partial(curves_figure, cells, curves, metric), caption)
            for metric, caption in ((cells[0].metric, _METRIC), (Metric("train/loss"), _LOSS))
            if any(metric.name in series for series in curves)
        ]
    )


TOPIC: Final = Topic("By epoch", _show)
