"""Workers of a folder, in this process or in ones that can be killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seedwise.execution import FolderExecutor, QueueOptions, Resources, Serving, serve
from tests.toy_project import Notes, Project

LEASE = 2.0
"""Seconds; a worker that a loaded machine holds up for longer is taken for lost, which does no harm."""

# A worker's children are in its session, so that one signal ends all of them.
WORKER = """
import sys
from pathlib import Path
from seedwise.errors import SeedwiseError
from seedwise.execution import Resources, Serving, serve
from seedwise.study import Silent
try:
    stopped = serve(Path(sys.argv[1]), Serving(Resources(workers=int(sys.argv[2])), grace=3600), Silent())
except SeedwiseError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
sys.exit(130 if stopped else 0)
"""
DRIVER = f"""
import sys
import seedwise
from pathlib import Path
from seedwise.execution import FolderExecutor, QueueOptions
executor = FolderExecutor(options=QueueOptions(Path(sys.argv[2]), {LEASE}))
print(seedwise.Study.from_yaml(sys.argv[1]).run(executor=executor))
"""


def through(queue: Path, lease: float = LEASE) -> FolderExecutor:
    """Return an executor of a folder."""
    return FolderExecutor(options=QueueOptions(queue, lease))


@contextmanager
def served(queue: Path, workers: int = 1) -> Iterator[Notes]:
    """Serve a folder by a thread of this process while a block runs; yield what it says."""
    over, notes, problems = threading.Event(), Notes(), []

    def work() -> None:
        while not over.is_set():
            try:
                serve(queue, Serving(Resources(workers=workers), idle=0.5), notes)
            except Exception as error:
                problems.append(error)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield notes
    finally:
        over.set()
        thread.join()
    if problems:
        raise problems[0]


def start(family: Any, code: str, *words: Any, environment: Mapping[str, str] | None = None, **options: Any) -> Any:
    """Start a process, with its own workers in its session."""
    nursery, usual = family
    return nursery.popen(families=True)(
        [sys.executable, "-c", code, *map(str, words)],
        env={**usual, **(environment or {})},
        start_new_session=True,
        **options,
    )


def files(queue: Path, *rooms: str) -> list[str]:
    """Return the names of the files in some rooms of a folder, but for what was being written."""
    names = (path.name for room in rooms for path in (queue / room).rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith("."))


KILLED_STUDY = {
    "train": {"function": "toy:train", "config": {"epochs": 12}},
    "methods": {"base": {}, "long": {"config": {"epochs": 15}}},
    "checkpoint": {"every_epochs": 1},
    "limits": {"retries": 1000},
    "replicates": 5,
}


def kill(process: Any, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that ``start`` gave, and to its workers."""
    os.killpg(process.pid, number)


def killed_study(project: Project, family: Any, queue: Path, rng: random.Random, most: int) -> Counter[str]:
    """Run a study through a folder by two workers, and kill its driver and its workers up to ``most`` times.

    Returns:
        How often the driver and a worker were killed.

    """
    project.write(**KILLED_STUDY)
    killed: Counter[str] = Counter()

    def driver() -> Any:
        return start(family, DRIVER, project.file, queue, stdout=subprocess.PIPE, text=True)

    def worker() -> Any:
        slowly = {"TOY_PAUSE": "0.05"}
        return start(family, WORKER, queue, 1, environment=slowly, stderr=subprocess.DEVNULL)

    driving, workers = driver(), [worker(), worker()]
    try:
        while killed.total() < most:
            time.sleep(rng.uniform(0.1, 0.6))
            if driving.poll() is not None:
                break
            who = "driver" if rng.random() < 0.3 else "worker"
            killed[who] += 1
            if who == "driver":
                kill(driving)
                driving.communicate()
                driving = driver()
            else:
                victim = workers.pop(rng.randrange(2))
                kill(victim)
                victim.wait()
                workers.append(worker())
        out, _ = driving.communicate(timeout=200)
        assert "Outcome(counts={'finished': 10}" in out, out
    finally:
        for process in (*workers, driving):
            if process.poll() is None:
                kill(process, signal.SIGTERM)
        for process in workers:
            process.wait(timeout=60)
    return killed


def problems_of(project: Project, queue: Path) -> list[str]:
    """Return what a study that went through a folder has twice, or left there."""
    twice = [f"run {key} was taken in twice" for key, run in project.runs().items() if run.attempt]
    left = files(queue, "todo", "claimed", "leases", "checkpoints")
    return [*twice, *(f"{name} was left in the queue" for name in left)]
