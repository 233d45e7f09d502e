"""A small supervisor of worker processes on this machine."""

from __future__ import annotations

import contextlib
import math
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Protocol

from seedwise.errors import StorageError
from seedwise.execution._folder import StudyFolder
from seedwise.execution._jobs import Job
from seedwise.execution._processes import Worker, Workers, dismiss
from seedwise.execution._protocol import Order, Progress
from seedwise.run import Record

_GRACE: Final = 20.0
"""Seconds that workers get after a request to stop, to reach the end of their epoch and write a checkpoint."""


class Assignments(Protocol):
    """Where a supervisor takes jobs from, and what becomes of them."""

    @property
    def over(self) -> bool:
        """Whether no job will come any more."""

    @property
    def revoked(self) -> bool:
        """Whether the jobs that are being done are somebody else's by now."""

    def take(self) -> Order | None:
        """Return a job that is to be done here; None if there is none at the moment."""

    def done(self, order: Order) -> None:
        """A worker says that it has put the job's record into the outbox."""

    def ended(self, order: Order, record: Record) -> None:
        """A job left no record itself, and will not be done again."""

    def died(self, order: Order, how: str) -> None:
        """The worker of a job died: it is done again, as often as that is allowed."""

    def put_back(self, order: Order) -> None:
        """A job was not done, or not to its end."""

    def settle(self) -> None:
        """All that workers have said so far was passed on, and those that are free were given jobs."""


