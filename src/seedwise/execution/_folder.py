"""The files beside a store: outbox, checkpoints, logs, kept weights, and the driver's lock."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.execution._jobs import file_of
from seedwise.execution._lock import exclusive
from seedwise.run import (
    Link,
    PlannedRun,
    ReadoutRecord,
    Record,
    RunRecord,
    RunSpec,
    checked,
    cleaned,
    read_checked,
    remove_stale,
    storage_errors,
    write_checked,
)


class StudyFolder:
    """``STUDY.d`` or the folder of one shard.

    A worker hands over a finished run by renaming its file into the outbox, and the driver deletes the file only after
    the store has committed it: at every moment a result lies in one of the two.

    Args:
        root: the folder; made when something is written.

    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.outbox = root / "outbox"
        self.checkpoints = root / "checkpoints"
        self.logs = root / "logs"
        self.weights = root / "weights"

    @classmethod
    def of_store(cls, store: Path) -> StudyFolder:
        """Return the folder beside a store: ``digits.d`` for ``digits.db``."""
        return cls(store.with_suffix(".d"))

    def shard(self, index: int, count: int) -> StudyFolder:
        """Return the folder of the shard ``index`` of ``count``."""
        return StudyFolder(self.root / f"shard-{index}-of-{count}")

    def shards(self) -> list[StudyFolder]:
        """Return the folders of all shards that can be seen here, of whatever number there were."""
        return [StudyFolder(path.parent) for path in sorted(self.root.glob("shard-*-of-*/plan"))]

    def create(self) -> None:
        """Make the folder.

        Raises:
            StorageError: if that is not allowed.

        """
        with storage_errors(self.root):
            for folder in (self.outbox, self.checkpoints, self.logs):
                folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the operating system's lock, which ends with the process however that ends.

        Raises:
            SeedwiseError: if another process holds it.

        """
        self.create()
        with exclusive(self.root / "lock", "running this study"):
            self._remove_stale()
            yield
            self._remove_stale()  # of workers that were killed

    def _remove_stale(self) -> None:
        for folder in (self.outbox, self.checkpoints):
            remove_stale(folder)

    def checkpoint(self, run_id: str) -> Path:
        """Return where a run's checkpoint lies."""
        return self.checkpoints / run_id

    def remove_checkpoint(self, run_id: str) -> None:
        """Delete both generations of a run's checkpoint."""
        self.checkpoint(run_id).unlink(missing_ok=True)
        self.checkpoint(f"{run_id}.previous").unlink(missing_ok=True)

    def remove_checkpoints(self, run_ids: Iterable[str]) -> None:
        """Delete the checkpoints of runs, of which few may have any."""
        names = os.listdir(self.checkpoints)  # noqa: PTH208 - a call for all of them
        for name in {name.removesuffix(".previous") for name in names} & set(run_ids):
            # In this order: a worker that was taken for lost may be renaming the one to the other.
            for generation in (name, f"{name}.previous"):
                (self.checkpoints / generation).unlink(missing_ok=True)

    def weights_file(self, run_id: str, tag: str) -> Path:
        """Return where kept weights lie."""
        return self.weights / f"{run_id}-{tag}.pt"

    def set_aside_weights(self, present: Mapping[str, Container[str]]) -> None:
        """Set aside the weights of earlier attempts at runs under tags that their present attempts have not.

        Args:
            present: the tags of the present attempts by run id.

        """
        for name in os.listdir(self.weights) if self.weights.is_dir() else ():  # noqa: PTH208 - a call for all of them
            run_id, _, tag = name.removesuffix(".pt").partition("-")
            if run_id in present and Path(name).suffixes == [".pt"] and tag not in present[run_id]:
                _set_aside(self.weights / name)

    def kept_weights(self, run_id: str) -> dict[str, bytes]:
        """Return the kept weights of the present attempt at a run, by their tags."""
        found = (path for path in sorted(self.weights.glob(f"{run_id}-*.pt")) if len(path.suffixes) == 1)
        return {path.stem.removeprefix(f"{run_id}-"): path.read_bytes() for path in found}

    def keep_weights(self, run_id: str, tag: str, blob: bytes) -> None:
        """Write kept weights next to the store, whole or not at all; those of an earlier attempt are set aside."""
        path = self.weights_file(run_id, tag)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                if path.read_bytes() == blob:
                    return
                _set_aside(path)
            temporary = path.with_suffix(".tmp")
            with temporary.open("wb") as file:
                file.write(blob)
                file.flush()
                os.fsync(file.fileno())  # the record, of which they are a part, is deleted next
            temporary.replace(path)

    def write_plan(self, study: str, description: Mapping[str, Any], planned: Sequence[PlannedRun]) -> None:
        """Write the plan into a shard's folder, so that it can be merged into a store that does not know it yet."""
        runs = [[asdict(p.link), p.spec.id, p.spec.content] for p in planned]
        write_checked(self.root / "plan", json.dumps([study, description, runs]).encode())

    def read_plan(self) -> tuple[str, dict[str, Any], list[PlannedRun]]:
        """Return what ``write_plan`` wrote: the study, its description and its runs.

        Raises:
            SeedwiseError: if this is not a shard's folder.
            StorageError: if the file is damaged.

        """
        path = self.root / "plan"
        if not path.is_file():
            raise SeedwiseError(f"{self.root} is not a shard's folder: 'seedwise run STUDY.yaml --shard i/k' makes one")
        try:
            study, description, runs = json.loads(read_checked(path))
            planned = [PlannedRun(_link(study, link), RunSpec.from_content(content)) for link, _, content in runs]
            _ = [p.spec.id for p in planned]
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StorageError(f"{path} is no plan: {type(error).__name__}: {cleaned(str(error), 200)}") from error
        return study, description, planned

    def hand_over(self, record: Record) -> Path:
        """Put a record into the outbox and return its path.

        Raises:
            StorageError: if the disk is full.

        """
        path = self.outbox / file_of(record)
        write_checked(path, record.to_bytes())
        return path

    def refuse(self, path: Path) -> Path:
        """Set a file of the outbox aside, if it is there, and return where it lies then."""
        aside = self.root / "refused" / path.name
        with storage_errors(aside):
            aside.parent.mkdir(exist_ok=True)
            if path.exists():
                path.replace(aside)
        return aside

    def runs(self) -> set[str]:
        """Return the ids of the runs whose records lie in the outbox."""
        return {path.stem for path in self.outbox.glob("*.run")}

    def records(self, of: Container[str] | None = None) -> Iterator[tuple[Path, Record | StorageError]]:
        """Yield what lies in the outbox, runs first; a damaged file comes with its error.

        Args:
            of: ids of the runs whose files are read; None: all.

        """
        for path in [*sorted(self.outbox.glob("*.run")), *sorted(self.outbox.glob("*.readout"))]:
            if of is None or path.stem.partition("-")[0] in of:
                yield path, outbox_record(path)


