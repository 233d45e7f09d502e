"""Cells and studies to report on."""

from dataclasses import fields
from typing import Any

import numpy as np

from seedwise.statistics import Cell, Metric, Question
from seedwise.study import CellResults, Provenance, StudyDescription, StudyResults

RNG = np.random.default_rng(1)
BASE = 0.98 + 0.004 * RNG.normal(size=12)
STEADY = 0.98 + 0.0004 * RNG.normal(size=12)


ACCURACY = Metric("test/accuracy", unit="share", chance=0.1)


def cell(method: str, values: Any, **changes: Any) -> Cell:
    runs = len(values)
    given: dict[str, Any] = {
        "task": "digits", "method": method, "regime": "all", "group": [0] * runs, "replicate": range(runs),
        "values": values, "status": ("finished",) * runs, "metric": ACCURACY,
    }  # fmt: skip
    return Cell(**{**given, **changes})


def level(factor: str, value: Any, values: Any, **changes: Any) -> Cell:
    """Return a cell of a method that is a level of a factor."""
    return cell(f"{factor}-{value}", values, factor=factor, level=value, **changes)


def description(**changes: Any) -> StudyDescription:
    given: dict[str, Any] = {
        "name": "s", "base": "base", "question": Question(),
        "metrics": {"digits": (Metric("accuracy", unit="share", chance=0.1),)}, "models": {"digits": "small_cnn"},
    }  # fmt: skip
    return StudyDescription(**given | changes)


def provenance(**changes: Any) -> Provenance:
    given: dict[str, Any] = {
        "spec": "name: s\n", "again": "seedwise run s.yaml", "environments": (("python 3, torch 2", 12),),
        "failures": (), "seconds": 12.3,
    }  # fmt: skip
    return Provenance(**given | changes)


def section(cells: list[Cell], **changes: Any) -> StudyResults:
    """Return the results of a study of these cells; what belongs to each of them is given as a list."""
    each = {field: changes.pop(key) for field, key in CELL_FIELDS.items() if key in changes}
    of_run = {field.name: changes.pop(field.name) for field in fields(Provenance) if field.name in changes}
    parts = tuple(CellResults(cell, **{key: values[k] for key, values in each.items()}) for k, cell in enumerate(cells))
    named = {"name": changes.pop("name")} if "name" in changes else {}
    given: dict[str, Any] = {"description": description(**named), "parts": parts, "provenance": provenance(**of_run)}
    return StudyResults(**given | changes)


CELL_FIELDS = {
    "labels": "labels", "curves": "curves", "scores": "scores", "metrics": "metrics", "network": "networks",
    "forecasts": "forecasts", "cost": "costs", "seeds": "seeds",
}  # fmt: skip


def predicted(method: str, truth: Any, errors: float, runs: int = 12, seed: int = 0, **changes: Any) -> Cell:
    """Return a cell whose metric is the accuracy of its predictions."""
    rng = np.random.default_rng(seed)
    hard = rng.random(truth.size) < 0.1
    wrong = rng.random((runs, truth.size)) < np.where(hard, 0.5, errors) * rng.uniform(0.5, 1.5, (runs, 1))
    labels = np.where(wrong, 1 - truth, truth)
    return cell(method, (labels == truth).mean(1), predictions=labels, **changes)
