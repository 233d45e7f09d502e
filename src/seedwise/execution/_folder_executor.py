"""Jobs for workers on any machine, through a folder that all of them see."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import math
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.execution._folder import again, outbox_record
from seedwise.execution._jobs import Job, file_of
from seedwise.execution._leases import Watch
from seedwise.execution._protocol import Ingest, Progress, Resources, Settings
from seedwise.execution._queue import Claim, Queue, doing_of
from seedwise.execution._supervisor import crashed, stop_signals
from seedwise.run import ReadoutRecord, Record, RunRecord

LEASE: Final = 90.0
"""Seconds; NFS clients may keep a list of a folder for 60."""
_SHORTEST, _LONGEST = 0.05, 1.0
"""Seconds between two looks into the outbox, doubled while it is empty."""
_MOST: Final = 200
_LARGEST: Final = 50_000_000
"""Records, and bytes of them, that are taken in at once: they are in memory together."""
_LOOKS: Final = 6
"""At who has what, during a lease."""
_ABANDONED: Final = 10
"""Leases after which a file that was begun, and does not grow, is deleted: who wrote it was killed."""
_AT_ONCE: Final = 200
"""Jobs that are put before the outbox is looked at."""


@dataclass(frozen=True)
class QueueOptions:
    """A folder that the driver and all workers see.

    Attributes:
        queue: the folder, made if it is missing; None: ``queue`` in the folder next to the store.
        lease: seconds after which a worker that shows no sign of life is lost.

    Raises:
        SeedwiseError: for a lease that is no positive number.

    """

    queue: Path | None = None
    lease: float = LEASE

    def __post_init__(self) -> None:
        if not 0 < self.lease < math.inf:
            raise SeedwiseError(f"lease={self.lease}: give a number of seconds above 0, such as {LEASE:g}")


class FolderExecutor:
    """Puts jobs into a folder that ``seedwise worker`` serves on any machine; see ``Executor``.

    Being stopped, it leaves its jobs to the workers; who executes the same jobs again takes in what they did.

    Args:
        resources: not asked for: each worker says what it uses of its machine.
        options: the folder.

    """

    def __init__(self, resources: Resources | None = None, options: QueueOptions | None = None) -> None:
        del resources
        self._options = QueueOptions() if options is None else options
        self._is_served = True
        self._token = secrets.token_hex(8)

    def execute(self, jobs: Sequence[Job], settings: Settings, ingest: Ingest, progress: Progress) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        lease = self._options.lease
        queue = Queue(self._options.queue or settings.folder.root / "queue")
        queue.open(settings.folder.root.resolve(), lease)
        kind = json.dumps(settings.to_json(), sort_keys=True)
        session = hashlib.sha256(f"{self._token} {kind}".encode()).hexdigest()[:16]
        return _Following(queue, lease, session, settings, ingest, progress, self.attend).run(jobs)

    def attend(self, queue: Queue, progress: Progress) -> None:
        """See to it that there are workers; called now and then while there is something to do."""
        served = bool(queue.counters())
        if self._is_served and not served:
            progress.note(f"no worker serves {queue.root}: start some with 'seedwise worker {queue.root}'")
        self._is_served = served

    def close(self) -> None:
        """Do nothing: the workers are others'."""


