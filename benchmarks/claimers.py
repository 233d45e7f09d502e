"""File operations per job where many workers claim from one folder: the code of workers with a simulated clock.

    PYTHONPATH=src python benchmarks/claimers.py --workers 1000 --jobs 5000

Two cases: as many jobs as are asked for lie there from the beginning, each takes a minute on average; and one job comes
every second, while nearly all workers have nothing to do. Counted are lists of a folder, attempts to claim, reads and
deletions; counters are raised besides, six times a lease.
"""

from __future__ import annotations

import argparse
import heapq
import random
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from seedwise.execution import Settings, Silent, Training, _queue_worker
from seedwise.execution._protocol import Order
from seedwise.execution._queue import Claim, Queue
from seedwise.run import Keep, RunSpec


class Counted(Queue):
    """A folder that counts what is done to it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.operations: Counter[str] = Counter()

    def waiting(self) -> list[Claim]:
        self.operations["lists"] += 1
        return super().waiting()

    def workers(self) -> int:
        self.operations["lists"] += 1
        return super().workers()

    def claim(self, worker: str, claim: Claim) -> bool:
        self.operations["attempts to claim"] += 1
        return super().claim(worker, claim)

    def order(self, worker: str, claim: Claim) -> Order | None:
        self.operations["reads"] += 1
        return super().order(worker, claim)

    def complete(self, worker: str, claim: Claim) -> None:
        self.operations["deletions"] += 1
        super().complete(worker, claim)


def simulate(workers: int, at_once: int, later: int, seconds: float, seed: int) -> tuple[Counter[str], int, float]:
    """Let workers do jobs.

    Args:
        workers: number of workers.
        at_once, later: number of jobs that lie there at the beginning, and that come one a second.
        seconds: that a job takes on average, exponentially distributed.
        seed: of the durations.

    Returns:
        Operations, jobs done, and how long a job waited on average in the second case.

    """
    rng, now = random.Random(seed), [0.0]
    vars(_queue_worker)["time"] = SimpleNamespace(monotonic=lambda: now[0])
    random.seed(seed)  # what workers draw
    with tempfile.TemporaryDirectory() as root:
        queue = Counted(Path(root) / "queue")
        queue.open(Path(root) / "store.d", 90)
        settings = Settings(queue.folder, Keep(), True, [], None, None, None, 2)
        jobs = [Training(RunSpec("nothing:train", {}, {"init": k})) for k in range(at_once + later)]
        for job in jobs[:at_once]:
            queue.put(job, settings, "session")
        put = dict.fromkeys((job.file for job in jobs[:at_once]), 0.0)
        waited: list[float] = []
        claimers = []
        for _ in range(workers):
            rest = _queue_worker._Rest(None)
            never = threading.Event()
            claimers.append((_queue_worker._Claimed(queue, queue.enter(), never, never, rest, Silent()), rest))
        # What happens next: a worker looks, a worker has done its job, or a job comes.
        events: list[tuple[float, int, str, int]] = []
        for k in range(workers):
            heapq.heappush(events, (rng.uniform(0, 5), k, "looks", k))
        for k in range(later):
            heapq.heappush(events, (30.0 + k, workers + k, "comes", at_once + k))
        doing: dict[int, Order] = {}
        done = 0
        while done < len(jobs):
            now[0], number, what, which = heapq.heappop(events)
            if what == "comes":
                queue.put(jobs[which], settings, "session")
                put[jobs[which].file] = now[0]
                continue
            claims, rest = claimers[which]
            if what == "done":
                order = doing.pop(which)
                claims.done(order)
                done += 1
            taken = claims.take()
            if taken is None:
                heapq.heappush(events, (max(rest._due, now[0] + 1e-6), number, "looks", which))
            else:
                doing[which] = taken
                waited.append(now[0] - put[taken.job.file])
                heapq.heappush(events, (now[0] + rng.expovariate(1 / seconds), number, "done", which))
        return queue.operations, done, sum(waited[-later:]) / max(later, 1)


def main() -> None:
    """Print both cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for name, at_once, later in (("all jobs lie there", given.jobs, 0), ("one job a second", 0, given.jobs // 10)):
        found, done, waited = simulate(given.workers, at_once, later, 60.0, given.seed)
        each = ", ".join(f"{count / done:.2f} {what}" for what, count in found.most_common())
        print(f"{given.workers} workers, {done} jobs, {name}: {found.total() / done:.1f} operations per job: {each}")
        if later:
            print(f"a job waits for {waited:.2f} s on average")


if __name__ == "__main__":
    main()
