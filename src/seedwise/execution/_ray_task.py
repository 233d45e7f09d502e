"""What a process of Ray does with one job, on the node that Ray chose: it starts a worker process as others do."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from seedwise._version import __version__
from seedwise.errors import SeedwiseError
from seedwise.execution._folder import StudyFolder
from seedwise.execution._jobs import Job
from seedwise.execution._processes import Workers
from seedwise.execution._protocol import Order, Settings, Silent
from seedwise.execution._supervisor import Supervisor
from seedwise.run import Record, write_whole

HELD_BACK: Final = 2.0
"""Seconds after which who asks whether to stop gets an answer at the latest, and asks again."""
_EVERY: Final = 0.5
"""Seconds between two looks at what a run has reached and at its checkpoint."""


@dataclass(frozen=True)
class Parcel:
    """A job and what it needs, on its way to a node.

    Attributes:
        job: the job.
        settings: how; the folder is another one there.
        session: a worker process that did jobs of another one is not used, since the code that it has loaded may have
            changed.
        device: where it is done.
        checkpoint: the file that the run goes on from; None: from the beginning.
        weights: files of kept weights by name.
        environment: what its process finds in its environment besides what is there.
        version: of the seedwise that sends it.

    """

    job: Job
    settings: Settings
    session: str
    device: str
    checkpoint: bytes | None = None
    weights: Mapping[str, bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    version: str = __version__


@dataclass(frozen=True)
class Began:
    """The job is being done."""

    worker: str


@dataclass(frozen=True)
class Reached:
    """The run has finished an epoch, counted from 0."""

    epoch: int


@dataclass(frozen=True)
class Saved:
    """The file of a new checkpoint."""

    checkpoint: bytes


@dataclass(frozen=True)
class Printed:
    """What the job printed."""

    text: bytes


@dataclass(frozen=True)
class Left:
    """The file of the job's record; empty if there is none."""

    record: bytes


@dataclass(frozen=True)
class Died:
    """The worker process died."""

    how: str


@dataclass(frozen=True)
class HandedBack:
    """The job was stopped before its end."""


Message = Began | Reached | Saved | Printed | Left | Died | HandedBack
"""From a node to the driver; one of the last three is the last."""


def do(parcel: Parcel, stop: Any) -> Iterator[Message]:
    """Do a job, and yield what happens.

    Args:
        parcel: the job.
        stop: an actor whose ``wait`` returns when jobs are to be handed back.

    Raises:
        SeedwiseError: if seedwise has another version here.
        StorageError: if the disk is full here.

    """
    if parcel.version != __version__:
        raise SeedwiseError(
            f"seedwise is {parcel.version} where this was started and {__version__} on the node {socket.gethostname()} "
            "of Ray: install the same version"
        )
    with tempfile.TemporaryDirectory(prefix="seedwise-", ignore_cleanup_errors=True) as root:
        yield from _Doing(parcel, StudyFolder(Path(root))).run(_Flag(stop))


class _Flag:
    """Tells whether the driver wants jobs back."""

    def __init__(self, stop: Any) -> None:
        self._stop = stop
        self._ask()

    def _ask(self) -> None:
        self._asked, self._asked_at = self._stop.wait.remote(), time.monotonic()

    def is_raised(self) -> bool:
        import ray

        done, _ = ray.wait([self._asked], timeout=0)
        raised = False
        if done:
            with contextlib.suppress(ray.exceptions.RayError):  # whoever held it is gone, or cannot be reached now
                raised = bool(ray.get(done[0]))
        # An answer may be lost, as when another node has just been removed.
        if done or time.monotonic() - self._asked_at > 2 * HELD_BACK:
            self._ask()
        return raised


class _Kept:
    """A worker process that waits for the next job of this process of Ray: starting python and torch takes long."""

    def __init__(self, purpose: tuple[Any, ...]) -> None:
        self.purpose = purpose
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.workers = Workers(f"ray-{self.name}")
        self._log: BinaryIO | None = None

    def printed(self, logs: Path) -> bytes:
        """Return what it printed since the last time; its log is read on where the file has been deleted."""
        for path in logs.iterdir():  # of one that was started for this job
            if self._log is not None:
                self._log.close()
            self._log = path.open("rb")
        return b"" if self._log is None else self._log.read()


