"""A small supervisor over persistent, single-threaded worker processes."""

from __future__ import annotations

import collections
import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any, Final, Protocol

from seedwise.errors import StorageError
from seedwise.run import Keep, digest_of, storage_errors
from seedwise.study._folder import StudyFolder, again, read_record
from seedwise.study._jobs import Job, Record
from seedwise.study._spec import CheckpointOptions, Limits
from seedwise.training import FUNCTION, check_data, check_parts

_GRACE: Final = 20.0
"""Seconds that workers get after a request to stop, to reach the end of their epoch and write a checkpoint."""


class Progress(Protocol):
    """What the executor tells of its progress."""

    def planned(self, runs: int) -> None:
        """So many runs are to be trained."""

    def reading(self, readouts: int) -> None:
        """So many readouts are to be computed; each of them starts and ends like a run."""

    def started(self, run_id: str) -> None:
        """A run was given to a worker."""

    def epoch(self, run_id: str, epoch: int) -> None:
        """A run finished an epoch, counted from 0."""

    def ended(self, run_id: str, status: str) -> None:
        """A run's record is in the store."""

    def note(self, text: str) -> None:
        """Something that the user should know."""


class Silent:
    """No progress."""

    def planned(self, runs: int) -> None: ...
    def reading(self, readouts: int) -> None: ...
    def started(self, run_id: str) -> None: ...
    def epoch(self, run_id: str, epoch: int) -> None: ...
    def ended(self, run_id: str, status: str) -> None: ...
    def note(self, text: str) -> None: ...


@dataclass(frozen=True)
class Settings:
    """How runs are executed; nothing of it is part of their names."""

    folder: StudyFolder
    devices: Sequence[str]
    keep: Keep
    evaluate_epochs: bool
    checkpoint: CheckpointOptions
    limits: Limits
    import_from: Sequence[str]
    keep_trace: bool = False

    def command(self, job: Job, device: str) -> dict[str, Any]:
        """Return what a worker is told."""
        return {
            **job.command,
            "folder": str(self.folder.root.resolve()),
            "device": device,
            "keep": asdict(self.keep),
            "evaluate_epochs": self.evaluate_epochs,
            "checkpoint": self.checkpoint.model_dump(),
            "keep_trace": self.keep_trace,
            "import_from": list(self.import_from),
        }


class _Worker:
    """One worker process and what it is doing."""

    def __init__(self, number: int, device: str, settings: Settings, answers: queue.Queue[Any]) -> None:
        self.device = device
        self.job: Job | None = None
        self.ready = False
        self.since = math.inf
        self.timed_out = False
        self.spent = False  # a run left it so that no other may be trained in it
        log = settings.folder.logs / f"worker-{number}.log"
        with storage_errors(log):
            stderr = log.open("ab")
        with stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "seedwise.study._worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=worker_environment(),
            )
        self._listener = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self._listener.start()
        threading.Thread(target=self._watch, args=(answers,), daemon=True).start()

    def _listen(self, answers: queue.Queue[Any]) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with contextlib.suppress(json.JSONDecodeError):  # a worker that is killed leaves half a line
                    answers.put((self, json.loads(line)))

    def _watch(self, answers: queue.Queue[Any]) -> None:
        self.process.wait()
        self._listener.join(timeout=2)  # what it said last; a process that it started may hold the pipe open for longer
        answers.put((self, {"event": "exit"}))

    def send(self, command: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended; its exit is reported separately
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            self.process.stdin.flush()

    def dismiss(self) -> None:
        """Close its standard input, on which it ends."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def wait(self) -> None:
        """Wait for its end; the slow are killed."""
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listener.join(timeout=5)  # a process that the worker started may hold the pipe open


class Workers:
    """Worker processes that wait between executions: starting python and torch may take longer than a run."""

    def __init__(self) -> None:
        self.answers: queue.Queue[tuple[_Worker, dict[str, Any]]] = queue.Queue()
        self._idle: list[_Worker] = []
        self._numbers = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        dismiss(self._idle)

    def get(self, device: str, settings: Settings) -> _Worker:
        """Return a worker that waits, or a new one."""
        for worker in self._idle:
            if worker.device == device and worker.process.poll() is None:
                self._idle.remove(worker)
                return worker
        self._numbers += 1
        return _Worker(self._numbers, device, settings, self.answers)

    def put(self, workers: Sequence[_Worker]) -> None:
        """Let workers wait."""
        self._idle += workers


def dismiss(workers: Sequence[_Worker]) -> None:
    """Let workers end, and wait until they have."""
    for worker in workers:
        worker.dismiss()
    for worker in workers:
        worker.wait()


def worker_environment() -> dict[str, str]:
    """Return the environment of a worker: what must be set before torch and python start."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",  # a run that asks for more threads gets them through torch
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "PYTHONHASHSEED": "0",  # the order of sets must not differ between two workers
        "PYTHONUNBUFFERED": "1",
    }


