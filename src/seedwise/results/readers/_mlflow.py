"""MLflow: its database, and the folder ``mlruns`` that it kept before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from seedwise.errors import SeedwiseError
from seedwise.results._read import Frame
from seedwise.results.readers._files import Broken, Database, content, database, text, walked, yaml_of
from seedwise.results.readers._runs import TrackedRun, counted, frame_of

_TABLES: Final = frozenset({"experiments", "runs", "params", "metrics", "tags"})
_STATES: Final = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_PARENT: Final = "mlflow.parentRunId"
_INFINITE: Final = 1.7976931348623157e308
"""What the database keeps for infinity."""


def holds_mlflow(found: Database) -> bool:
    """Return whether MLflow made the database."""
    return found.tables >= _TABLES


def read_database(path: Path) -> Frame:
    """Read ``mlflow.db``: parameters, metrics by step and tags of every run that is not deleted."""
    runs: dict[str, TrackedRun] = {}
    parents: set[object] = set()
    deleted = 0
    with database(path) as found:
        experiments = {row["experiment_id"]: row for row in found.rows("SELECT * FROM experiments")}
        for row in found.rows("SELECT * FROM runs ORDER BY start_time, rowid"):
            experiment = experiments.get(row["experiment_id"])
            if "deleted" in (row["lifecycle_stage"], experiment and experiment["lifecycle_stage"]):
                deleted += 1
                continue
            name = experiment["name"] if experiment else row["experiment_id"]
            runs[row["run_uuid"]] = _run(row["name"], row["run_uuid"], row["status"], name)
        for row in found.rows("SELECT key, value, run_uuid FROM params"):
            if row["run_uuid"] in runs:
                runs[row["run_uuid"]].config[row["key"]] = row["value"]
        for row in found.rows("SELECT * FROM tags"):
            if row["run_uuid"] in runs:
                _tag(runs[row["run_uuid"]], row["key"], row["value"], parents)
        for row in found.rows("SELECT * FROM metrics ORDER BY step, timestamp, rowid"):
            if row["run_uuid"] in runs:
                value = math.nan if row["is_nan"] else row["value"]
                value = math.copysign(math.inf, value) if abs(value) >= _INFINITE else value
                runs[row["run_uuid"]].log(row["key"], row["step"], value)
    return _frame(runs, parents, deleted, path.stem, [])


def is_folder(path: Path) -> bool:
    """Return whether MLflow keeps runs in the folder, and not their artifacts alone."""
    return any((child / "meta.yaml").is_file() for child in path.iterdir() if child.is_dir())


def read_folder(path: Path) -> Frame:
    """Read ``mlruns``: a folder per experiment, in it one per run, in it a file per parameter, metric and tag."""
    broken = Broken()
    runs: dict[str, TrackedRun] = {}
    parents: set[object] = set()
    deleted = 0
    started: dict[str, float] = {}
    for experiment in sorted(child for child in path.iterdir() if (child / "meta.yaml").is_file()):
        name: Any = experiment.name
        with broken.skipped(experiment / "meta.yaml"):
            name = _meta(experiment).get("name", name)
        for folder in sorted(child for child in experiment.iterdir() if (child / "meta.yaml").is_file()):
            with broken.skipped(folder / "meta.yaml"):
                meta = _meta(folder)
                if meta.get("lifecycle_stage") == "deleted" or "run_id" not in meta:
                    deleted += "run_id" in meta
                    continue
                state = _STATES.get(meta["status"], str(meta["status"]))
                run = _run(meta.get("run_name") or folder.name, folder.name, state, name)
                started[folder.name] = float(meta.get("start_time") or 0)
                runs[folder.name] = run
                for key, file in _files(folder / "params"):
                    run.config[key] = text(file).strip()
                for key, file in _files(folder / "tags"):
                    _tag(run, key, text(file).strip(), parents)
            for key, file in _files(folder / "metrics"):
                with broken.skipped(file):
                    lines = [line.split() for line in content(file).decode().splitlines()]
                    values = sorted((int(rest[0]) if rest else 0, int(t), float(v)) for t, v, *rest in lines)
                    for step, _, value in values:
                        runs[folder.name].log(key, step, value)
    ordered = {key: runs[key] for key in sorted(runs, key=started.__getitem__)}
    return _frame(ordered, parents, deleted, path.name, broken.phrases)


def _meta(folder: Path) -> dict[str, Any]:
    found = yaml_of(folder / "meta.yaml")
    if not isinstance(found, dict):
        raise SeedwiseError("it says nothing of a run")
    return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield names, in which there may be slashes, and files."""
    for root, _, names in walked(folder):
        for name in names:
            yield str((root / name).relative_to(folder)), root / name


def _run(name: str | None, run_id: str, state: str, experiment: str) -> TrackedRun:
    return TrackedRun({"run": name or run_id, "run_id": run_id, "state": state, "experiment": experiment})


def _tag(run: TrackedRun, key: str, value: str, parents: set[object]) -> None:
    if key == _PARENT:
        parents.add(value)
    elif not key.startswith("mlflow."):
        run.config.setdefault(key, value)


def _frame(runs: dict[str, TrackedRun], parents: set[object], deleted: int, name: str, broken: Iterable[str]) -> Frame:
    """Leave out what is no training: parents of runs, and runs that ended well without a metric."""
    aside: Counter[str] = Counter({"deleted run(s)": deleted})
    kept = []
    for run_id, run in runs.items():
        if run.metrics or (run_id not in parents and run.about["state"] != "FINISHED"):
            kept.append(run)
        else:
            aside["parent(s) of runs" if run_id in parents else "run(s) without a metric"] += 1
    return frame_of(kept, name, [*counted(aside), *broken])
