"""What trackers wrote, read without them: from samples that are kept here, and from the programs where they are installed.

The numbers are those that were logged (real/logged.json), four seeds of two methods: the last one of colu breaks off.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.results import Roles, Runs, read, understand
from seedwise.results.readers._wire import fields

HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("SEEDWISE_TRACKERS", HERE.parents[1] / ".venv" / "trackers"))
LOGGED: dict[str, list[list[float]]] = json.loads((HERE / "real" / "logged.json").read_text())
WRITERS = {
    "mlflow": "mlflow",
    "wandb": "wandb",
    "optuna": "optuna",
    "hydra": "optuna",
    "tensorboard": "tensorboard",
    "lightning": "lightning",
    "ray": "ray",
}
"""The environment of each program that writes."""


@dataclass(frozen=True)
class Case:
    """Where a program keeps runs, how they are compared, and which column has the accuracy at the end."""

    writer: str
    path: str
    metric: str
    roles: dict[str, Any] = field(default_factory=dict)
    set_aside: tuple[str, ...] = ()


BY_MODEL = {"by": "model"}
BY_NAME = {"by": "model.name"}
SHORT = ("1 curve shorter than the others, counted as failed (such as colu, which ends at {})",)
CASES = {
    "MLflow, database": Case(
        "mlflow", "mlflow.db", "accuracy", BY_MODEL,
        ("1 deleted run", "1 parent of runs", "1 run without a metric", "1 row of runs that still go on"),
    ),
    "MLflow, folder": Case(
        "mlflow", "mlruns", "accuracy", BY_MODEL,
        ("1 deleted run", "1 parent of runs", "1 run without a metric", "1 row of runs that still go on"),
    ),
    "MLflow, folder above": Case("mlflow", "", "accuracy", BY_MODEL, (
        "1 deleted run", "1 parent of runs", "1 run without a metric", "1 row of runs that still go on"),
    ),
    "Weights & Biases": Case("wandb", "wandb", "valid/accuracy", BY_NAME),
    "Optuna": Case(
        "optuna", "optuna.db", "value", BY_MODEL | {"where": (("study", "activations"),)}, ("1 trial not begun",)
    ),
    "Optuna, reports": Case(
        "optuna", "optuna.db", "reported", BY_MODEL | {"where": (("study", "activations"),)}, ("1 trial not begun",)
    ),
    "Hydra": Case("hydra", "multirun", "test.accuracy", BY_MODEL),
    "TensorBoard, simple values": Case("tensorboard", "simple", "valid/accuracy", {}, (SHORT[0].format(0),)),
    "TensorBoard, tensors": Case("tensorboard", "tensors", "accuracy", BY_MODEL, (SHORT[0].format(0),)),
    "torch": Case("lightning", "torch", "accuracy", BY_MODEL, (SHORT[0].format(0),)),
    "Lightning": Case("lightning", "csv", "valid_accuracy", BY_MODEL, (SHORT[0].format(1),)),
    "Lightning, events": Case("lightning", "events", "valid_accuracy", BY_MODEL, (SHORT[0].format(1),)),
    "Ray Tune": Case("ray", "activations", "accuracy", BY_NAME),
}  # fmt: skip


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the folder in which a program wrote: ``sample`` as it is kept here, ``real`` by the program now."""
    made: dict[tuple[str, str], Path] = {}

    def write(writer: str, how: str) -> Path:
        if (writer, how) not in made:
            out = tmp_path_factory.mktemp(writer)
            if how == "sample":
                with zipfile.ZipFile(HERE / "samples" / f"{writer}.zip") as sample:
                    sample.extractall(out)
            else:
                environment = ENVIRONMENTS / WRITERS[writer]
                if not (environment / "installed").exists():
                    pytest.skip(f"{WRITERS[writer]} is not in {ENVIRONMENTS}: tests/results/real/install")
                work = tmp_path_factory.mktemp("work")
                command = [environment / "bin" / "python", HERE / "real" / f"write_{writer}.py", out]
                clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
                ended = subprocess.run(command, cwd=work, env=clean, capture_output=True, text=True, timeout=280)
                assert ended.returncode == 0, ended.stderr[-2000:]
            made[writer, how] = out
        return made[writer, how]

    return write


def runs(path: Path, metric: str, **roles: Any) -> Runs:
    return understand([read(path)], Roles(metric=(metric,), **roles))


def values(found: Runs) -> dict[str, dict[str, float]]:
    """Return method, seed and value of every run."""
    assert found.seed is not None
    (metric,) = found.values.values()
    told: dict[str, dict[str, float]] = {}
    for method, seed, value in zip(found.method, found.seed, metric, strict=True):
        assert seed not in told.setdefault(method, {})
        told[method][seed] = float(value)
    return told


def expected(of_curve: Callable[[list[float]], float] = lambda curve: curve[-1]) -> dict[str, Any]:
    """Return what was logged; a run that broke off has no value."""
    return {
        method: {
            str(seed): pytest.approx(of_curve(curve) if len(curve) == 3 else np.nan, abs=1e-12, nan_ok=True)
            for seed, curve in enumerate(curves)
        }
        for method, curves in LOGGED.items()
    }


