"""A store of everything that a compact store has to keep, and that compact store."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from seedwise.reporting import render
from seedwise.study import (
    AttributionStudy,
    Store,
    Study,
    StudyResults,
    attribution_results,
    export_compact,
    study_results,
)

from ..toy_project import forget_modules

FUNCTION = '''
"""Logits and forecasts of known classes and values, whose noise is the run's."""
import numpy as np


def train(run):
    draw = run.randomness.numpy
    if run.config.get("fail", -1) == run.seeds["init"]:
        raise RuntimeError("as planned")
    for epoch in range(3):
        run.log(epoch, loss=float("nan") if run.config.get("nan") and epoch == 2 else draw("shuffle", epoch).normal())
    if run.config.get("forecast"):
        truth = np.sin(np.arange(70 * 6 * 2).reshape(70, 6, 2) * 0.7)
        history = np.cos(np.arange(70 * 4 * 2).reshape(70, 4, 2) * 0.7)
        error = draw("init", "error").normal(size=truth.shape) * np.linspace(0.1, 0.5, 70)[:, None, None]
        run.save_forecasts(truth + error, truth, history=history, variables=["load", "wind"])
        run.finish(mse=float(np.mean(error**2)), mae=float(np.mean(np.abs(error))))
        return
    labels = np.arange(90) % 3
    found = {}
    for tag in ["final", *(["snapshot-1", "snapshot-2"] if run.config.get("cyclic") else [])]:
        noise = draw("init", tag).normal(size=(90, 3)) + 0.5 * draw("shuffle", tag).normal(size=(90, 3))
        logits = noise + 1.5 * np.eye(3)[labels]
        run.save_predictions(logits, labels, tag=tag)
        found[tag] = float((logits.argmax(1) == labels).mean())
    run.finish(accuracy=found["final"])
'''


CLASSES = {
    "name": "classes",
    "task": {"metric": "accuracy", "chance": 0.3333},
    "train": {"function": "noisy:train"},
    "methods": {"base": {}, "cyclic": {"config": {"cyclic": True}}, "bad": {"config": {"fail": 2, "nan": True}}},
    "readouts": ["snapshots", "ensemble-2", "snapshots + ensemble-2"],
    "replicates": 5,
}


FORECASTS = {
    "name": "forecasts",
    "task": {"metric": "mse", "higher_is_better": False},
    "train": {"function": "noisy:train", "config": {"forecast": True}},
    "methods": {name: {"config": {"number": k}} for k, name in enumerate(["base", "a", "b", "c", "d"])},
    "replicates": 4,
}


HEAVY = {"window_errors", "sample", "truth", "history", "forecasts"}


def study(folder: Path, keys: Mapping[str, Any], store: Path, **changes: Any) -> Study:
    (folder / "noisy.py").write_text(FUNCTION)
    file = folder / f"{keys['name']}.yaml"
    file.write_text(yaml.safe_dump({**keys, **changes}, sort_keys=False))
    forget_modules(folder)
    sys.modules.pop("noisy", None)
    return Study.from_yaml(file, store=store)


@pytest.fixture(scope="session")
def noisy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the studies and their function lie."""
    return tmp_path_factory.mktemp("compact")


@pytest.fixture(scope="session")
def full(noisy_folder: Path) -> Path:
    """A store of a classification study with failures, readouts, ensembles and an attribution, and one of forecasts."""
    path = list(sys.path)
    store = noisy_folder / "full.db"
    made = study(noisy_folder, CLASSES, store)
    assert made.run(workers=1).counts == {"finished": 14, "crashed": 1}
    AttributionStudy(made, vary="init+shuffle", blocks=3).run(workers=1)
    study(noisy_folder, FORECASTS, store).run(workers=1)
    sys.path[:] = path
    return store


@pytest.fixture(scope="session")
def small(full: Path) -> Path:
    target = full.with_name("small.db")
    export_compact(full, target)
    return target


def page(path: Path) -> str:
    with Store(path) as store:
        return render(study_results(store), command="seedwise report", attributions=attribution_results(store))


def sections(path: Path) -> list[dict[str, Any]]:
    with Store(path) as store:
        return [*study_results(store), *attribution_results(store)]


def each(study: StudyResults, name: str) -> list[Any]:
    return [getattr(part, name) for part in study.parts]


def assert_same(one: Any, other: Any, place: str = "") -> None:
    """Fail unless both are equal to the last bit, but for what a compact store leaves out."""
    assert type(one) is type(other), place
    if dataclasses.is_dataclass(one):
        one, other = ({f.name: getattr(x, f.name) for f in dataclasses.fields(x)} for x in (one, other))
        whole = one
        one, other = ({key: x[key] for key in whole if key not in HEAVY or "fans" in place} for x in (one, other))
    if isinstance(one, Mapping):
        assert list(one) == list(other), place
        for key in one:
            assert_same(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), place
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{place}[{k}]")
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, err_msg=place)
        assert one.dtype == other.dtype, place
    else:
        assert one == other or (one != one and other != other), place
