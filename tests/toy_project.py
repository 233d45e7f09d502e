"""A toy training function, quick to train and of known result, and a folder with a study of it."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from seedwise.execution import Upcoming
from seedwise.run import Record
from seedwise.store._seal import seal_copy
from seedwise.study import Outcome, Silent, Store, StoredRun, Study

from .nursery import environment_of_families, nursery

TOY = '''
"""Training that knows its result: accuracy is the seed of ``init`` in percent, the loss a sum of the epoch's draws."""
import os
import pathlib
import signal
import sys
import time

import numpy as np


def act(run, what):
    marker = pathlib.Path(run.config.get("marker", "."))
    match what:
        case "raise":
            raise ValueError("no such\\nluck")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "kill once":
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "print":
            print('{"event": "done", "id": "x", "status": "finished"}', flush=True)
            os.system("echo from a child process")
        case "sleep":
            marker.touch()
            time.sleep(60)
        case "memory":
            raise MemoryError
        case "exit":
            sys.exit(3)
        case "end":
            os._exit(4)
        case "entropy":
            run.log(run.config["at"], loss=int.from_bytes(os.urandom(4), "little"))
        case "drift":
            return int.from_bytes(os.urandom(4), "little")
    return 0


def train(run):
    config = {"epochs": 3, "at": 1, "do": None, "rows": 6} | run.config
    saved = run.checkpoint.load() or {"epoch": -1, "total": 0.0}
    total = saved["total"]
    for epoch in range(saved["epoch"] + 1, config["epochs"]):
        total += run.randomness.numpy("shuffle", "draw", epoch).uniform()
        run.log(epoch, loss=total)
        if epoch == config["at"]:
            total += act(run, config["do"])
        time.sleep(float(os.environ.get("TOY_PAUSE", 0)))
        run.checkpoint.save(epoch, total=total)
    if config["do"] == "return":
        return
    examples = np.arange(config["rows"])
    logits = run.randomness.numpy("init", "logits").normal(size=(len(examples), 3))
    run.save_predictions(logits, examples % 3, ids=100 + examples)
    if config.get("weights"):
        import torch

        run.save_weights({"w": torch.full((2,), float(run.seeds["init"]))})
    run.finish(accuracy=float("nan") if config["do"] == "nan" else run.seeds["init"] / 100)
