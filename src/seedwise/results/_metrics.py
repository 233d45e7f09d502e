"""What a column measures: its unit and direction, as far as name and values say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._numbers import Numbers
from seedwise.results._roles import Roles
from seedwise.statistics import SHARE, Metric
from seedwise.statistics.cells.metric import inferred

_LARGEST: Final = 1e100
"""Beyond it the squares that an SD adds up overflow."""


def metric_of(name: str, numbers: Numbers, methods: NDArray[np.object_], roles: Roles) -> Metric:
    """Return the metric of a column.

    Args:
        name: of the column.
        numbers: its values.
        methods: the method of each.
        roles: what the user says.

    Raises:
        SeedwiseError: for a value that is no result, or percent and fractions in one column.

    """
    large = np.abs(numbers.values) > _LARGEST
    if large.any():
        raise SeedwiseError(
            f"the column '{name}' holds {numbers.values[large][0]:g}: that is no result; leave the value of a "
            "failed run empty"
        )
    mixed = mixed_units(numbers.values, methods)
    if mixed is not None:
        raise SeedwiseError(f"the column '{name}' is {mixed}: write both in one unit")
    higher = not _names.is_lower_better(name) if roles.higher_is_better is None else roles.higher_is_better
    if roles.unit is not None or numbers.percent:
        return Metric(name, roles.unit or "%", higher)
    finite = np.abs(numbers.values[np.isfinite(numbers.values)])
    return inferred(name, float(finite.max(initial=0.0)), higher_is_better=higher)


def mixed_units(values: NDArray[np.float64], methods: NDArray[np.object_]) -> str | None:
    """Return that some methods are in percent and others fractions: each on one side of 1, and about 100 between them.

    Args:
        values: shape (runs,).
        methods: of each run.

    """
    fractions, percents = {}, {}
    for method in dict.fromkeys(methods):
        own = np.abs(values[methods == method])
        own = own[np.isfinite(own)]
        if own.size and own.max() <= 1:
            fractions[method] = float(np.median(own))
        elif own.size and own.min() > 1:
            percents[method] = float(np.median(own))
        elif own.size:
            return None
    low, high = (float(np.median(list(found.values()))) if found else 0.0 for found in (fractions, percents))
    if not are_fraction_and_percent(low, high):
        return None
    return (
        f"in percent for {listed(percents, 2)} (about {high:.4g}) and a fraction for {listed(fractions, 2)} (about "
        f"{low:.4g})"
    )


def mixed_on_tasks(
    name: str, values: NDArray[np.float64], tasks: NDArray[np.object_], methods: NDArray[np.object_]
) -> list[str]:
    """Return on which of several tasks some methods are in percent and others fractions, a phrase each."""
    several = list(dict.fromkeys(tasks))
    if len(several) < 2 or not np.any(np.abs(values) <= 1):
        return []
    found = {task: mixed_units(values[tasks == task], methods[tasks == task]) for task in several}
    return [f"{name} is on {task} {phrase}" for task, phrase in found.items() if phrase]


def in_another_unit(
    values: NDArray[np.float64], tasks: NDArray[np.object_], methods: NDArray[np.object_]
) -> list[tuple[int, float]]:
    """Return the few values of a task and method that seem to be fractions among percent, or percent among fractions.

    Args:
        values: shape (runs,).
        tasks, methods: of each run.

    Returns:
        For each its place and the median of the others, all of which lie on the other side of 1 and none beyond 100.

    """
    size = np.abs(values)
    small = (size > 0) & (size < 1)
    if not small.any() or not (size >= 1).any():
        return []
    found = []
    for task, method in dict.fromkeys(zip(tasks[small], methods[small], strict=True)):
        own = (tasks == task) & (methods == method) & np.isfinite(values)
        low, high = np.flatnonzero(own & small), np.flatnonzero(own & ~small)
        few, others = (low, high) if low.size < high.size else (high, low)
        if others.size < 2 or few.size == others.size or not np.all((size[own] > 0) & (size[own] <= 100)):
            continue
        usual = float(np.median(size[others]))
        found += [(int(k), usual) for k in few if are_fraction_and_percent(*sorted((float(size[k]), usual)))]
    return found


def are_fraction_and_percent(low: float, high: float) -> bool:
    """Return whether two values seem to be one quantity, as a fraction and in percent.

    Example:
        >>> are_fraction_and_percent(0.91, 92.3), are_fraction_and_percent(0.91, 3.0)
        (True, False)

    """
    return 0 < low <= 1 < high and 50 < high / low < 200


def _unit(metric: Metric) -> str:
    if metric.unit == SHARE:
        return " (a fraction, shown in percent)"
    return {"%": " in percent", "": ""}.get(metric.unit, f" in {metric.unit}")


def _direction(metric: Metric) -> str:
    return "higher" if metric.higher_is_better else "lower"


def described(metrics: Sequence[Metric]) -> str:
    """Return what is said of metrics: their names, units and directions."""
    return "; ".join(f"metric {metric.name}{_unit(metric)}, {_direction(metric)} is better" for metric in metrics)


def counted(number: int, what: str) -> str:
    """Return a number of things.

    Example:
        >>> counted(1, "task"), counted(3, "task")
        ('1 task', '3 tasks')

    """
    return f"{number} {what}{'' if number == 1 else 's'}"
