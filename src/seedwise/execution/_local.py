"""Worker processes on this machine."""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.execution._folder import again, outbox_record
from seedwise.execution._jobs import Job
from seedwise.execution._processes import Workers
from seedwise.execution._protocol import Order, Progress, Resources, Settings
from seedwise.execution._supervisor import Supervisor, crashed
from seedwise.run import Record


class LocalExecutor:
    """Persistent, single-threaded worker processes on this machine; see ``Executor``.

    Args:
        resources: what they use; one worker per core, or several per GPU.

    Raises:
        SeedwiseError: if a GPU is asked for and torch sees none.

    """

    def __init__(self, resources: Resources) -> None:
        self._devices = places_of_workers(resources)
        self._workers = Workers()

    def execute(
        self, jobs: Sequence[Job], settings: Settings, ingest: Callable[[Record], None], progress: Progress
    ) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        assignments = Ingested(collections.deque(jobs), settings, ingest, progress)
        supervisor = Supervisor(self._devices, progress, self._workers, jobs=assignments)
        supervisor.run()
        return supervisor.interrupted

    def close(self) -> None:
        """Let the worker processes end."""
        self._workers.close()


@dataclass
class Ingested:
    """Jobs whose records are handed to the driver; see ``Assignments``."""

    waiting: collections.deque[Job]
    settings: Settings
    ingest: Callable[[Record], None]
    progress: Progress
    deaths: collections.Counter[str] = field(default_factory=collections.Counter)
    revoked: bool = False

    @property
    def over(self) -> bool:
        return not self.waiting

    def take(self) -> Order | None:
        return Order(self.waiting.popleft(), self.settings) if self.waiting else None

    def done(self, order: Order) -> None:
        job = order.job
        path = self.settings.folder.outbox / job.file
        record = outbox_record(path)
        if isinstance(record, RefusedError):
            aside = self.settings.folder.refuse(path)
            self.progress.note(f"{record}; it is set aside as {aside}")
            self.ended(order, job.record("crashed", f"what it left cannot be taken in: {record}; see {aside}"))
        elif isinstance(record, StorageError):
            path.unlink(missing_ok=True)
            self._retry(order, f"left no record that can be read ({record})", again(path))
        else:
            self.ended(order, record)

    def ended(self, order: Order, record: Record) -> None:
        self.ingest(record)
        self.progress.ended(order.job.id, record)

    def died(self, order: Order, how: str) -> None:
        self._retry(order, how, order.job.after_death)

    def put_back(self, order: Order) -> None:
        self.ingest(order.job.record("interrupted"))

    def _retry(self, order: Order, how: str, then: str) -> None:
        """Do a job again whose worker left no record, as often as ``limits.retries`` allows."""
        job = order.job
        self.deaths[job.id] += 1
        if self.deaths[job.id] <= self.settings.retries:
            self.progress.note(f"the worker of run {job.id} {how}; {then}")
            self.waiting.appendleft(job)
        else:
            self.ended(order, crashed(job, how, self.deaths[job.id], self.settings.folder))


def places_of_workers(resources: Resources) -> list[str]:
    """Return the device of each worker: one per core, or several per GPU.

    Raises:
        SeedwiseError: if a GPU is asked for and torch sees none.

    """
    names = resources.devices
    if any(name.startswith("cuda") for name in names):
        import torch

        if not torch.cuda.is_available():
            raise SeedwiseError(f"--device {resources.device}: torch sees no CUDA device here")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = resources.workers or (cores if names == ["cpu"] else len(names) * resources.runs_per_device)
    return [names[k % len(names)] for k in range(count)]
