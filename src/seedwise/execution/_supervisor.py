"""Worker processes on this machine, and a small supervisor over them."""

from __future__ import annotations

import collections
import math
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.execution._folder import again, outbox_record
from seedwise.execution._jobs import Job
from seedwise.execution._processes import Worker, Workers, dismiss
from seedwise.execution._protocol import Progress, Resources, Settings
from seedwise.run import Record

_GRACE: Final = 20.0
"""Seconds that workers get after a request to stop, to reach the end of their epoch and write a checkpoint."""


class LocalExecutor:
    """Persistent, single-threaded worker processes on this machine; see ``Executor``.

    Args:
        resources: one worker per core, or several per GPU.

    Raises:
        SeedwiseError: if a GPU is asked for and torch sees none.

    """

    def __init__(self, resources: Resources) -> None:
        names = resources.devices
        if any(name.startswith("cuda") for name in names):
            import torch

            if not torch.cuda.is_available():
                raise SeedwiseError(f"--device {resources.device}: torch sees no CUDA device here")
        count = resources.workers or (_cores() if names == ["cpu"] else len(names) * resources.runs_per_device)
        self._devices = [names[k % len(names)] for k in range(count)]
        self._workers = Workers()

    def execute(
        self, jobs: Sequence[Job], settings: Settings, ingest: Callable[[Record], None], progress: Progress
    ) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        execution = _Execution(self._devices, settings, ingest, progress, self._workers)
        execution.run(jobs)
        return execution.interrupted

    def close(self) -> None:
        """Let the worker processes end."""
        self._workers.close()


