"""A cell: the runs of one method, regime and readout on one task, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.cells.folds import Folds
from seedwise.statistics.cells.metric import Metric
from seedwise.statistics.core.interval import Interval

FAILURES = ("diverged", "crashed", "out_of_memory", "timeout")
UNFINISHED = ("pending", "interrupted")
AS_GIVEN = "as given"
"""The regime of runs of which nobody says what varied: those of other tools."""
STATUSES = ("finished", *FAILURES, *UNFINISHED)

Scalar = bool | int | float | str | None
"""A value of one parameter."""


@dataclass(frozen=True, eq=False)
class Cell:
    """The runs of one method x regime x readout on one task.

    The arrays (lists are converted) share one runs axis, planned runs included, whatever became of them. A finished run
    whose metric is not finite counts as failed: its result cannot be used, and leaving it out in silence would flatter
    the method.

    Attributes:
        task: name of the task.
        method: name of the method.
        regime: which sources of randomness vary.
        group: index of the fixed seeds, shape (runs,), integers.
        replicate: index of the varied seeds, shape (runs,), integers; runs of two cells with equal (group, replicate)
            are pairs.
        values: the metric, shape (runs,), NaN where the run did not finish.
        status: shape (runs,), each of ``finished``; ``diverged``, ``crashed``, ``out_of_memory``, ``timeout`` (they
            failed); ``pending``, ``interrupted`` (not counted).
        metric: the metric, with its unit, direction and value at chance level.
        readout: how runs are turned into predictions.
        factor: the factor that the method is a level of, such as ``alpha``; None if of none.
        level: the value of the factor.
        predictions: class labels of the runs with status ``finished``, shape (finished runs, examples), or None.
        example_ids: ids of the examples, shape (examples,) or one row per run in ``predictions``, or None.
        forecasts: forecasts of the runs with status ``finished``, shape (finished runs, windows, steps, variables), or
            None.
        truth: what was to be forecast, shape (windows, steps, variables), or None.
        sources: the sources that the regime names.
        unvaried: those of them that do not vary, each with the reason: ``not drawn`` (nothing
            asked for it), ``reseeded`` (code seeded the generator anew inside it), ``no bit`` (the runs of
            a regime that varies it, this or another, are the same to the last bit).
        distinct: how many of the finished runs differ in any bit, or None where that is not known.
        alike: whether, where that is not known, all finished runs have the same metrics and predicted classes.
        folds: how a cross-validation was cut, of which each group is a fold; None where the groups are fixed seeds.
        forecast_difference: what ``forecasts`` gave before, or why they gave nothing; known where these were left out.

    Raises:
        TypeError: replicates or groups that are not integers.
        ValueError: arrays of different length, an unknown status, a repeated (group, replicate), a chance value that is
            not finite, or predictions for another number of runs.

    Example:
        >>> cell = Cell(
        ...     task="digits", method="vml", regime="all", group=[0, 0, 0], replicate=[0, 1, 2],
        ...     values=[0.98, float("nan"), 0.97], status=("finished", "diverged", "finished"),
        ...     metric=Metric("test/accuracy", unit="share", chance=0.1),
        ... )
        >>> cell.n, cell.finished, cell.failed
        (3, 2, 1)
    """

    task: str
    method: str
    regime: str
    group: NDArray[np.int64]
    replicate: NDArray[np.int64]
    values: NDArray[np.float64]
    status: tuple[str, ...]
    metric: Metric
    readout: str = "plain"
    factor: str | None = None
    level: Scalar = None
    predictions: NDArray[np.int64] | None = None
    example_ids: NDArray[Any] | Sequence[NDArray[Any]] | None = None
    forecasts: NDArray[Any] | None = None
    truth: NDArray[Any] | None = None
    sources: tuple[str, ...] = ()
    unvaried: Mapping[str, str] = field(default_factory=dict)
    distinct: int | None = None
    alike: bool = False
    forecast_difference: Interval | str | None = None
    folds: Folds | None = None

    def __post_init__(self) -> None:
        keep = object.__setattr__
        keep(self, "group", _integers(self.group, "group"))
        keep(self, "replicate", _integers(self.replicate, "replicate"))
        keep(self, "values", np.asarray(self.values, dtype=np.float64))
        keep(self, "status", tuple(self.status))
        shapes = [self.group.shape, self.replicate.shape, self.values.shape, (len(self.status),)]
        if len(set(shapes)) != 1:
            raise ValueError(
                f"cell {self.method!r}: group, replicate, values and status have shapes "
                f"{', '.join(map(str, shapes))}; pass one entry per run"
            )
        unknown = sorted(set(self.status) - set(STATUSES))
        if unknown:
            raise ValueError(
                f"cell {self.method!r}: status {unknown[0]!r} is unknown; pass one of {', '.join(STATUSES)}"
            )
        chance = self.metric.chance
        if chance is not None and not np.isfinite(chance):
            raise ValueError(f"cell {self.method!r}: chance is {chance}; pass the metric at chance level, or None")
        keys = self.keys
        if len(set(keys)) != len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueError(
                f"cell {self.method!r}: group {twice[0]}, replicate {twice[1]} appears twice; "
                "a run counts once: drop the copy"
            )
        if self.predictions is not None:
            keep(self, "predictions", np.asarray(self.predictions))
            kept = self.status.count("finished")
            if self.predictions.ndim != 2 or len(self.predictions) != kept:
                raise ValueError(
                    f"cell {self.method!r}: predictions has shape {self.predictions.shape}; "
                    f"pass ({kept}, examples), one row per finished run"
                )
        if self.forecasts is not None and len(self.forecasts) != self.status.count("finished"):
            raise ValueError(
                f"cell {self.method!r}: forecasts has shape {self.forecasts.shape}; "
                f"pass ({self.status.count('finished')}, windows, steps, variables), one block per finished run"
            )

    @property
    def shown(self) -> Self:
        """The cell in the unit in which its metric is shown."""
        return replace(self, metric=self.metric.shown, values=self.metric.scale * self.values)

    @property
    def n(self) -> int:
        """Number of planned runs."""
        return len(self.status)

    @property
    def finished(self) -> int:
        """Number of finished runs with a finite metric."""
        return int(np.sum(self.finished_mask))

    @property
    def failed(self) -> int:
        """Number of failed runs, those finished without a finite metric included."""
        return int(np.sum(self.failed_mask))

    @property
    def pending(self) -> int:
        """Number of runs still to be trained."""
        return self.n - self.finished - self.failed

    @property
    def kept_mask(self) -> NDArray[np.bool_]:
        """Which runs have status ``finished``, and so a row in ``predictions`` and ``forecasts``, shape (runs,)."""
        return self._has_status("finished")

    @property
    def finished_mask(self) -> NDArray[np.bool_]:
        """Which runs finished with a finite metric, shape (runs,)."""
        mask: NDArray[np.bool_] = self.kept_mask & np.isfinite(self.values)
        return mask

    @property
    def failed_mask(self) -> NDArray[np.bool_]:
        """Which runs failed, shape (runs,)."""
        no_metric = self.kept_mask & ~np.isfinite(self.values)
        mask: NDArray[np.bool_] = self._has_status(*FAILURES) | no_metric
        return mask

    @cached_property
    def keys(self) -> list[tuple[int, int]]:
        """(group, replicate) of every planned run."""
        return list(zip(self.group.tolist(), self.replicate.tolist(), strict=True))

    def _has_status(self, *wanted: str) -> NDArray[np.bool_]:
        return np.array([status in wanted for status in self.status], dtype=np.bool_)


def _integers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, one per run; got {array.dtype}")
    return array.astype(np.int64)