'''


class Notes(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.planned_runs = 0
        self.begun: list[str] = []
        self.epochs: list[tuple[str, int]] = []
        self.outcomes: list[tuple[str, str]] = []

    def planned(self, runs: Sequence[Upcoming]) -> None:
        self.planned_runs = len(runs)

    def started(self, run_id: str) -> None:
        self.begun.append(run_id)

    def epoch(self, run_id: str, epoch: int) -> None:
        self.epochs.append((run_id, epoch))

    def ended(self, run_id: str, record: Record) -> None:
        self.outcomes.append((run_id, record.status))

    def note(self, text: str) -> None:
        self.notes.append(text)


class Left(NamedTuple):
    """What a run of a store is to the last bit, whatever trained it."""

    replicate: int
    status: str
    metrics: dict[str, float]
    weights: str | None
    series: list[dict[str, float]]
    logits: list[list[float]] | None


def left(path: Path) -> list[Left]:
    """Return what the runs of a store left, in their order."""
    with Store(path) as store:
        runs = store.runs()
        ids = [run.run_id for run in runs]
        series, kept = store.series(ids), store.predictions(ids)
    logits = [kept[i].logits.tolist() if i in kept else None for i in ids]
    return [
        Left(run.link.replicate, run.status, run.metrics, run.weights_sha256, series[run.run_id], own)
        for run, own in zip(runs, logits, strict=True)
    ]


def everything(path: Path) -> dict[str, Any]:
    """Return all that a store says of its runs but how long they took and what happened on the way."""
    with Store(path) as store:
        runs = store.runs()
        ids = [run.run_id for run in runs]
        documents = store.documents()
        series, predictions = store.series(ids), store.predictions(ids)
    said = []
    for run in runs:
        fields = dataclasses.asdict(run)
        for name in ("seconds", "notes", "resumed_from", "attempt"):
            del fields[name]
        fields["environment"], fields["code"] = documents.get(run.environment or ""), documents.get(run.code or "")
        said.append(fields)
    arrays = {
        run_id: (p.epoch, *(getattr(p, name).tolist() for name in ("ids", "labels", "predicted", "logits")))
        for run_id, p in predictions.items()
    }
    return {"runs": said, "series": series, "predictions": arrays}


def reseal(path: Path) -> None:
    """Give a store that a test has changed by SQL the checksums of what is in it now."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        seal_copy(db)


def before_checksums(path: Path) -> None:
    """Make a store one of version 1, whose rows had no checksums."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'seedwise_%'")]
        for name in tables:
            columns = {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
            for column in columns & {"checksum", "left"}:
                db.execute(f'ALTER TABLE {name} DROP COLUMN "{column}"')
        db.execute("DROP TABLE seedwise_sets")
        db.execute("UPDATE seedwise_meta SET value = '1' WHERE key = 'version'")


class Project:
    """A folder with a study file and the module ``toy`` that it trains with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "study.yaml"
        self.store_path = folder / "toy.db"
        self.code = folder / "toy.py"
        self.code.write_text(TOY)

    def write(self, **keys: Any) -> Path:
        """Write the study file: one replicate of one method that finishes, unless ``keys`` say otherwise."""
        study = {"name": "toy", "train": {"function": "toy:train"}, "replicates": 1} | keys
        if "seeds" in keys:
            del study["replicates"]
        self.file.write_text(yaml.safe_dump({k: v for k, v in study.items() if v is not None}, sort_keys=False))
        return self.file

    def study(self, **keys: Any) -> Study:
        """Write the study file and read it; the module is imported afresh."""
        if keys or not self.file.exists():
            self.write(**keys)
        forget_modules(self.folder)
        return Study.from_yaml(self.file)

    def run(self, study: Study | None = None, **options: Any) -> tuple[Outcome, Notes]:
        """Run a study with one worker."""
        notes = Notes()
        outcome = (study or self.study()).run(**{"workers": 1, "progress": notes} | options)
        return outcome, notes

    def runs(self) -> dict[tuple[str, int], StoredRun]:
        """Return what the store knows by method and replicate."""
        with Store(self.store_path) as store:
            return {(run.link.method, run.link.replicate): run for run in store.runs()}

    def everything(self) -> dict[str, Any]:
        """Return all that the store says of its runs but how long they took and what happened on the way."""
        return everything(self.store_path)

    def start(
        self, code: str | None = None, *, environment: Mapping[str, str] | None = None, real: bool = False
    ) -> subprocess.Popen[str]:
        """Start a driver in a process group of its own; by default it runs the study with two workers.

        Args:
            code: what it executes.
            environment: what is added to its own.
            real: whether it and its workers start as a user's do.

        """
        code = code or "print(seedwise.Study.from_yaml('study.yaml').run(workers=2))"
        popen = subprocess.Popen if real else nursery().popen(families=True)
        return popen(
            [sys.executable, "-c", f"import seedwise\n{code}"],
            cwd=self.folder,
            env={**(os.environ if real else environment_of_families()), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def forget_modules(folder: Path) -> None:
    """Let ``toy`` be imported from ``folder`` next."""
    others = [p for p in sys.path if (Path(p) / "toy.py").exists() and Path(p) != folder]
    sys.path[:] = [p for p in sys.path if p not in others]
    for name in [name for name in sys.modules if name == "toy" or name.startswith("toy.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture(autouse=True)
def own_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the search path as it was; a file edited twice within a second must not be read from a cached one."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = list(sys.path)
    yield
    sys.path[:] = path


@pytest.fixture(scope="session")
def new_project():
    """Make a project in a folder."""
    return Project


@pytest.fixture(scope="session")
def contents_of():
    """Read all that a store says of its runs but how long they took and what happened on the way."""
    return everything


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of this test's own."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished toy study: two methods, three replicates, weights kept."""
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    study = project.study(
        methods={"base": {}, "long": {"config": {"epochs": 5}}},
        train={"function": "toy:train", "config": {"weights": True}},
        replicates=3,
        keep={"weights": "final"},
    )
    project.run(study, workers=2)
    return project