class _Execution:
    """Gives jobs to worker processes and hands their records to the driver.

    A worker that dies costs its run a retry from its checkpoint and nothing else. What a function raises is an outcome
    of the run and is not tried again.

    Args:
        devices: one worker on each.
        settings, ingest, progress: as of ``Executor.execute``.
        workers: those that wait from an earlier execution; they wait again after it.

    """

    def __init__(
        self,
        devices: Sequence[str],
        settings: Settings,
        ingest: Callable[[Record], None],
        progress: Progress,
        workers: Workers,
    ) -> None:
        self.settings = settings
        self.interrupted = False
        self._devices = devices
        self._ingest = ingest
        self._progress = progress
        self._source = workers
        self._answers = workers.answers
        self._workers: list[Worker] = []
        self._waiting: collections.deque[Job] = collections.deque()
        self._deaths: collections.Counter[str] = collections.Counter()
        self._stops_asked = 0
        self._stopping_since: float | None = None
        self._problem: StorageError | None = None

    def run(self, jobs: Sequence[Job]) -> None:
        """Do all ``jobs``; returns when all have ended or the user has stopped it (``interrupted`` is then true)."""
        self._waiting.extend(jobs)
        try:
            with _stop_signals(self._ask_to_stop):
                for device in self._devices[: len(jobs)]:
                    self._start_worker(device)
                while any(w.job is not None for w in self._workers) or (self._waiting and not self._stopping):
                    self._wait_for_answer()
                    self._handle_stops()
                    self._enforce_limits()
        finally:
            self._shut_down()
        if self._problem is not None:
            raise self._problem

    @property
    def _stopping(self) -> bool:
        return self._stopping_since is not None

    def _start_worker(self, device: str) -> None:
        worker = self._source.get(device, self.settings)
        self._workers.append(worker)
        self._give_work(worker)

    def _give_work(self, worker: Worker) -> None:
        worker.job = None
        # A worker that has ended, or is about to, is replaced when its end is reported.
        alive = not worker.timed_out and not worker.spent and worker.process.poll() is None
        if self._waiting and not self._stopping and alive:
            worker.job = self._waiting.popleft()
            # The limit is the run's, not that of starting python and torch.
            worker.since = time.monotonic() if worker.ready else math.inf
            worker.send(self.settings.command(worker.job, worker.device))
            self._progress.started(worker.job.id)

    def _wait_for_answer(self) -> None:
        try:
            self._handle(*self._answers.get(timeout=0.2))
            # All that has come, before any limit is enforced: a slow commit must not be charged to the runs behind it.
            while True:
                self._handle(*self._answers.get_nowait())
        except queue.Empty:
            return

    def _handle(self, worker: Worker, answer: dict[str, Any]) -> None:
        if worker not in self._workers:  # it ended while it waited
            return
        match answer["event"]:
            case "ready":
                worker.ready = True
                worker.since = time.monotonic()
            case "epoch":
                self._progress.epoch(answer["id"], answer["epoch"])
            case "done":
                worker.spent = answer["last"]
                self._finish(worker, answer["status"])
                if worker.spent:
                    self._replace_worker(worker)
            case "storage":
                self._problem = self._problem or StorageError(answer["error"])
                worker.job = None
                self._stop()
            case "exit":
                self._replace_worker(worker)

    def _finish(self, worker: Worker, status: str) -> None:
        assert worker.job is not None
        job = worker.job
        worker.job = None
        if status == "interrupted":
            self._ingest(job.record("interrupted"))
        else:
            path = self.settings.folder.outbox / job.file
            record = outbox_record(path)
            if isinstance(record, RefusedError):
                aside = self.settings.folder.refuse(path)
                self._progress.note(f"{record}; it is set aside as {aside}")
                self._accept(job, job.record("crashed", f"what it left cannot be taken in: {record}; see {aside}"))
            elif isinstance(record, StorageError):
                path.unlink(missing_ok=True)
                self._retry(job, f"left no record that can be read ({record})", again(path))
            else:
                self._accept(job, record)
        self._give_work(worker)

    def _accept(self, job: Job, record: Record) -> None:
        self._ingest(record)
        self._progress.ended(job.id, record.status)

    def _replace_worker(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.dismiss()
        job = worker.job
        if job is not None:
            if worker.timed_out:
                self._accept(job, job.record("timeout", self._timeout_message()))
            elif self._stopping:
                self._ingest(job.record("interrupted"))
            else:
                self._retry(job, _end_of(worker.process.returncode), job.after_death)
        if self._waiting and not self._stopping:
            self._start_worker(worker.device)

    def _retry(self, job: Job, how: str, then: str) -> None:
        """Do a job again whose worker left no record, as often as ``limits.retries`` allows."""
        self._deaths[job.id] += 1
        times = self._deaths[job.id]
        if times <= self.settings.retries:
            self._progress.note(f"the worker of run {job.id} {how}; {then}")
            self._waiting.appendleft(job)
            return
        message = f"its worker {how}, {times} time{'s' if times > 1 else ''}"
        hint = " (signal 9 is often the system running out of memory)" if how.endswith("signal 9") else ""
        self._accept(job, job.record("crashed", f"{message}{hint}; see {self.settings.folder.logs}"))

    def _timeout_message(self) -> str:
        return f"it took longer than the {self.settings.seconds:g} s of limits.seconds"

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        limit = self.settings.seconds
        for worker in self._workers:
            if limit is not None and worker.job is not None and now - worker.since > limit and not worker.timed_out:
                worker.timed_out = True
                worker.process.kill()
        if self._stopping_since is not None and now - self._stopping_since > _GRACE:
            for worker in self._workers:
                worker.process.kill()

    def _ask_to_stop(self) -> None:
        # Called by a signal, perhaps in the midst of writing to a worker: only noted here.
        self._stops_asked += 1

    def _handle_stops(self) -> None:
        """Stop at the next ends of epochs; asked a second time, at once."""
        if self._stops_asked:
            if not self._stopping:
                self._progress.note("stopping at the next end of an epoch; Ctrl-C again stops at once")
            self._stop()
        if self._stops_asked > 1:
            for worker in self._workers:
                worker.process.kill()

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping_since = time.monotonic()
        for worker in self._workers:
            worker.send({"do": "stop"})

    def _shut_down(self) -> None:
        self.interrupted = self._stopping and self._problem is None
        idle = [w for w in self._workers if w.job is None and not w.timed_out and not w.spent]
        if not self._stopping:
            self._source.put(idle)
            self._workers = [w for w in self._workers if w not in idle]
        dismiss(self._workers)


def _end_of(returncode: int) -> str:
    return f"was killed by signal {-returncode}" if returncode < 0 else f"exited with code {returncode}"


@contextmanager
def _stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` on Ctrl-C and on a polite request to end; outside the main thread signals stay as they are."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