def _link(study: Any, given: Mapping[str, Any]) -> Link:
    link = Link(**given)
    texts, numbers = (link.study, link.task, link.method, link.regime), (link.group, link.replicate)
    if link.study != study or not all(isinstance(t, str) and t == cleaned(t) for t in texts):
        raise ValueError("its names are none")
    if not all(type(n) is int and 0 <= n < 2**53 for n in numbers):
        raise ValueError("its numbers of replicates are none")
    return link


def _set_aside(path: Path) -> None:
    path.replace(path.with_suffix(f".{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pt"))


def again(path: Path) -> str:
    """Return what is done about a file of an outbox that is damaged."""
    return "the readout is computed again" if path.suffix == ".readout" else "the run is trained again"


def read_record(path: Path) -> Record | StorageError:
    """Read a file of an outbox and check it like a stranger's, or return what is wrong with it.

    A ``RefusedError`` says that the file is whole, and its record cannot be taken in.
    """
    try:
        payload = read_checked(path)
    except StorageError as error:
        return error
    except FileNotFoundError:
        return StorageError(f"{path} is missing")
    except OSError as error:
        return StorageError(f"{path} cannot be read: {error}")
    try:
        kind = ReadoutRecord if path.suffix == ".readout" else RunRecord
        return checked(kind.from_bytes(payload))
    except RefusedError as error:
        return RefusedError(f"{path} cannot be taken in: {error}")
    except Exception as error:
        return RefusedError(f"{path} cannot be read: {type(error).__name__}: {cleaned(str(error), 200)}")


def outbox_record(path: Path) -> Record | StorageError:
    """Read a file of an outbox that is named after its record; see ``read_record``."""
    record = read_record(path)
    if not isinstance(record, StorageError) and file_of(record) != path.name:
        return RefusedError(f"{path} cannot be taken in: it holds {file_of(record)}")
    return record