class Executor:
    """Gives jobs to worker processes and hands their records to the driver.

    A worker that dies costs its run a retry from its checkpoint and nothing else. What a function raises is an outcome
    of the run and is not tried again.

    Args:
        settings: how they are executed; one worker per entry of ``devices``.
        take_in: called with each record, in the driver's thread; commits it.
        progress: told what happens.
        workers: those that wait from an earlier execution; they wait again after it. None: they start and end with it.

    """

    def __init__(
        self,
        settings: Settings,
        take_in: Callable[[Record], None],
        progress: Progress,
        workers: Workers | None = None,
    ) -> None:
        self.settings = settings
        self.interrupted = False
        self._take_in = take_in
        self._progress = progress
        self._source = workers or Workers()
        self._keeps = workers is not None
        self._answers = self._source.answers
        self._workers: list[_Worker] = []
        self._waiting: collections.deque[Job] = collections.deque()
        self._deaths: collections.Counter[str] = collections.Counter()
        self._stops_asked = 0
        self._stopping_since: float | None = None
        self._problem: StorageError | None = None

    def run(self, jobs: Sequence[Job]) -> None:
        """Do all ``jobs``; returns when all have ended or the user has stopped it (``interrupted`` is then true).

        Raises:
            MissingDataError: if the data of the built-in trainer are not there; no worker is started.
            SeedwiseError: if a network's weights cannot be selected as its study asks, or a part of the user's own is
                not what it must be; no worker is started.
            StorageError: if a file of the data is damaged, or if a worker or the driver could not write; finished runs
                are kept.

        """
        ours = [job.spec.config for job in jobs if job.spec.function == FUNCTION]
        for task in {digest_of(config["task"]): config["task"] for config in ours}.values():
            check_data(task)
        for config in {digest_of(config): config for config in ours}.values():
            check_parts(config)
        self._waiting.extend(jobs)
        try:
            with _stop_signals(self._ask_to_stop):
                for device in self.settings.devices[: len(jobs)]:
                    self._start_worker(device)
                while any(w.job is not None for w in self._workers) or (self._waiting and not self._stopping):
                    self._wait_for_answer()
                    self._heed_stops()
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

    def _give_work(self, worker: _Worker) -> None:
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
            self._heed(*self._answers.get(timeout=0.2))
            # All that has come, before any limit is enforced: a slow commit must not be charged to the runs behind it.
            while True:
                self._heed(*self._answers.get_nowait())
        except queue.Empty:
            return

    def _heed(self, worker: _Worker, answer: dict[str, Any]) -> None:
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
                    self._bury(worker)
            case "storage":
                self._problem = self._problem or StorageError(answer["error"])
                worker.job = None
                self._stop()
            case "exit":
                self._bury(worker)

    def _finish(self, worker: _Worker, status: str) -> None:
        assert worker.job is not None
        job = worker.job
        worker.job = None
        if status == "interrupted":
            self._take_in(job.record("interrupted"))
        else:
            path = self.settings.folder.outbox / job.file
            record = read_record(path)
            if isinstance(record, StorageError):
                self._progress.note(f"{record}; {again(path)}")
                path.unlink(missing_ok=True)
                self._waiting.append(job)
            else:
                self._accept(job, record)
        self._give_work(worker)

    def _accept(self, job: Job, record: Record) -> None:
        self._take_in(record)
        self._progress.ended(job.id, record.status)

    def _bury(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.dismiss()
        job = worker.job
        if job is not None:
            if worker.timed_out:
                self._accept(job, job.record("timeout", self._timeout_message()))
            elif self._stopping:
                self._take_in(job.record("interrupted"))
            else:
                self._retry(job, worker.process.returncode)
        if self._waiting and not self._stopping:
            self._start_worker(worker.device)

    def _retry(self, job: Job, returncode: int) -> None:
        self._deaths[job.id] += 1
        how = f"was killed by signal {-returncode}" if returncode < 0 else f"exited with code {returncode}"
        if self._deaths[job.id] <= self.settings.limits.retries:
            self._progress.note(f"the worker of run {job.id} {how}; {job.after_death}")
            self._waiting.appendleft(job)
            return
        times = self._deaths[job.id]
        hint = " (signal 9 is often the system running out of memory)" if returncode == -9 else ""
        message = f"its worker {how}, {times} time{'s' if times > 1 else ''}{hint}; see {self.settings.folder.logs}"
        self._accept(job, job.record("crashed", message))

    def _timeout_message(self) -> str:
        return f"it took longer than the {self.settings.limits.seconds:g} s of limits.seconds"

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        limit = self.settings.limits.seconds
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

    def _heed_stops(self) -> None:
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
        if self._keeps and not self._stopping:
            self._source.put(idle)
            self._workers = [w for w in self._workers if w not in idle]
        dismiss(self._workers)


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