_kept: list[_Kept] = []


def _worker_of(parcel: Parcel) -> _Kept:
    """Return the worker process for a job: another one where code may have changed, or GPUs are others."""
    purpose = parcel.session, parcel.environment, os.environ.get("CUDA_VISIBLE_DEVICES")
    if not _kept or _kept[0].purpose != purpose:
        for one in _kept:
            one.workers.close()
        os.environ.update(parcel.environment)
        _kept[:] = [_Kept(purpose)]
    return _kept[0]


class _Epochs(Silent):
    """Progress that remembers the last epoch of one run until it is asked."""

    def __init__(self) -> None:
        self._last: int | None = None

    def epoch(self, run_id: str, epoch: int) -> None:  # noqa: ARG002
        self._last = epoch

    def news(self) -> int | None:
        last, self._last = self._last, None
        return last


class _Doing:
    """One job, done under a supervisor of its own; see ``Assignments``."""

    revoked = False

    def __init__(self, parcel: Parcel, folder: StudyFolder) -> None:
        self._parcel = parcel
        self._folder = folder
        self._order: Order | None = Order(parcel.job, replace(parcel.settings, folder=folder))
        self._ends: queue.Queue[Message | BaseException] = queue.Queue()
        self._epochs = _Epochs()
        self._checkpoint = folder.checkpoint(parcel.job.spec.id)
        self._seen = self._mark()

    def run(self, flag: _Flag) -> Iterator[Message]:
        self._unpack()
        kept = _worker_of(self._parcel)
        yield Began(kept.name)
        supervisor = Supervisor([self._parcel.device], self._epochs, kept.workers, jobs=self)
        thread = threading.Thread(target=self._supervise, args=(supervisor,))
        thread.start()
        end: Message | BaseException | None = None
        asked = False
        try:
            while end is None:
                with contextlib.suppress(queue.Empty):
                    end = self._ends.get(timeout=_EVERY)
                if not isinstance(end, Left):  # which makes both superfluous
                    yield from self._news()
                if not asked and flag.is_raised():
                    asked = True  # a second time would be at once
                    supervisor.ask_to_stop()
        except BaseException:  # the driver wants no more of it
            for _ in range(2):
                supervisor.ask_to_stop()
            raise
        finally:
            thread.join()
        text = kept.printed(self._folder.logs)
        if text:
            yield Printed(text)
        if isinstance(end, BaseException):
            raise end
        yield end

    def _unpack(self) -> None:
        self._folder.create()
        if self._parcel.checkpoint is not None:
            write_whole(self._checkpoint, self._parcel.checkpoint, durable=False)
        for name, blob in self._parcel.weights.items():
            write_whole(self._folder.weights / name, blob, durable=False)
        self._seen = self._mark()

    def _supervise(self, supervisor: Supervisor) -> None:
        try:
            supervisor.run()
        except BaseException as error:
            self._ends.put(error)
        else:
            self._ends.put(self._end)

    def _news(self) -> Iterator[Message]:
        epoch, mark = self._epochs.news(), self._mark()
        if mark is not None and mark != self._seen:
            with contextlib.suppress(FileNotFoundError):  # the next one is being written
                content = self._checkpoint.read_bytes()
                self._seen = mark
                yield Saved(content)
        if epoch is not None:  # after the checkpoint of the epoch before it
            yield Reached(epoch)

    def _mark(self) -> tuple[int, int] | None:
        """Return what tells a checkpoint from the one before it; None where there is none."""
        try:
            found = self._checkpoint.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    # What the supervisor asks and says

    @property
    def over(self) -> bool:
        return self._order is None

    def take(self) -> Order | None:
        order, self._order = self._order, None
        return order

    def done(self, order: Order) -> None:
        try:
            self._end: Message = Left((self._folder.outbox / order.job.file).read_bytes())
        except FileNotFoundError:
            self._end = Left(b"")

    def ended(self, order: Order, record: Record) -> None:
        self._folder.hand_over(record)
        self.done(order)

    def died(self, order: Order, how: str) -> None:  # noqa: ARG002
        self._end = Died(how)

    def settle(self) -> None:
        """Do nothing: the driver takes records in."""

    def put_back(self, order: Order) -> None:  # noqa: ARG002
        self._end = HandedBack()
