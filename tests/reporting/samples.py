"""Cells and studies to report on."""

from typing import Any

import numpy as np

from seedwise.statistics import Cell, Cost

RNG = np.random.default_rng(1)
BASE = 0.98 + 0.004 * RNG.normal(size=12)
STEADY = 0.98 + 0.0004 * RNG.normal(size=12)


def cell(method: str, values: Any, **changes: Any) -> Cell:
    runs = len(values)
    fields: dict[str, Any] = {
        "task": "digits", "method": method, "regime": "all", "group": [0] * runs, "replicate": range(runs),
        "values": values, "status": ("finished",) * runs, "metric": "test/accuracy", "higher_is_better": True,
        "chance": 0.1,
    }  # fmt: skip
    return Cell(**{**fields, **changes})


def description(**changes: Any) -> dict[str, Any]:
    return {
        "spec": {"name": "s", "model": "small_cnn"},
        "base": "base",
        "metrics": {"digits": [{"name": "accuracy", "higher_is_better": True, "chance": 0.1}]},
        "question": {"spread_ratio": 0.7, "power": 0.8},
    } | changes


def section(cells: list[Cell], **changes: Any) -> dict[str, Any]:
    return {
        "name": "s", "description": description(), "cells": cells, "spec": "name: s\n",
        "labels": [None] * len(cells), "curves": [{}] * len(cells), "scores": [None] * len(cells),
        "metrics": [{}] * len(cells), "networks": [None] * len(cells), "forecasts": [None] * len(cells),
        "fans": [], "ensembles": [], "costs": [Cost(1.0, 1.0)] * len(cells),
        "environments": [("python 3, torch 2", 12)], "mixed": [], "failures": [], "notes": [], "resumed": 0,
        "seconds": 12.3, "again": "seedwise run s.yaml",
    } | changes  # fmt: skip


def predicted(method: str, truth: Any, errors: float, runs: int = 12, seed: int = 0, **changes: Any) -> Cell:
    """Return a cell whose metric is the accuracy of its predictions."""
    rng = np.random.default_rng(seed)
    hard = rng.random(truth.size) < 0.1
    wrong = rng.random((runs, truth.size)) < np.where(hard, 0.5, errors) * rng.uniform(0.5, 1.5, (runs, 1))
    labels = np.where(wrong, 1 - truth, truth)
    return cell(method, (labels == truth).mean(1), predictions=labels, **changes)
