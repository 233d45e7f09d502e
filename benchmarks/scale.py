"""Jobs per second through an executor, and what a driver needs for them: runs of a function that does nothing.

    PYTHONPATH=src nice -n 10 python benchmarks/scale.py --runs 10000 --executor folder --workers 2

Printed: jobs per second from the first to the last record, the processor time that a job takes of the driver and of
workers, the largest memory of the driver, the size of the store, the time to run the finished study again, and the time
of ``status``. Where other programs use the processors, the processor time says more than jobs per second.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seedwise.execution import Executor, FolderExecutor, QueueOptions, Resources, opened
from seedwise.run import Record
from seedwise.study import Silent, Store, Study

FUNCTION = "def train(run):\n    run.finish(accuracy=run.seeds['init'])\n"


class Timed(Silent):
    """Notes when the first and the last record came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def ended(self, run_id: str, record: Record) -> None:
        del run_id, record
        self.times.append(time.monotonic())

    @property
    def per_second(self) -> float:
        """Records per second, the first one, for which processes had to start, left out."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])


@contextmanager
def executor_of(name: str, folder: Path, workers: int) -> Iterator[Executor]:
    """Yield an executor; that of a folder is served by one ``seedwise worker`` with so many processes."""
    resources = Resources(workers=workers)
    if name == "local":
        with opened("local", resources) as found:
            yield found
        return
    queue = folder / "queue"
    words = [sys.executable, "-m", "seedwise", "worker", str(queue), "--workers", str(workers)]
    server = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        yield FolderExecutor(resources, QueueOptions(queue))
    finally:
        server.terminate()
        server.wait()


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.monotonic()
    call()
    return time.monotonic() - began


def _processor(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def status(store: Path) -> None:
    """Execute ``seedwise status``."""
    subprocess.run([sys.executable, "-m", "seedwise", "status", str(store)], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--executor", choices=("local", "folder"), default="folder")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, contextlib.chdir(root):
        folder = Path(root)
        (folder / "nothing.py").write_text(FUNCTION)
        text = f"name: nothing\ntrain: {{function: 'nothing:train'}}\nreplicates: {given.runs}\n"
        (folder / "nothing.yaml").write_text(text)
        study, timed = Study.from_yaml(folder / "nothing.yaml"), Timed()
        with executor_of(given.executor, folder, given.workers) as executor:
            took = seconds(lambda: study.run(executor=executor, progress=timed))
        own, others = (_processor(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with Store(study.store_path) as store:
            done = sum(status == "finished" for status, _ in store.statuses().values())
        assert done == given.runs, f"{done} of {given.runs} runs finished"
        again = seconds(lambda: Study.from_yaml(folder / "nothing.yaml").run(executor=given.executor))
        print(f"{given.runs} runs, executor {given.executor}, {given.workers} worker processes, {os.cpu_count()} cores")
        print(f"python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end")
        print(f"{timed.per_second:.0f} jobs per second; {took:.0f} s in all")
        print(f"processor time: driver {own:.1f} s, workers {others:.1f} s, of which some 2 s start each process")
        print(f"driver: {memory:.0f} MB at most")
        print(f"store: {study.store_path.stat().st_size / 1e6:.1f} MB")
        print(f"run again with nothing to do: {again:.1f} s; status: {seconds(lambda: status(study.store_path)):.1f} s")


if __name__ == "__main__":
    main()
