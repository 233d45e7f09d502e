"""Which program wrote what lies at a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seedwise.errors import SeedwiseError, listed
from seedwise.results._read import Frame, read_table
from seedwise.results.readers import _hydra, _lightning, _mlflow, _optuna, _ray, _seedwise, _tensorboard, _wandb
from seedwise.results.readers._files import Broken, Database, content_start, database, walked
from seedwise.results.readers._runs import TrackedRun, frame_of

_SQLITE: Final = b"SQLite format 3\0"


@dataclass(frozen=True)
class _Kind:
    """A kind of database.

    Attributes:
        name: of the program that made it.
        holds: whether it did.
        read: reads it.

    """

    name: str
    holds: Callable[[Database], bool]
    read: Callable[[Path], Frame]


@dataclass(frozen=True)
class _Tracker:
    """A program that keeps a folder per run.

    Attributes:
        name: its name.
        wrote: whether a folder is that of a run, from its path and the names of the folders and files in it.
        runs_in: the runs in a folder.

    """

    name: str
    wrote: Callable[[Path, list[str], list[str]], bool]
    runs_in: Callable[[Path, Broken], list[TrackedRun]]


_DATABASES: Final = (
    _Kind("seedwise", _seedwise.holds_seedwise, _seedwise.read_database),
    _Kind("MLflow", _mlflow.holds_mlflow, _mlflow.read_database),
    _Kind("Optuna", _optuna.holds_optuna, _optuna.read_database),
)
_TRACKERS: Final = (  # Ray writes event files too, and a job of Hydra may use Lightning or TensorBoard
    _Tracker("Weights & Biases", _wandb.wrote, _wandb.runs_in),
    _Tracker("Ray Tune", _ray.wrote, _ray.runs_in),
    _Tracker("Hydra", _hydra.wrote, _hydra.runs_in),
    _Tracker("Lightning", _lightning.wrote, _lightning.runs_in),
    _Tracker("TensorBoard", _tensorboard.wrote, _tensorboard.runs_in),
)


def read(path: Path) -> Frame:
    """Read results as people keep them: a table, or what a tracker wrote.

    Args:
        path: a CSV, TSV, JSON, JSON-lines or Parquet file; a database of MLflow, Optuna or seedwise; a folder of
            MLflow, Weights & Biases, TensorBoard, Lightning, Hydra or Ray Tune, or one that holds it.

    Returns:
        A row per run, or per step of a run where the tracker keeps curves; nothing is written.

    Raises:
        SeedwiseError: one line, if nothing is there that seedwise can read.

    """
    if path.is_dir():
        return _folder(path)
    if _is_database(path):
        kind = _kind(path)
        if kind is None:
            raise SeedwiseError(f"{path} is a database, but none of {listed(one.name for one in _DATABASES)}")
        return kind.read(path)
    if path.suffix == _wandb.ENDING:
        return _tracked(_wandb.runs_in, path, [])
    if _tensorboard.NAME in path.name and path.is_file():
        return _tracked(_tensorboard.runs_in, path.parent, [])
    return _tensorboard.of_export(read_table(path))


def is_store(path: Path) -> bool:
    """Return whether a file is a store of seedwise."""
    if not _is_database(path):
        return False
    with database(path) as found:
        return _seedwise.holds_seedwise(found)


def _folder(path: Path) -> Frame:
    databases = {file: kind for file in sorted(path.iterdir()) if _is_database(file) and (kind := _kind(file))}
    if len(databases) > 1:
        raise SeedwiseError(f"{path} holds {listed(file.name for file in databases)}: pass one of them")
    for file, kind in databases.items():
        return kind.read(file)
    for folder in (path, path / "mlruns"):
        if folder.is_dir() and _mlflow.is_folder(folder):
            return _mlflow.read_folder(folder)
    # MLflow keeps artifacts alone in mlruns, and the runs in a database beside it.
    beside = path.resolve().parent / "mlflow.db"
    if path.resolve().name == "mlruns" and beside.is_file():
        return _mlflow.read_database(beside)
    folders: dict[str, list[Path]] = {}
    for root, inside, names in walked(path):
        for tracker in _TRACKERS:
            if tracker.wrote(root, inside, names):
                folders.setdefault(tracker.name, []).append(root)
    for tracker in _TRACKERS:
        if tracker.name in folders:
            return _tracked(tracker.runs_in, path, _others(folders, tracker.name))
    raise SeedwiseError(
        f"{path} is a folder, and nothing in it is of MLflow, {listed(one.name for one in _TRACKERS)}: pass a file"
    )


def _others(folders: dict[str, list[Path]], chosen: str) -> list[str]:
    """Return what other programs keep in folders that are not within those of the chosen one."""
    own = set(folders[chosen])
    return [
        f"{len(apart)} folder{'s' if len(apart) > 1 else ''} of {name}"
        for name, found in folders.items()
        if name != chosen and (apart := [one for one in found if own.isdisjoint((one, *one.parents))])
    ]


def _tracked(runs_in: Callable[[Path, Broken], list[TrackedRun]], path: Path, aside: list[str]) -> Frame:
    broken = Broken()
    runs = runs_in(path, broken)
    return frame_of(runs, path.resolve().stem, [*aside, *broken.phrases])


def _is_database(path: Path) -> bool:
    return path.is_file() and content_start(path, len(_SQLITE)) == _SQLITE


def _kind(path: Path) -> _Kind | None:
    with database(path) as found:
        return next((kind for kind in _DATABASES if kind.holds(found)), None)
