"""A folder through which jobs reach workers on any machine; ``docs/scaling.md`` has the protocol.

What is here are its files and the steps from one state to the next. Each step is one rename, deletion or write.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from seedwise.errors import SeedwiseError, StorageError
from seedwise.execution._exam import Exam, Examination
from seedwise.execution._folder import StudyFolder
from seedwise.execution._jobs import Job, Reading, Training
from seedwise.execution._protocol import Order, Settings
from seedwise.run import RunSpec, read_checked, storage_errors, write_checked

PROTOCOL: Final = 1
"""Raised when drivers and workers of other versions would misunderstand each other."""

_DIGITS: Final = 12
_LENGTH: Final = 4096
"""Bytes of a lease, which begins and ends with the counter: what is overwritten in place must not change its length."""


@dataclass(frozen=True)
class Claim:
    """A job that a worker has.

    Attributes:
        name: of its record.
        lost: number of workers that were lost with it.

    """

    name: str
    lost: int

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}@{self.lost}"

    @classmethod
    def of(cls, file: str) -> Claim | None:
        """Read the name of a file; None for one that is no job."""
        name, _, lost = file.rpartition("@")
        return cls(name, int(lost)) if name and not name.startswith(".") and lost.isdecimal() else None


def lease_of(count: int, doing: Mapping[str, int]) -> bytes:
    """Return what a worker writes into its lease.

    Args:
        count: its counter.
        doing: how many epochs have ended of each of its jobs, by the name of its record; as many as there is room for.

    """
    said = json.dumps(doing)
    while len(said) > _LENGTH - 2 * _DIGITS:
        doing = dict(list(doing.items())[: len(doing) // 2])
        said = json.dumps(doing)
    number = f"{count:0{_DIGITS}}"
    return f"{number}{said:{_LENGTH - 2 * _DIGITS}}{number}".encode()


def doing_of(lease: bytes) -> dict[str, int]:
    """Return what ``lease_of`` was told; nothing of a lease that was read while it was written, or of no such one.

    Example:
        >>> doing_of(lease_of(7, {"0123456789abcdef.run": 3}))
        {'0123456789abcdef.run': 3}

    """
    if len(lease) != _LENGTH or lease[:_DIGITS] != lease[-_DIGITS:]:
        return {}
    try:
        said = json.loads(lease[_DIGITS:-_DIGITS])
    except ValueError:
        return {}
    pairs = said.items() if isinstance(said, dict) else ()
    return {name: epochs for name, epochs in pairs if type(epochs) is int and epochs >= 0}


class Queue:
    """The folder.

    Args:
        root: where it lies on this machine.

    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = StudyFolder(root)
        self.todo = root / "todo"
        self.claimed = root / "claimed"
        self.leases = root / "leases"

    # The driver's

    def open(self, store: Path, lease: float) -> None:
        """Make the folder that of a store.

        Args:
            store: whose driver puts jobs here.
            lease: seconds after which a worker whose counter stands still is lost.

        Raises:
            SeedwiseError: if it is another store's.
            StorageError: if it cannot be written.

        """
        own = {"protocol": PROTOCOL, "store": str(store), "lease": lease}
        known = self.terms()
        if known is not None and known["store"] != own["store"]:
            raise SeedwiseError(
                f"{self.root} is the queue of {known['store']}: pass another --queue, or delete {self._terms} if that "
                "study is over"
            )
        with storage_errors(self.root):
            for folder in (self.todo, self.claimed, self.leases):
                folder.mkdir(parents=True, exist_ok=True)
        self.folder.create()
        if known != own:
            write_checked(self._terms, json.dumps(own).encode())

    def put(self, job: Job, settings: Settings, session: str, lost: int = 0) -> None:
        """Put a job where workers find it, with what it needs of finished runs.

        Raises:
            StorageError: if the disk is full.

        """
        for tag in job.states:
            self._publish(settings.folder.weights_file(job.spec.id, tag))
        content = {"session": session, "settings": settings.to_json(), "command": job.command}
        write_checked(self.todo / Claim(job.file, lost).file, json.dumps(content).encode(), durable=False)

    def _publish(self, weights: Path) -> None:
        target = self.folder.weights / weights.name
        if target.exists() or not weights.exists():  # a worker says which file is missing
            return
        with storage_errors(target):
            target.parent.mkdir(exist_ok=True)
            try:
                target.hardlink_to(weights)
            except OSError:  # on another file system
                half = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
                shutil.copyfile(weights, half)
                half.replace(target)

    def forget(self, job: Job) -> None:
        """Delete what an earlier attempt at a job left: it starts from the beginning."""
        (self.folder.outbox / job.file).unlink(missing_ok=True)
        self.folder.remove_checkpoint(job.spec.id)

    def withdraw(self, claim: Claim) -> bool:
        """Take a job back that nobody has; return whether it was still there."""
        return _unlinked(self.todo / claim.file)

    def waiting(self) -> list[Claim]:
        """Return the jobs that nobody has, in no order."""
        return _claims(self.todo)

    def held(self) -> dict[str, list[Claim]]:
        """Return the jobs of each worker that has a folder."""
        return {worker: _claims(self.claimed / worker) for worker in _names(self.claimed)}

    def counters(self) -> dict[str, bytes]:
        """Return the lease of each worker that has one: its counter, and what it does."""
        found = {}
        for worker in _names(self.leases):
            with contextlib.suppress(FileNotFoundError):
                found[worker] = (self.leases / worker).read_bytes()
        return found

    def declare_lost(self, worker: str) -> None:
        """Take a worker's counter away, which tells it that its jobs are no longer its own."""
        _unlinked(self.leases / worker)

    def dissolve(self, worker: str) -> None:
        """Delete the folder of a worker that has no jobs left."""
        with contextlib.suppress(OSError):  # not empty: it claimed one at this very moment
            (self.claimed / worker).rmdir()

    def halves(self) -> dict[str, bytes]:
        """Return the files that somebody is writing, or was when he was killed, and how long they are."""
        rooms = (self.todo, self.folder.outbox, self.folder.checkpoints, self.folder.weights)
        found = {}
        for path in (room / name for room in rooms for name in _names(room) if name.endswith(".tmp")):
            with contextlib.suppress(FileNotFoundError):
                found[str(path)] = str(path.stat().st_size).encode()
        return found

    def delete(self, files: Iterable[str]) -> None:
        """Delete files of the folder."""
        for file in files:
            _unlinked(Path(file))

    # The workers'

    def terms(self) -> dict[str, Any] | None:
        """Return what a driver said of the folder: its store and the length of a lease; None before that.

        Raises:
            SeedwiseError: if the driver speaks another protocol.

        """
        try:
            said: dict[str, Any] = json.loads(read_checked(self._terms))
        except FileNotFoundError:
            return None
        if said["protocol"] != PROTOCOL:
            raise SeedwiseError(
                f"{self.root} is served by another version of seedwise (protocol {said['protocol']}, here {PROTOCOL}): "
                "use the same version for 'run' and for its workers"
            )
        return said

    @property
    def _terms(self) -> Path:
        return self.root / "queue"

    def enter(self) -> str:
        """Give a new worker a name, a counter and a folder, in this order; return the name."""
        host = re.sub(r"[^\w.-]", "-", socket.gethostname())
        worker = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
        with storage_errors(self.leases / worker):
            (self.leases / worker).write_bytes(lease_of(0, {}))
            (self.claimed / worker).mkdir()
        return worker

    def renew(self, worker: str, count: int, doing: Mapping[str, int]) -> bool:
        """Raise a counter and say what is done; return false if it is gone: the worker was taken for lost."""
        try:
            # Overwritten in place: readers ask whether it changed, and a list of the folder may be old.
            file = os.open(self.leases / worker, os.O_WRONLY)
        except FileNotFoundError:
            return False
        try:
            os.pwrite(file, lease_of(count, doing), 0)
        finally:
            os.close(file)
        return True

    def workers(self) -> int:
        """Return how many workers there are, idle ones included."""
        return len(_names(self.leases))

    def leave(self, worker: str) -> None:
        """Hand back all jobs of a worker and take its name away."""
        for claim in _claims(self.claimed / worker):
            self.release(worker, claim)
        self.dissolve(worker)
        _unlinked(self.leases / worker)

    def claim(self, worker: str, claim: Claim) -> bool:
        """Make a job that nobody has a worker's own; return whether that worked."""
        target = self.claimed / worker / claim.file
        try:
            (self.todo / claim.file).rename(target)
        except FileNotFoundError:
            return target.exists()  # the answer of a file server may get lost, and the second one says no
        return True

    def order(self, worker: str, claim: Claim) -> Order | None:
        """Read a claimed job; one that is damaged is deleted, and put again by the driver.

        Returns:
            The job; None if it is damaged or the worker's no longer.

        """
        path = self.claimed / worker / claim.file
        try:
            content = json.loads(read_checked(path))
            job = _job(content["command"])
        except FileNotFoundError:
            return None
        except (StorageError, ValueError, TypeError, KeyError):
            _unlinked(path)
            return None
        return Order(job, Settings.from_json(content["settings"], self.folder), content["session"])

    def complete(self, worker: str, claim: Claim) -> None:
        """Let go of a job whose record lies in the outbox."""
        _unlinked(self.claimed / worker / claim.file)

    def release(self, worker: str, claim: Claim, *, lost: int = 0) -> None:
        """Put a worker's job back, with ``lost`` more workers lost; nothing happens if it is not there."""
        back = Claim(claim.name, claim.lost + lost)
        with contextlib.suppress(FileNotFoundError):
            (self.claimed / worker / claim.file).rename(self.todo / back.file)


def _job(command: dict[str, Any]) -> Job:
    if command["do"] == "read":
        return Reading.from_command(command)
    spec = RunSpec.from_content(command["content"])
    return Examination(spec, Exam(**command["exam"])) if "exam" in command else Training(spec)


def _claims(folder: Path) -> list[Claim]:
    return [claim for name in _names(folder) if (claim := Claim.of(name)) is not None]


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - a Path for each of 100 000 names takes longer than the list
    except FileNotFoundError:  # of a worker that has left
        return []


def _unlinked(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