@dataclass
class _Following:
    """One execution: jobs that are still to come back, and who has them."""

    queue: Queue
    lease: float
    session: str
    settings: Settings
    ingest: Ingest
    progress: Progress
    attend: Callable[[Queue, Progress], None]
    wanted: dict[str, Job] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)  # of the results that were taken in
    damaged: collections.Counter[str] = field(default_factory=collections.Counter)
    begun: dict[str, int] = field(default_factory=dict)  # how many epochs have ended, as far as its worker has said
    missing: set[str] = field(default_factory=set)  # at the last look
    stopped: bool = False

    def run(self, jobs: Sequence[Job]) -> bool:
        """Do all jobs; return whether the user stopped it before."""
        self.wanted = {job.file: job for job in jobs}
        workers, halves = Watch(self.lease), Watch(_ABANDONED * self.lease)
        pause, looked = _SHORTEST, -math.inf
        with stop_signals(self._stop):
            self._put_all()
            while self.wanted and not self.stopped:
                pause = _SHORTEST if self._collect() else min(2 * pause, _LONGEST)
                if time.monotonic() - looked > self.lease / _LOOKS:
                    self._look(workers)
                    self.attend(self.queue, self.progress)
                    self.queue.delete(halves.still(self.queue.halves(), time.monotonic()))
                    looked = time.monotonic()
                if self.wanted:
                    time.sleep(min(pause, self.lease / _LOOKS))
        # A worker that was taken for lost may have saved another one since its run was taken in, and died.
        self.queue.folder.remove_checkpoints(job.id for job in jobs if job.file not in self.wanted)
        if self.stopped and self.wanted:
            self.progress.note(
                f"{len(self.wanted)} jobs stay in {self.queue.root}: its workers go on with them until they are stopped"
            )
        return self.stopped and bool(self.wanted)

    def _stop(self) -> None:
        self.stopped = True

    def _put_all(self) -> None:
        """Put what no worker has or has done; what an earlier driver put is withdrawn, since code may have changed."""
        for job in self.wanted.values():
            if job.fresh:
                self.queue.forget(job)
        lost = {claim.name: claim.lost for claim in self.queue.waiting() if self.queue.withdraw(claim)}
        self._collect()
        held = {claim.name for claims in self.queue.held().values() for claim in claims}
        missing = [job for name, job in self.wanted.items() if name not in held]
        for number, job in enumerate(missing):
            if self.stopped:
                return
            if number % _AT_ONCE == 0:
                self._collect()
            self.queue.put(job, self.settings, self.session, lost.get(job.file, 0))

    def _collect(self) -> bool:
        """Take in what lies in the outbox; return whether there was anything of use."""
        found: list[Path] = []
        with os.scandir(self.queue.folder.outbox) as entries:
            for entry in entries:
                if entry.name in self.wanted:
                    found.append(Path(entry.path))
                elif entry.name in self.digests:
                    self._compare(entry.name, Path(entry.path))
        waiting = iter(found)
        while records := self._read(waiting):
            self._accept(records)
        return bool(found)

    def _read(self, paths: Iterator[Path]) -> list[Record]:
        """Read the next files of the outbox, as many as are taken in at once."""
        records: list[Record] = []
        size = 0
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                size += path.stat().st_size
            record = self._record(self.wanted[path.name], path)
            records += [] if record is None else [record]
            if len(records) == _MOST or size > _LARGEST:
                break
        return records

    def _record(self, job: Job, path: Path) -> Record | None:
        """Return the record that a worker left, or that of its failure; None if the job was put again."""
        record = outbox_record(path)
        if isinstance(record, RefusedError):
            aside = self.queue.folder.refuse(path)
            self.progress.note(f"{record}; it is set aside as {aside}")
            return job.record("crashed", f"what it left cannot be taken in: {record}; see {aside}")
        if isinstance(record, StorageError):
            self.damaged[job.file] += 1
            if self.damaged[job.file] <= self.settings.retries:
                self.progress.note(f"{record}; {again(path)}")
                self.queue.put(job, self.settings, self.session)
                path.unlink(missing_ok=True)
                return None
            how = f"left no record that can be read ({record})"
            return crashed(job, how, self.damaged[job.file], self.queue.folder)
        return record

    def _accept(self, records: Sequence[Record]) -> None:
        self.ingest(*records)
        for record in records:
            name = file_of(record)
            job = self.wanted.pop(name)
            self.digests[name] = _digest(record)
            (self.queue.folder.outbox / name).unlink(missing_ok=True)
            self.progress.ended(job.id, record)
        self.queue.folder.remove_checkpoints(r.id for r in records if isinstance(r, RunRecord))

    def _compare(self, name: str, path: Path) -> None:
        """Compare a second record of a run with the first, and delete it."""
        record = outbox_record(path)
        if not isinstance(record, StorageError):
            if _digest(record) != self.digests[name]:
                self.progress.note(
                    f"run {record.id} was done twice, since a worker was taken for lost, and the second time with "
                    "another result; the first is kept: 'seedwise doctor' finds what differs"
                )
            self.queue.folder.remove_checkpoint(record.id)
        path.unlink(missing_ok=True)

    def _look(self, workers: Watch) -> None:
        """See who has what: jobs of lost workers are put back, and jobs that lie nowhere are put again."""
        waiting, held = self.queue.waiting(), self.queue.held()  # in this order: a job that is claimed between is seen
        counters = self.queue.counters()
        for claim in waiting:
            if claim.name not in self.wanted:  # a second copy of one that was done
                self.queue.withdraw(claim)
        everybody = {worker: counters.get(worker) for worker in [*held, *counters]}
        for worker in workers.still(everybody, time.monotonic()):
            self._let_go(worker, held.get(worker, ()))
        somewhere = {claim.name for claim in waiting}
        for claims in held.values():
            for claim in claims:
                somewhere.add(claim.name)
                self._has_begun(claim.name, 0)
        for lease in counters.values():
            for name, epochs in doing_of(lease).items():
                self._has_begun(name, epochs)
        missing = {name for name in self.wanted if name not in somewhere}
        for name in missing & self.missing:
            if name in self.wanted and not (self.queue.folder.outbox / name).exists():
                self.queue.put(self.wanted[name], self.settings, self.session)
        self.missing = missing

    def _has_begun(self, name: str, epochs: int) -> None:
        """Tell the progress of a job that is being done, and of how many epochs it has ended."""
        job = self.wanted.get(name)
        if job is None:
            return
        if name not in self.begun:
            self.begun[name] = 0
            self.progress.started(job.id)
        if epochs and epochs != self.begun[name]:
            self.begun[name] = epochs
            self.progress.epoch(job.id, epochs - 1)

    def _let_go(self, worker: str, claims: Sequence[Claim]) -> None:
        self.queue.declare_lost(worker)
        if claims:
            self.progress.note(f"worker {worker} is lost; what it was doing goes on elsewhere")
        for claim in claims:
            job = self.wanted.get(claim.name)
            if job is None:
                self.queue.complete(worker, claim)
            elif claim.lost < self.settings.retries:
                self.queue.release(worker, claim, lost=1)
            else:
                self.queue.complete(worker, claim)
                self._accept([crashed(job, "was lost", claim.lost + 1, self.queue.folder)])
        self.queue.dissolve(worker)


def _digest(record: Record) -> bytes:
    """Return a digest of what a record says of its run that does not depend on where and when it was made."""
    result = record.result if isinstance(record, ReadoutRecord) else record
    kept = [(p.split, p.tag, p.predicted.tobytes()) for p in result.predictions]
    said = repr([result.status, sorted(result.metrics.items()), result.weights_sha256, kept])
    return hashlib.sha256(said.encode()).digest()
