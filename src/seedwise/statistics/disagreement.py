"""A cell beside the base on how much runs disagree: churn, and the variance of the error on single examples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cell import Cell
from seedwise.statistics.churn import churn
from seedwise.statistics.churn_comparison import churn_ratio
from seedwise.statistics.error_variance import error_variance
from seedwise.statistics.error_variance_comparison import error_variance_ratio
from seedwise.statistics.interval import Interval
from seedwise.statistics.pairing import lined_up, prediction_rows


def disagreement_ratios(
    cell: Cell, base: Cell, truth: NDArray[np.int64], level: float = 0.95
) -> tuple[list[Interval], list[Interval | None]]:
    """Return the ratios of churn and of error variance to the base, and those of the base that a plan goes by.

    Args:
        cell, base: cells that kept predictions.
        truth: the true classes of their examples.
        level: of the intervals.

    Raises:
        ValueError: if the runs cannot be compared.

    """
    runs, paired = lined_up([cell, base])
    picked = [(c, at, prediction_rows(c, at)) for c, at in zip((cell, base), runs, strict=True)]
    groups = tuple(c.group[at] for c, at, _ in picked)
    predicted = [c.predictions[rows] for c, _, rows in picked if c.predictions is not None]
    ids: Any = tuple(None if c.example_ids is None else [c.example_ids[k] for k in rows] for c, _, rows in picked)
    wrong = [(labels != truth).astype(np.float64) for labels in predicted]
    ratios = [
        churn_ratio(*predicted, paired=paired, example_ids=ids, groups=groups, level=level),  # type: ignore[arg-type]
        error_variance_ratio(*wrong, paired=paired, example_ids=ids, groups=groups, level=level),  # type: ignore[arg-type]
    ]
    if len(set(base.group.tolist())) > 1:
        return ratios, [None, None]
    pilots = (churn(predicted[1], example_ids=ids[1]), error_variance(wrong[1], example_ids=ids[1]))
    # Where each two of a few runs disagree on equally many examples, there is no spread to plan by.
    return ratios, [pilot if pilot.low < pilot.high else None for pilot in pilots]
