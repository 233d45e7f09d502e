"""Which metrics runs and readouts record, and how they are computed; torch is imported when they are."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from seedwise.declarations import Part, load_if_torch
from seedwise.errors import SeedwiseError
from seedwise.registry import ERRORS, METRICS, Objects, resolve
from seedwise.statistics import Metric
from seedwise.training._metrics import Declared

if TYPE_CHECKING:
    from torch import Tensor

CALIBRATION: Final = ("brier", "ece")
"""Recorded like the others since they were added: a user's own metric of such a name, which is older, takes its place.

They are among the metrics of a run and of a readout, not in the logits, so that a compact store keeps them. Runs from
before have none.
"""
OF_CLASSES: Final = ("accuracy", "loss", *CALIBRATION)
"""What every run of classes records, whatever else it is asked for; the first is the primary one by default."""
OF_FORECASTS: Final = ("mse", "mae")
"""The same of forecasts."""


@dataclass(frozen=True)
class Measure:
    """A metric and how it is computed."""

    metric: Metric
    compute: Callable[[Tensor, Tensor], Any]
    own: str | None = None
    """The ``module:name`` of one of the user's, which gets double precision on the CPU."""


def measures(
    default: Sequence[str],
    further: Iterable[str | Part] = (),
    classes: int | None = None,
    table: Objects | None = None,
) -> tuple[Measure, ...]:
    """Return the metrics that runs record: those named first, then the default ones.

    Args:
        default: names of the task's own.
        further: names, and parts of the user's.
        classes: how many there are, where that is known.
        table: where the names are looked up; default: metrics of classes and of forecasts.

    """
    further, table = tuple(further), {**METRICS, **ERRORS} if table is None else table
    named: dict[str, str | Part] = {title(one): one for one in (*default, *further)}
    return tuple(
        _measure(named[name], name, classes, table) for name in dict.fromkeys(map(title, (*further, *default)))
    )


def title(one: str | Part) -> str:
    """Return what a metric is called in tables and records."""
    name = one if isinstance(one, str) else one.name
    return name.rpartition(":")[2]


def _measure(one: str | Part, name: str, classes: int | None, table: Objects) -> Measure:
    if isinstance(one, str):
        function = resolve(table[one])
        return Measure(function.declared.of(name, classes), function)
    function = load_if_torch(one.name)
    declared = getattr(function, "declared", Declared())
    return Measure(declared.of(name, classes), one.make, one.name)


def evaluate(measured: Sequence[Measure], outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return every metric by its name; ours with one host synchronisation.

    Args:
        measured: what is computed.
        outputs: (N, ...), in any precision.
        targets: (N, ...).

    Raises:
        SeedwiseError: if a metric of the user's does not give one number.

    """
    import torch

    precise = outputs.double()
    ours = [one for one in measured if one.own is None]
    values = torch.stack([one.compute(precise, targets) for one in ours]).tolist()
    found = {one.metric.name: value for one, value in zip(ours, values, strict=True)}
    own = [one for one in measured if one.own is not None]
    if own:
        precise, targets = precise.cpu(), targets.cpu()
    return found | {one.metric.name: _number(one.compute(precise, targets), str(one.own)) for one in own}


def _number(value: Any, name: str) -> float:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        shape = f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""
        raise SeedwiseError(
            f"the metric '{name}' returned {type(value).__name__}{shape}: one number is needed, such as a float"
        )
    return float(value)