@pytest.mark.parametrize("how", ["sample", "real"])
@pytest.mark.parametrize("name", CASES)
def test_methods_seeds_and_values_are_those_that_were_logged(name: str, how: str, written: Any) -> None:
    case = CASES[name]
    found = runs(written(case.writer, how) / case.path, case.metric, **case.roles)
    assert values(found) == expected()
    assert found.set_aside == case.set_aside


@pytest.mark.parametrize("how", ["sample", "real"])
@pytest.mark.parametrize("name", ["MLflow, database", "TensorBoard, tensors", "Lightning", "Ray Tune"])
def test_the_method_and_the_seed_are_found_by_their_names(name: str, how: str, written: Any) -> None:
    case = CASES[name]
    assert values(runs(written(case.writer, how) / case.path, case.metric)) == expected()


@pytest.mark.parametrize("how", ["sample", "real"])
def test_what_a_run_says_once_is_no_curve(how: str, written: Any) -> None:
    once = expected(lambda curve: curve[-1] - 0.01)
    folder = written("wandb", how)
    assert values(runs(folder, "test accuracy", **BY_NAME)) == once
    assert values(runs(folder, "test accuracy", best="valid/accuracy", **BY_NAME)) == once
    assert values(runs(folder, "best.accuracy", **BY_NAME)) == expected(max)
    lightning = runs(written("lightning", how) / "csv", "test_accuracy", **BY_MODEL)
    assert values(lightning) == {**once, "colu": {seed: once["colu"][seed] for seed in "012"} | {"3": once["colu"]["3"]}}
    # torch writes the result beside the hyperparameters even for a run that broke off.
    torch = values(runs(written("lightning", how) / "torch", "test_accuracy", **BY_MODEL))
    assert torch["relu"] == pytest.approx({str(k): curve[-1] - 0.01 for k, curve in enumerate(LOGGED["relu"])}, abs=1e-7)


@pytest.mark.parametrize("how", ["sample", "real"])
def test_losses_of_every_program_are_read(how: str, written: Any) -> None:
    loss = expected(lambda curve: 1 - curve[-1])
    for name, metric in (
        ("MLflow, database", "loss"), ("MLflow, folder", "loss"), ("Weights & Biases", "valid/loss"), ("Hydra", "loss"),
        ("TensorBoard, simple values", "valid/loss"), ("TensorBoard, tensors", "loss"), ("Ray Tune", "more.loss"),
        ("Optuna", "loss"),
    ):  # fmt: skip
        case = CASES[name]
        found = runs(written(case.writer, how) / case.path, metric, **case.roles)
        told = values(found)
        assert {m: {s: pytest.approx(v, abs=1e-7, nan_ok=True) for s, v in own.items()} for m, own in told.items()} == {
            m: {s: float(one.expected) for s, one in own.items()} for m, own in loss.items()
        }, name
        assert not found.metrics[0].higher_is_better


@pytest.mark.parametrize("how", ["sample", "real"])
def test_the_settings_of_a_run_are_columns(how: str, written: Any) -> None:
    def setting(writer: str, path: str, column: str) -> set[object]:
        return set(read(written(writer, how) / path).data[column].dropna())

    assert setting("mlflow", "mlflow.db", "lr") == {"0.1"}
    assert setting("mlflow", "mlruns", "machine") == {"a"}
    assert setting("wandb", "", "lr") == {0.1}
    assert setting("wandb", "", "model.width") == {"[8, 8]"}
    assert setting("wandb", "", "machine") == {"a"}
    assert setting("wandb", "", "group") == {"relu", "colu"}
    assert setting("optuna", "optuna.db", "machine.name") == {"a"}
    assert setting("hydra", "", "optim.lr") == {0.1}
    assert set(zip(*(read(written("hydra", how)).data[c] for c in ("seed", "optim.copy_of_seed")), strict=True)) == {
        (k, k) for k in range(4)
    }
    assert setting("tensorboard", "tensors", "nesterov") == {True}
    assert setting("lightning", "csv", "widths") == {"[8, 8]"}
    assert setting("ray", "", "model.widths") == {"[8, 8]"}


@pytest.mark.parametrize("how", ["sample", "real"])
def test_an_objective_has_the_name_that_the_study_gives_it(how: str, written: Any) -> None:
    data = read(written("optuna", how) / "optuna.db").data
    two = data[data["study"] == "two objectives"]
    assert (two["accuracy"].tolist(), two["log loss"].tolist()) == ([LOGGED["relu"][0][-1]], [np.inf])


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("name", CASES)
def test_reading_writes_nothing(name: str, written: Any) -> None:
    case = CASES[name]
    folder = written(case.writer, "sample")
    before = bytes_of(folder)
    read(folder / case.path)
    assert bytes_of(folder) == before


def test_a_store_is_read(tmp_path: Path) -> None:
    store = tmp_path / "study.db"
    for method, curves in LOGGED.items():
        found = seedwise.replicates(4, method=method, config={"method": method}, store=store, changed_code="accept")
        for run, curve in zip(found, curves, strict=False):
            if len(curve) == 3:
                run.finish(accuracy=curve[-1], loss=1 - curve[-1])
            else:
                run.finish(accuracy=np.nan, loss=np.nan)
    before = bytes_of(tmp_path)
    assert values(runs(store, "accuracy")) == expected()
    assert values(runs(tmp_path, "loss")) == expected(lambda curve: 1 - curve[-1])
    assert bytes_of(tmp_path) == before
