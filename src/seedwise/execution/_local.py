"""Worker processes on this machine."""

from __future__ import annotations

import collections
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.execution._folder import again, outbox_record
from seedwise.execution._jobs import Job
from seedwise.execution._processes import Workers
from seedwise.execution._protocol import Ingest, Order, Progress, Resources, Settings
from seedwise.execution._supervisor import Supervisor, crashed
from seedwise.randomness import torch_if_installed
from seedwise.run import Record

_TRANSACTIONS: Final = 0.05
"""Seconds between two of them at least, while there are jobs: each waits for the disk several times."""


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

    def execute(self, jobs: Sequence[Job], settings: Settings, ingest: Ingest, progress: Progress) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        assignments = Ingested(collections.deque(jobs), settings, ingest, progress)
        supervisor = Supervisor(self._devices, progress, self._workers, jobs=assignments)
        try:
            supervisor.run()
        finally:
            assignments.take_in()
        return supervisor.interrupted

    def close(self) -> None:
        """Let the worker processes end."""
        self._workers.close()


@dataclass
class Ingested:
    """Jobs whose records are handed to the driver; see ``Assignments``."""

    waiting: collections.deque[Job]
    settings: Settings
    ingest: Ingest
    progress: Progress
    deaths: collections.Counter[str] = field(default_factory=collections.Counter)
    handed_over: list[Order] = field(default_factory=list)  # whose records lie in the outbox
    taken_in: float = -math.inf  # when that was last done
    revoked: bool = False

    @property
    def over(self) -> bool:
        return not (self.waiting or self.handed_over)

    def take(self) -> Order | None:
        return Order(self.waiting.popleft(), self.settings) if self.waiting else None

    def done(self, order: Order) -> None:
        self.handed_over.append(order)

    def settle(self) -> None:
        if not self.waiting or time.monotonic() - self.taken_in > _TRANSACTIONS:
            self.take_in()

    def take_in(self) -> None:
        """Take in what lies in the outbox."""
        orders, self.handed_over = self.handed_over, []
        found = [(order, record) for order in orders if (record := self._record(order)) is not None]
        if found:
            self.ingest(*(record for _, record in found))
        for order, record in found:
            self.progress.ended(order.job.id, record)
        self.taken_in = time.monotonic()

    def _record(self, order: Order) -> Record | None:
        """Return the record of a job that was done; None if it is done again."""
        job = order.job
        path = self.settings.folder.outbox / job.file
        record = outbox_record(path)
        if isinstance(record, RefusedError):
            aside = self.settings.folder.refuse(path)
            self.progress.note(f"{record}; it is set aside as {aside}")
            return job.record("crashed", f"what it left cannot be taken in: {record}; see {aside}")
        if isinstance(record, StorageError):
            path.unlink(missing_ok=True)
            return self._again(order, f"left no record that can be read ({record})", again(path))
        return record

    def ended(self, order: Order, record: Record) -> None:
        self.ingest(record)
        self.progress.ended(order.job.id, record)

    def died(self, order: Order, how: str) -> None:
        record = self._again(order, how, order.job.after_death)
        if record is not None:
            self.ended(order, record)

    def put_back(self, order: Order) -> None:
        self.ingest(order.job.record("interrupted"))

    def _again(self, order: Order, how: str, then: str) -> Record | None:
        """Do a job again that left no record, as often as ``limits.retries`` allows; then return one of its failure."""
        job = order.job
        self.deaths[job.id] += 1
        if self.deaths[job.id] > self.settings.retries:
            return crashed(job, how, self.deaths[job.id], self.settings.folder)
        self.progress.note(f"the worker of run {job.id} {how}; {then}")
        self.waiting.appendleft(job)
        return None


def places_of_workers(resources: Resources) -> list[str]:
    """Return the device of each worker: one per core, or several per GPU.

    Raises:
        SeedwiseError: if torch does not see a GPU that is asked for.

    """
    names = resources.devices
    check_devices(names)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = resources.workers or (cores if names == ["cpu"] else len(names) * resources.runs_per_device)
    return [names[k % len(names)] for k in range(count)]


def check_devices(names: Sequence[str]) -> None:
    """Raise SeedwiseError unless torch, where it is installed, sees these devices here.

    Args:
        names: ``cuda``, ``cuda:1``, ``mps``; of others it is not asked.

    """
    for name in names:
        kind, _, number = name.partition(":")
        torch = torch_if_installed() if kind in ("cuda", "mps") else None
        if torch is None:
            continue
        there = torch.cuda.device_count() if kind == "cuda" else int(torch.backends.mps.is_available())
        if int(number or 0) < there:
            continue
        what = "CUDA device" if kind == "cuda" else "Apple GPU"
        seen = f"{there or 'no'} {what}{'s' if there > 1 else ''}"
        instead = f"{kind}:0 to {kind}:{there - 1}" if there > 1 else kind if there else "cpu"
        raise SeedwiseError(f"device {name}: torch {torch.__version__} sees {seen} here: use {instead}")
