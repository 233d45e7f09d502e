"""How the quantities of a search are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seedwise.statistics import Interval, Metric, Quantity
from seedwise.statistics.core.formatting import decimals_for, interval, number, reduction, significant

QUANTITIES: Final[tuple[Quantity, ...]] = ("mean", "sd", "churn")
NAMES: Final[Mapping[Quantity, str]] = {"mean": "mean", "sd": "SD", "churn": "churn"}


def parameters(params: Mapping[str, Any]) -> str:
    """Write the values of a trial.

    Example:
        >>> parameters({"loss.lambda_s": 0.123456, "shift": -0.5, "batch_size": 32})
        'lambda_s .123, shift -.5, batch_size 32'

    """
    shown = {path: significant(value) if isinstance(value, float) else str(value) for path, value in params.items()}
    return ", ".join(f"{path.rpartition('.')[2]} {text}" for path, text in shown.items())


def floor_text(metric: Metric, value: float) -> str:
    """Write a value that means are held against."""
    if metric.is_percent:
        return f"{number(metric.scale * value, 2)} %"
    return number(value, decimals_for(abs(value)) + 1)


def level_text(metric: Metric, quantity: Quantity, value: float) -> str:
    """Write a mean, an SD or a churn."""
    if quantity == "churn":
        return f"{number(100 * value, 2)} %"
    percent = metric.is_percent
    digits = 2 if percent else max(decimals_for(abs(value)), 2) + (quantity == "mean")
    return number(metric.scale * value, digits) + (" %" if percent and quantity == "mean" else "")


def gain_text(metric: Metric, quantity: Quantity, value: float | None) -> str:
    """Write a gain: of the mean a difference, of SD and churn a reduction in percent."""
    if value is None:
        return "-"
    if quantity != "mean":
        return f"{value:z.0f} %"
    percent = metric.is_percent
    return number(metric.scale * value, 2 if percent else decimals_for(abs(value))) + (" points" if percent else "")


def gain_interval_text(metric: Metric, quantity: Quantity, known: Interval) -> str:
    """Write a gain with its interval; of the mean in the unit shown."""
    if quantity != "mean":
        return reduction(known)
    percent = metric.is_percent
    digits = 2 if percent else decimals_for(known.high - known.low)
    return interval(known, digits) + (" points" if percent else "")


def optimism_text(metric: Metric, quantity: Quantity, value: float | None) -> str:
    """Write a difference of gains; that of percentages is in points."""
    if quantity == "mean" or value is None:
        return gain_text(metric, quantity, value)
    return f"{value:z.0f} point" + ("" if abs(round(value)) == 1 else "s")
