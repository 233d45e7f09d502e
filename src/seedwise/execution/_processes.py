"""Worker processes on this machine."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from seedwise.execution._protocol import Order, Settings
from seedwise.run import storage_errors


class Worker:
    """One worker process and what it is doing."""

    def __init__(self, name: str, device: str, settings: Settings, answers: queue.Queue[Any]) -> None:
        self.device = device
        self.order: Order | None = None
        self.session: str | None = None  # of the orders that it had
        self.epochs = 0  # that the run which it trains has ended
        self.ready = False
        self.since = math.inf
        self.timed_out = False
        self.spent = False  # a run left it so that no other may be trained in it
        log = settings.folder.logs / f"{name}.log"
        with storage_errors(log):
            stderr = log.open("ab")
        with stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "seedwise.execution._worker"],
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
        """Send a command, if it still runs."""
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
    """Worker processes that wait between executions: starting python and torch may take longer than a run.

    Args:
        name: what their logs are called, with a number behind.

    """

    def __init__(self, name: str = "worker") -> None:
        self._name = name
        self.answers: queue.Queue[tuple[Worker, dict[str, Any]]] = queue.Queue()
        self._idle: list[Worker] = []
        self._numbers = 0

    def get(self, device: str, settings: Settings) -> Worker:
        """Return a worker that waits, or a new one."""
        for worker in self._idle:
            if worker.device == device and worker.process.poll() is None:
                self._idle.remove(worker)
                return worker
        self._numbers += 1
        return Worker(f"{self._name}-{self._numbers}", device, settings, self.answers)

    def close(self) -> None:
        """Let all of them end."""
        dismiss(self._idle)
        self._idle = []

    def put(self, workers: Sequence[Worker]) -> None:
        """Let workers wait."""
        self._idle += workers


def dismiss(workers: Sequence[Worker]) -> None:
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
