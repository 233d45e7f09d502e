"""What ``seedwise worker DIR`` does: claim jobs of a folder and have them done by worker processes on this machine."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from seedwise.execution._leases import renewed
from seedwise.execution._local import places_of_workers
from seedwise.execution._processes import Workers
from seedwise.execution._protocol import Order, Progress, Resources
from seedwise.execution._queue import Claim, Queue
from seedwise.execution._supervisor import Supervisor, crashed, stop_signals
from seedwise.run import Record

_SHORTEST, _LONGEST = 0.05, 5.0
"""Seconds between two lists of the waiting jobs, doubled while there are none, and varied: workers spread."""
_LISTS: Final = 40
"""In a second, that idle workers make together; where there are more than 200 of them, each waits longer."""
_MISSES: Final = 3
"""Jobs that others were quicker to claim, before the list is read again."""


@dataclass(frozen=True)
class Serving:
    """How a worker serves.

    Attributes:
        resources: what of this machine it uses.
        idle: seconds without a job after which it leaves; None: it stays.
        grace: seconds that runs get, once it is asked to end, to reach the end of their epoch.

    """

    resources: Resources
    idle: float | None = None
    grace: float = 20.0


def serve(root: Path, serving: Serving, progress: Progress) -> bool:
    """Do the jobs of a folder until there are none for long enough, or until asked to end.

    Args:
        root: the folder.
        serving: how.
        progress: receives what happens.

    Returns:
        Whether it was asked to end; what it had not finished lies in the folder again, with its checkpoints.

    Raises:
        SeedwiseError: if the folder is of another version of seedwise, or a device is not there.
        StorageError: if it cannot be written; the jobs lie in it again.

    """
    places = places_of_workers(serving.resources)
    worker = _Worker(Queue(root), places, serving, progress)
    with stop_signals(worker.stop):
        while not worker.over:
            worker.live()
    progress.note(f"{worker.done} jobs done here")
    return worker.stopped.is_set()


class _Worker:
    """From one name to the next: a worker that was taken for lost goes on under another."""

    def __init__(self, queue: Queue, places: list[str], serving: Serving, progress: Progress) -> None:
        self.stopped = threading.Event()
        self.over = False
        self.done = 0
        self._queue = queue
        self._places = places
        self._serving = serving
        self._progress = progress
        self._rest = _Rest(serving.idle)
        self._supervisor: Supervisor | None = None  # of the present name

    @property
    def _doing(self) -> dict[str, int]:
        return {} if self._supervisor is None else self._supervisor.doing

    def stop(self) -> None:
        self.stopped.set()

    def live(self) -> None:
        """Serve under one name."""
        lease = self._lease()
        if lease is None:
            self.over = True
            return
        name = self._queue.enter()
        self._progress.note(f"worker {name} serves {self._queue.root} with {len(self._places)} processes")
        workers = Workers(name)
        try:
            with renewed(lambda count: self._queue.renew(name, count, self._doing), lease) as gone:
                jobs = _Claimed(self._queue, name, gone, self.stopped, self._rest, self._progress)
                supervisor = Supervisor(self._places, self._progress, workers, jobs=jobs, grace=self._serving.grace)
                self._supervisor = supervisor
                try:
                    supervisor.run()
                finally:
                    self.done += jobs.completed
                if supervisor.interrupted:
                    self.stop()
        finally:
            workers.close()
            self._queue.leave(name)
        self.over = self.stopped.is_set() or self._rest.too_long
        if gone.is_set():
            self._progress.note("this worker was taken for lost, and goes on under another name")

    def _lease(self) -> float | None:
        """Wait until a driver has made the folder; return the length of a lease, None if it is time to leave."""
        said = False
        while not self.stopped.is_set() and not self._rest.too_long:
            terms = self._queue.terms()
            if terms is not None:
                return float(terms["lease"])
            if not said:
                self._progress.note(f"nobody has put jobs into {self._queue.root} yet; waiting")
                said = True
            self._rest.goes_on(lambda: 1)
            self._rest.pause(self.stopped)
        return None


class _Rest:
    """How long there was nothing to do, and when to look again."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self.ends()

    def ends(self) -> None:
        """There is something to do."""
        self._since = time.monotonic()
        self._due = 0.0
        self._delay = _SHORTEST
        self._longest = _LONGEST

    @property
    def too_long(self) -> bool:
        return self._limit is not None and time.monotonic() - self._since > self._limit

    @property
    def is_due(self) -> bool:
        """Whether it is time to look."""
        return time.monotonic() >= self._due

    def goes_on(self, workers: Callable[[], int]) -> None:
        """There was nothing.

        Args:
            workers: returns how many there are; asked once this one has waited for long.

        """
        self._due = time.monotonic() + self._delay * random.uniform(0.5, 1.5)
        if self._delay == _LONGEST == self._longest:
            self._longest = max(_LONGEST, workers() / _LISTS)
        self._delay = min(2 * self._delay, self._longest)

    def pause(self, stopped: threading.Event) -> None:
        """Wait until it is time to look, or until asked to end."""
        stopped.wait(max(self._due - time.monotonic(), 0))


@dataclass
class _Claimed:
    """The jobs of a worker under one name; see ``Assignments``."""

    queue: Queue
    name: str
    gone: threading.Event
    told_to_end: threading.Event
    rest: _Rest
    progress: Progress
    held: dict[str, Claim] = field(default_factory=dict)
    seen: list[Claim] = field(default_factory=list)
    completed: int = 0

    @property
    def revoked(self) -> bool:
        return self.gone.is_set()

    @property
    def over(self) -> bool:
        return self.revoked or self.told_to_end.is_set() or (self.rest.too_long and not self.held)

    def take(self) -> Order | None:
        order = self._claimed()
        if order is None and self.rest.is_due:
            self.seen = self.queue.waiting()
            random.shuffle(self.seen)  # so that not all workers try for the same
            order = self._claimed()
            if order is None:
                self.rest.goes_on(self.queue.workers)
        if order is not None:
            self.rest.ends()
        return order

    def _claimed(self) -> Order | None:
        for _ in range(_MISSES):
            if not self.seen:
                return None
            claim = self.seen.pop()
            if self.queue.claim(self.name, claim):
                order = self.queue.order(self.name, claim)
                if order is not None and order.job.file == claim.name:
                    self.held[claim.name] = claim
                    return order
        self.seen.clear()
        return None

    def done(self, order: Order) -> None:
        self.rest.ends()
        self.completed += 1
        self.queue.complete(self.name, self.held.pop(order.job.file))

    def ended(self, order: Order, record: Record) -> None:
        self.queue.folder.hand_over(record)
        self.done(order)

    def died(self, order: Order, how: str) -> None:
        job, claim = order.job, self.held[order.job.file]
        if claim.lost < order.settings.retries:
            self.progress.note(f"the worker of run {job.id} {how}; {job.after_death}")
            self.queue.release(self.name, self.held.pop(job.file), lost=1)
        else:
            self.ended(order, crashed(job, how, claim.lost + 1, self.queue.folder))

    def settle(self) -> None:
        """Do nothing: the driver takes records in."""

    def put_back(self, order: Order) -> None:
        self.queue.release(self.name, self.held.pop(order.job.file))
