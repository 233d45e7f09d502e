"""What is known of a task before torch is imported: its name, sizes and metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from seedwise.statistics import SHARE, Metric


@dataclass(frozen=True)
class Size:
    """What is known of a dataset beforehand.

    Attributes:
        train, test: numbers of examples.
        classes: number of classes.
        image: channels, height and width of an image.
        shift: by how many pixels training images are moved at most.
        flip: whether they are mirrored.

    """

    train: int
    test: int
    classes: int
    image: tuple[int, int, int]
    shift: int
    flip: bool = False


SIZES: Final = {
    "digits": Size(train=1437, test=360, classes=10, image=(1, 8, 8), shift=1),
    "mnist": Size(train=60000, test=10000, classes=10, image=(1, 28, 28), shift=2),
    "fashion_mnist": Size(train=60000, test=10000, classes=10, image=(1, 28, 28), shift=2, flip=True),
    "cifar10": Size(train=50000, test=10000, classes=10, image=(3, 32, 32), shift=4, flip=True),
    "cifar100": Size(train=50000, test=10000, classes=100, image=(3, 32, 32), shift=4, flip=True),
}


def classification_metrics(classes: int) -> tuple[Metric, ...]:
    """Return accuracy (primary) and cross-entropy."""
    return (
        Metric("accuracy", SHARE, True, 1 / classes),
        Metric("loss", higher_is_better=False, chance=math.log(classes)),
    )


SERIES_NAMES: Final = ("etth1", "etth2")
FORECAST_METRICS: Final = (Metric("mse", higher_is_better=False), Metric("mae", higher_is_better=False))
"""Mean squared error (primary) and mean absolute error, of standardised values."""


def is_forecasting(task: Mapping[str, Any]) -> bool:
    """Return whether a study file's ``task`` is about a time series: a group or the name of one is its dataset."""
    dataset = task.get("dataset")
    return isinstance(dataset, Mapping) or dataset in SERIES_NAMES


def task_name(task: Mapping[str, Any]) -> str:
    """Return the name of a study file's ``task``: its dataset, with the horizon of a forecast.

    Example:
        >>> task_name({"dataset": "digits"}), task_name({"dataset": "etth1"})
        ('digits', 'etth1-96')
        >>> task_name({"dataset": {"csv": "data/power.csv", "horizon": 24}})
        'power-24'

    """
    dataset = task.get("dataset")
    if not is_forecasting(task):
        return str(dataset)
    series = dataset if isinstance(dataset, Mapping) else {"name": dataset}
    return f"{series.get('name') or Path(str(series.get('csv'))).stem}-{series.get('horizon', 96)}"


def metrics_of(task: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return the metrics of a study file's ``task``, the primary one first; without a test, those on validation data.

    Example:
        >>> [metric.name for metric in metrics_of({"dataset": "etth1", "test": "none"})]
        ['validation/mse', 'validation/mae']

    """
    found = FORECAST_METRICS if is_forecasting(task) else classification_metrics(SIZES[str(task["dataset"])].classes)
    if task.get("test") != "none":
        return found
    return tuple(metric.on("validation") for metric in found)