class Supervisor:
    """Gives jobs to worker processes.

    A worker that dies costs its run a retry from its checkpoint and nothing else. What a function raises is an outcome
    of the run and is not tried again.

    Args:
        devices: one worker on each.
        progress: receives what happens.
        workers: those that wait from an earlier time; they wait again afterwards.
        jobs: what they do.
        grace: seconds that workers get after a request to stop.

    Attributes:
        interrupted: whether it was stopped before all was done.

    """

    def __init__(
        self,
        devices: Sequence[str],
        progress: Progress,
        workers: Workers,
        *,
        jobs: Assignments,
        grace: float | None = None,
    ) -> None:
        self.interrupted = False
        self._progress = progress
        self._source = workers
        self._answers = workers.answers
        self._jobs = jobs
        self._grace = _GRACE if grace is None else grace
        self._free = list(devices)
        self._workers: list[Worker] = []
        self._stops_asked = 0
        self._stopping_since: float | None = None
        self._problem: StorageError | None = None

    def run(self) -> None:
        """Do all jobs; returns when all have ended or the user has stopped it (``interrupted`` is then true).

        Raises:
            StorageError: if a worker could not write.

        """
        try:
            with stop_signals(self.ask_to_stop):
                self._employ()
                while any(w.order is not None for w in self._workers) or not (self._jobs.over or self._stopping):
                    self._wait_for_answer()
                    self._handle_stops()
                    self._enforce_limits()
                    self._employ()
        finally:
            self._shut_down()
        if self._problem is not None:
            raise self._problem

    @property
    def doing(self) -> dict[str, int]:
        """What is done at the moment: how many epochs have ended of each job, by the name of its record."""
        pairs = [(worker.order, worker.epochs) for worker in list(self._workers)]
        return {order.job.file: epochs for order, epochs in pairs if order is not None}

    @property
    def _stopping(self) -> bool:
        return self._stopping_since is not None

    def _employ(self) -> None:
        """Give jobs to those who have none, and start workers while there are jobs for them."""
        for worker in list(self._workers):
            # A worker that has ended, or is about to, is replaced when its end is reported.
            alive = not worker.timed_out and not worker.spent and worker.process.poll() is None
            if worker.order is None and alive and not self._give_work(worker):
                return
        while self._free and (order := self._next()) is not None:
            self._assign(self._new_worker(self._free.pop(0), order), order)

    def _next(self) -> Order | None:
        return None if self._stopping or self._jobs.over else self._jobs.take()

    def _new_worker(self, device: str, order: Order) -> Worker:
        worker = self._source.get(device, order.settings)
        self._workers.append(worker)
        return worker

    def _give_work(self, worker: Worker) -> bool:
        order = self._next()
        if order is None:
            return False
        if worker.session not in (None, order.session):
            self._workers.remove(worker)
            worker.dismiss()
            worker = self._new_worker(worker.device, order)
        self._assign(worker, order)
        return True

    def _assign(self, worker: Worker, order: Order) -> None:
        worker.order, worker.session, worker.epochs = order, order.session, 0
        # The limit is the run's, not that of starting python and torch.
        worker.since = time.monotonic() if worker.ready else math.inf
        worker.send(order.settings.command(order.job, worker.device))
        self._progress.started(order.job.id)

    def _wait_for_answer(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._handle(*self._answers.get(timeout=0.2))
        self._handle_what_has_come()
        self._jobs.settle()
        # Before any limit is enforced: a slow commit must not be charged to the runs that ended meanwhile.
        self._handle_what_has_come()

    def _handle_what_has_come(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._handle(*self._answers.get_nowait())

    def _handle(self, worker: Worker, answer: dict[str, Any]) -> None:
        if worker not in self._workers:  # it ended while it waited
            return
        match answer["event"]:
            case "ready":
                worker.ready = True
                worker.since = time.monotonic()
            case "epoch":
                worker.epochs = answer["epoch"] + 1
                self._progress.epoch(answer["id"], answer["epoch"])
            case "done":
                worker.spent = answer["last"]
                self._finish(worker, answer["status"])
            case "storage":
                self._problem = self._problem or StorageError(answer["error"])
                worker.order = None  # where it came from, it is still to be done
                self._stop()
            case "exit":
                self._dismiss(worker)

    def _finish(self, worker: Worker, status: str) -> None:
        assert worker.order is not None
        order, worker.order = worker.order, None
        if status == "interrupted":
            self._jobs.put_back(order)
        else:
            self._jobs.done(order)
        if worker.spent:
            self._dismiss(worker)
        elif worker.process.poll() is None:
            self._give_work(worker)

    def _dismiss(self, worker: Worker) -> None:
        self._workers.remove(worker)
        self._free.append(worker.device)
        worker.dismiss()
        order = worker.order
        if order is None:
            return
        if worker.process.returncode == -signal.SIGTERM:
            time.sleep(0.5)  # who ends a whole group may reach this process a moment later
        if worker.timed_out:
            limit = f"it took longer than the {order.settings.seconds:g} s of limits.seconds"
            self._jobs.ended(order, order.job.record("timeout", limit))
        elif self._stopping or self._stops_asked:
            self._jobs.put_back(order)
        else:
            self._jobs.died(order, _end_of(worker.process.returncode))

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            limit = None if worker.order is None else worker.order.settings.seconds
            if limit is not None and now - worker.since > limit and not worker.timed_out:
                worker.timed_out = True
                worker.process.kill()
        if self._stopping_since is not None and now - self._stopping_since > self._grace:
            self._kill()
        if self._jobs.revoked:
            for worker in self._workers:
                worker.order = None
            self._kill()

    def ask_to_stop(self) -> None:
        """Let workers stop at the next ends of epochs; asked a second time, at once."""
        # Called by a signal, perhaps in the midst of writing to a worker: only noted here.
        self._stops_asked += 1

    def _handle_stops(self) -> None:
        """Stop at the next ends of epochs; asked a second time, at once."""
        if self._stops_asked:
            if not self._stopping:
                self._progress.note("stopping at the next end of an epoch; Ctrl-C again stops at once")
            self._stop()
        if self._stops_asked > 1:
            self._kill()

    def _kill(self) -> None:
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
        idle = [w for w in self._workers if w.order is None and not w.timed_out and not w.spent]
        if not self._stopping and not self._jobs.revoked:
            self._source.put(idle)
            self._workers = [w for w in self._workers if w not in idle]
        dismiss(self._workers)


def _end_of(returncode: int) -> str:
    return f"was killed by signal {-returncode}" if returncode < 0 else f"exited with code {returncode}"


def crashed(job: Job, how: str, times: int, folder: StudyFolder) -> Record:
    """Return the record of a job whose workers left none.

    Args:
        job: the job.
        how: the end of the last worker.
        times: number of workers.
        folder: whose logs may say more.

    """
    message = f"its worker {how}, {times} time{'s' if times > 1 else ''}"
    hint = " (signal 9 is often the system running out of memory)" if how.endswith("signal 9") else ""
    return job.record("crashed", f"{message}{hint}; see {folder.logs}")


@contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
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
