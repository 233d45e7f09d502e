"""The comparisons of a study by its other metrics, such as calibration: each is a question of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.metric import Metric
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.cells.question import Look
from seedwise.statistics.comparison.comparison import compare_study
from seedwise.statistics.comparison.row import ComparisonRow


def compare_further(
    cells: Sequence[Cell],
    values: Sequence[Mapping[str, NDArray[np.float64]]],
    metrics: Sequence[Metric],
    base: str,
    look: Look | None = None,
) -> list[ComparisonRow]:
    """Compare the cells of a study with its base by metrics that are not its primary one.

    The p-values are Holm-corrected over the comparisons of each metric, one metric at a time. Cells without a metric
    are left out, with their whole task and regime if that is so for the base.

    Args:
        cells: of one task, in the order of the table.
        values: for each cell, by the name of a metric, those of its runs with status ``finished``.
        metrics: of the task, with unit and direction, named as in ``values``.
        base: the method that the others are compared with.
        look: the look at a study that grows, whose limit the verdicts have.

    Returns:
        One row per metric and cell, in the unit in which the metric is shown.

    Example:
        >>> def cell(method):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 4, replicate=range(4),
        ...         values=[0.9, 0.91, 0.92, 0.9], status=("finished",) * 4, metric=Metric("test/accuracy"),
        ...     )
        >>> ece = [{"test/ece": np.array(found)} for found in ([0.02, 0.03, 0.025, 0.02], [0.01, 0.02, 0.014, 0.012])]
        >>> rows = compare_further(
        ...     [cell("base"), cell("smoothing")], ece, [Metric("test/ece", higher_is_better=False)], "base"
        ... )
        >>> [(row.method, row.metric.name, round(row.mean, 4)) for row in rows]
        [('base', 'test/ece', 0.0238), ('smoothing', 'test/ece', 0.014)]
        >>> rows[1].mean_verdict.word
        'better'

    Source:
        As :func:`compare_study`.
    """
    rows: list[ComparisonRow] = []
    for metric in metrics:
        found = [
            _by(cell, metric, own[metric.name]) for cell, own in zip(cells, values, strict=True) if metric.name in own
        ]
        with_base = {(cell.task, cell.regime) for cell in found if is_base(cell, base)}
        compared = [cell.shown for cell in found if (cell.task, cell.regime) in with_base]
        alpha = 0.05 if look is None else look.limit(sum(not is_base(cell, base) for cell in compared))
        rows += compare_study(compared, base=base, alpha=alpha) if compared else []
    return rows


def _by(cell: Cell, metric: Metric, finished: NDArray[np.float64]) -> Cell:
    """Return the cell with another metric; what its runs predicted stays out."""
    values = np.full(cell.n, np.nan)
    values[cell.kept_mask] = finished
    return replace(cell, metric=metric, values=values, predictions=None, example_ids=None, forecasts=None, truth=None)
