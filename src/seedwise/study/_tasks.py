"""What a study is about, as far as it is known without torch and without data: one object answers.

Nobody else compares names of functions or datasets to find out what a task is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from seedwise.data import Size
from seedwise.errors import listed
from seedwise.readouts import Readout
from seedwise.statistics import Metric
from seedwise.statistics.cells.metric import unit_of
from seedwise.statistics.cells.names import UNNAMED
from seedwise.study._error_messages import validated
from seedwise.training import (
    FUNCTION,
    OF_CLASSES,
    Kind,
    Measure,
    Options,
    data_of_task,
    evaluate,
    kind_named,
    measures,
    measures_of,
    metrics_of,
    size_of_task,
    task_name,
)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+=-]*$", max_length=80)]
"""Of a study, task or method."""

Logits = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


Score = Literal["accuracy"] | Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]] | None
"""Of the mean of what the runs of an ensemble predict: a function of it and of the truth, one number per example; see
``ensemble_spread``. None where runs are no pool."""


class Task(Protocol):
    """What is learned.

    What is not known beforehand is up to a function of the user's.
    """

    @property
    def is_builtin(self) -> bool:
        """Whether the built-in trainer learns it, so that its network can be built again."""

    @property
    def has_classes(self) -> bool | None:
        """Whether it predicts classes, or None where that is not known."""

    @property
    def forecasts(self) -> bool:
        """Whether it is about a time series."""

    @property
    def score(self) -> Score:
        """What an ensemble of its runs is scored by."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Its metrics, the primary one first."""

    @property
    def size(self) -> Size | None:
        """Numbers of examples and classes, and the shape of an image, or None."""

    def scores(self, logits: Logits, labels: Labels) -> dict[str, float]:
        """Return what a readout records of logits (N, classes) for labels (N,)."""

    def why_not_seeds(self, regime: str, seeds: Mapping[str, int]) -> str | None:
        """Return why runs cannot have these seeds, None where they can."""

    def why_not_read_out(self, readout: Readout) -> str | None:
        """Return why its runs cannot be read out like this, None where they can."""


class OwnTask(Options):
    """What a user's own function learns: the name of the task, and its primary metric.

    ``unit: share`` says that the metric is a fraction between 0 and 1, which is shown in percent, as that of
    ``accuracy`` is unless something else is said; other units are written behind numbers.
    """

    name: Name = UNNAMED
    metric: str = "accuracy"
    unit: Annotated[str, Field(max_length=20)] | None = None
    higher_is_better: bool = True
    chance: float | None = None


@dataclass(frozen=True)
class Own:
    """The task of a user's own function."""

    options: OwnTask
    is_builtin = False
    has_classes = None
    forecasts = False
    size = None

    @property
    def score(self) -> Score:
        """Accuracy."""
        return "accuracy"

    @property
    def name(self) -> str:
        """The name that the user gave."""
        return self.options.name

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metric that the user named."""
        own = self.options
        return (Metric(own.metric, unit_of(own.metric, own.unit), own.higher_is_better, own.chance),)

    def scores(self, logits: Logits, labels: Labels) -> dict[str, float]:
        """Return accuracy, cross-entropy and calibration."""
        return _scores(measures(OF_CLASSES), logits, labels)

    def why_not_seeds(self, regime: str, seeds: Mapping[str, int]) -> None:
        """Return None: what varies is up to the function."""

    def why_not_read_out(self, readout: Readout) -> str | None:
        """Return why not: only logits can be read out, and give the metrics of classes."""
        if readout.view or readout.average:
            return (
                "needs the built-in trainer, which can build the network again: of a function of your own only "
                "'snapshots' and 'ensemble-N' can be read out, from the logits that it saved"
            )
        if readout.per_run != Readout() and self.options.metric not in OF_CLASSES:
            return f"gives {listed(OF_CLASSES)} from logits, and the metric of this study is '{self.options.metric}'"
        return None


@dataclass(frozen=True)
class _Builtin:
    """A task of the built-in trainer; ``content`` is the ``task`` of a study file."""

    content: Mapping[str, Any]
    is_builtin = True
    forecasts = False

    @property
    def score(self) -> Score:
        """Accuracy."""
        return "accuracy"

    @property
    def name(self) -> str:
        """The dataset, of a series with its horizon."""
        return task_name(self.content)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that its runs record."""
        return metrics_of(self.content)

    def scores(self, logits: Logits, labels: Labels) -> dict[str, float]:
        """Return every metric of logits (N, classes) for labels (N,)."""
        return _scores(measures_of(self.content), logits, labels)


