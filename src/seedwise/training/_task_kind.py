"""What a study file's ``task`` is of: images, a series or a table; and which kind of task that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedwise.data import DATASETS, SERIES
from seedwise.registry import KINDS
from seedwise.training._kinds import CLASSIFICATION, FORECASTING, Kind, kind_named
from seedwise.training._parts import IMAGE_FILES


def is_forecasting(task: Mapping[str, Any]) -> bool:
    """Return whether a study file's ``task`` is about a time series: a CSV, a published one, or what has a horizon."""
    dataset = task.get("dataset")
    if "kind" in task:
        return False
    if not isinstance(dataset, Mapping):
        return dataset in tuple(SERIES)
    if not IMAGE_FILES.keys().isdisjoint(dataset):
        return False
    name = str(dataset.get("name", ""))
    return "horizon" in dataset if ":" in name else name not in DATASETS


def data_of_task(task: Mapping[str, Any]) -> str:
    """Return what a study file's ``task`` is of: ``images``, ``series`` or ``table``."""
    return "table" if "kind" in task else "series" if is_forecasting(task) else "images"


def kind_of(task: Mapping[str, Any]) -> Kind | None:
    """Return the kind of a study file's ``task``, or None where it names one that is none."""
    if "kind" in task:
        return kind_named(task["kind"]) if task["kind"] in tuple(KINDS) else None
    return FORECASTING if is_forecasting(task) else CLASSIFICATION
