"""What is known of a study file's ``task`` before its data are loaded: its name, sizes and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seedwise.data import Size
from seedwise.declarations import Part, named
from seedwise.errors import SeedwiseError
from seedwise.statistics import Metric
from seedwise.training._config import TableTask
from seedwise.training._image_data import known_size
from seedwise.training._measures import Measure, measures
from seedwise.training._parts import IMAGE_FILES, OwnMetric, image_set
from seedwise.training._task_kind import data_of_task, is_forecasting, kind_of


def task_name(task: Mapping[str, Any]) -> str:
    """Return the name of a study file's ``task``: its dataset, with the horizon of a forecast.

    Example:
        >>> task_name({"dataset": "digits"}), task_name({"dataset": "etth1"})
        ('digits', 'etth1-96')
        >>> task_name({"dataset": {"csv": "data/power.csv", "horizon": 24}}), task_name({"dataset": "mine:letters"})
        ('power-24', 'letters')
        >>> task_name({"dataset": {"name": "mine:tides", "horizon": 12}})
        'tides-12'
        >>> task_name({"kind": "regression", "dataset": {"csv": "data/houses.csv", "target": ["price"]}})
        'houses'

    """
    dataset = named(task.get("dataset"))
    places = ("csv", *IMAGE_FILES)
    file = next((dataset[at] for at in places if at in dataset), None) if isinstance(dataset, Mapping) else None
    name = str(dataset.get("name") if isinstance(dataset, Mapping) else dataset).rpartition(":")[2]
    name = name if file is None else Path(str(file)).stem
    return f"{name}-{dataset.get('horizon', 96)}" if is_forecasting(task) else name


def size_of_task(task: Mapping[str, Any]) -> Size | None:
    """Return the sizes of a study file's ``task`` of images or a table, or None where only data or torch would say."""
    if data_of_task(task) == "table":
        return _table(task).size()
    return known_size(image_set(task["dataset"]))


def measures_of(task: Mapping[str, Any]) -> tuple[Measure, ...]:
    """Return what the runs of a study file's ``task`` record, the primary metric first."""
    further = [_part(one) for one in task.get("metrics") or ()]
    kind = kind_of(task)
    assert kind is not None
    return measures(kind.recorded, further, _classes(task), kind.metrics)


def _classes(task: Mapping[str, Any]) -> int | None:
    if is_forecasting(task):
        return None
    if "kind" not in task:
        size = size_of_task(task)
        return None if size is None else size.classes
    table = _table(task)
    try:
        return table.learns.chances(table.targets())
    except SeedwiseError:  # the file is not there any more
        return None


def _table(task: Mapping[str, Any]) -> TableTask:
    return TableTask.model_validate(task)


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