class Images(_Builtin):
    """Classes of images: accuracy, cross-entropy and calibration, and what else is asked for."""

    has_classes = True

    @property
    def size(self) -> Size | None:
        """Of the dataset; one of the user's that does not say it is loaded, if it is there."""
        return size_of_task(self.content)

    def why_not_seeds(self, regime: str, seeds: Mapping[str, int]) -> str | None:
        """Return why not: out of a bootstrap there are examples only where it varies."""
        if self.content.get("test") != "out_of_bootstrap" or seeds.get("split"):
            return None
        return (
            f"the regime '{regime}' does not vary 'split', so that no example is out of the bootstrap: add '+split' to "
            "it, or leave out 'test: out_of_bootstrap'"
        )

    def why_not_read_out(self, readout: Readout) -> str | None:
        """Return why not: a view repeats what training does to images."""
        augment = self.content.get("augment", True)
        if readout.view and not augment:
            return "repeats the shifts of training, and with 'task: {augment: false}' there are none: leave it out"
        if readout.shifts and augment == "flip":
            return (
                "repeats the shifts of training, and with 'task: {augment: flip}' there are none: leave it out, or use "
                "flip"
            )
        size = self.size if readout.view else None
        if size is None:
            return None
        if readout.mirrors and not size.flip:
            return f"mirrors images, and those of {self.name} are not mirrored in training: leave it out" + (
                ", or use crop25 or crop81" if size.shift else ""
            )
        if readout.shifts and not size.shift:
            return f"repeats the shifts of training, and images of {self.name} are not moved: leave it out"
        return None


class Series(_Builtin):
    """Forecasts of a time series: mean squared and mean absolute error, and what else is asked for."""

    has_classes = False
    forecasts = True
    size = None

    @property
    def score(self) -> Score:
        """Nothing: forecasts of a sample alone are kept."""
        return None

    def why_not_seeds(self, regime: str, seeds: Mapping[str, int]) -> str | None:
        """Return why not: a series is split by time."""
        if not seeds.get("split"):
            return None
        return (
            f"the regime '{regime}' varies 'split', and a time series is split by time, always alike: leave 'split' "
            "out of it"
        )

    def why_not_read_out(self, readout: Readout) -> str | None:  # noqa: ARG002 - whatever it is
        """Return why not: a readout reads classes."""
        return "reads out classes, and this study forecasts: leave readouts out"


class Table(_Builtin):
    """Rows of a table; what is predicted of them says the kind of task."""

    @property
    def kind(self) -> Kind:
        """What is predicted."""
        return kind_named(self.content["kind"])

    @property
    def has_classes(self) -> bool:
        """Whether that is a class."""
        return self.kind.has_classes

    @property
    def score(self) -> Score:
        """That of the kind."""
        return self.kind.score

    @property
    def size(self) -> Size | None:
        """The numbers of features and of outputs."""
        return size_of_task(self.content)

    def why_not_seeds(self, regime: str, seeds: Mapping[str, int]) -> None:
        """Return None: a split is drawn, or the training rows become a bootstrap."""

    def why_not_read_out(self, readout: Readout) -> str | None:
        """Return why not: a view is of images, and snapshots are read from logits of classes."""
        if readout.view:
            return "shows images in other ways, and this study has rows of a table: leave it out"
        if readout.snapshots and self.score != "accuracy":
            return f"is a mean of logits of classes, and {self.kind.noun} has none: use average-K or ensemble-N"
        if readout.ensemble and readout.average and self.score != "accuracy":
            return f"is an ensemble of averages, of which {self.kind.noun} keeps no predictions: use ensemble-N alone"
        if readout.ensemble and self.score != "accuracy" and self.metrics[0].title != self.kind.recorded[0]:
            return (
                f"gives {self.kind.recorded[0]}, and the primary metric of this study is '{self.metrics[0].title}': "
                "leave it out, or list that metric first"
            )
        return None


def is_builtin(function: str) -> bool:
    """Return whether ``module:name`` is the built-in trainer."""
    return function == FUNCTION


_BUILTIN: Final[Mapping[str, type[Images | Series | Table]]] = {"images": Images, "series": Series, "table": Table}


def task_of(function: str, content: Mapping[str, Any]) -> Own | Images | Series | Table:
    """Return the task of a study file or of a run.

    Args:
        function: what trains, as ``module:name``.
        content: what stands under ``task``.

    Raises:
        SeedwiseError: one line, for a mistake in the task of a function of the user's own.

    """
    if not is_builtin(function):
        return Own(validated(OwnTask, content, "task"))
    return _BUILTIN[data_of_task(content)](content)


def _scores(measured: Sequence[Measure], logits: Logits, labels: Labels) -> dict[str, float]:
    import torch

    return evaluate(measured, torch.from_numpy(logits), torch.from_numpy(labels.astype(np.int64)))


def views_of(readout: Readout, task: Task) -> int:
    """Return how often a network predicts an example for a view."""
    size = task.size if readout.view else None
    return 1 if size is None else len(readout.rows(size.shift, size.flip))
