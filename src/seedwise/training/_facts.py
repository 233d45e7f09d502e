"""What is known of a study file's ``task`` before its data are loaded: its name, sizes and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seedwise.data import DATASETS, SERIES, Size
from seedwise.declarations import Part, named
from seedwise.statistics import Metric
from seedwise.training._image_data import known_size
from seedwise.training._measures import OF_CLASSES, OF_FORECASTS, Measure, measures
from seedwise.training._parts import OwnDataset, OwnMetric


def is_forecasting(task: Mapping[str, Any]) -> bool:
    """Return whether a study file's ``task`` is about a time series: a CSV, a published one, or what has a horizon."""
    dataset = task.get("dataset")
    if not isinstance(dataset, Mapping):
        return dataset in tuple(SERIES)
    name = str(dataset.get("name", ""))
    return "horizon" in dataset if ":" in name else name not in DATASETS


def task_name(task: Mapping[str, Any]) -> str:
    """Return the name of a study file's ``task``: its dataset, with the horizon of a forecast.

    Example:
        >>> task_name({"dataset": "digits"}), task_name({"dataset": "etth1"})
        ('digits', 'etth1-96')
        >>> task_name({"dataset": {"csv": "data/power.csv", "horizon": 24}}), task_name({"dataset": "mine:letters"})
        ('power-24', 'letters')
        >>> task_name({"dataset": {"name": "mine:tides", "horizon": 12}})
        'tides-12'

    """
    dataset = named(task.get("dataset"))
    name = str(dataset.get("name") if isinstance(dataset, Mapping) else dataset).rpartition(":")[2]
    if not is_forecasting(task):
        return name
    return f"{Path(str(dataset['csv'])).stem if 'csv' in dataset else name}-{dataset.get('horizon', 96)}"


def size_of_task(task: Mapping[str, Any]) -> Size | None:
    """Return the sizes of a study file's ``task`` of images, or None where only data or torch would say."""
    dataset = named(task["dataset"])
    own = ":" in dataset["name"]
    return known_size(OwnDataset.model_validate(dataset) if own else dataset["name"])


def measures_of(task: Mapping[str, Any]) -> tuple[Measure, ...]:
    """Return what the runs of a study file's ``task`` record, the primary metric first."""
    further = [_part(one) for one in task.get("metrics") or ()]
    if is_forecasting(task):
        return measures(OF_FORECASTS, further)
    size = size_of_task(task)
    return measures(OF_CLASSES, further, None if size is None else size.classes)


def _part(one: Any) -> str | Part:
    return one if isinstance(one, str) and ":" not in one else OwnMetric.model_validate(named(one))


def metrics_of(task: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return the metrics of a study file's ``task``, the primary one first; without a test, those on validation data.

    Example:
        >>> [metric.name for metric in metrics_of({"dataset": "etth1", "test": "none"})]
        ['validation/mse', 'validation/mae']
        >>> [metric.name for metric in metrics_of({"dataset": "digits", "metrics": ["loss"]})]
        ['loss', 'accuracy', 'brier', 'ece']

    """
    found = tuple(one.metric for one in measures_of(task))
    return found if task.get("test") != "none" else tuple(metric.on("validation") for metric in found)
