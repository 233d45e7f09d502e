"""Jobs as tasks of a Ray cluster. What they need and what they leave travels through Ray: no folder is shared."""

from __future__ import annotations

import collections
import contextlib
import math
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from seedwise.errors import SeedwiseError
from seedwise.execution._jobs import Job
from seedwise.execution._local import Ingested
from seedwise.execution._protocol import Ingest, Order, Progress, Resources, Settings
from seedwise.execution._ray_task import (
    HELD_BACK,
    Began,
    Died,
    HandedBack,
    Left,
    Message,
    Parcel,
    Printed,
    Reached,
    Saved,
    do,
)
from seedwise.execution._supervisor import stop_signals
from seedwise.run import storage_errors, write_whole

_AHEAD: Final = 256
"""Jobs that wait at Ray, which starts machines for them where it can."""
_GRACE: Final = 30.0
"""Seconds that jobs get after a request to stop: 20 to reach the end of an epoch, the rest for the way."""
_PATIENCE: Final = 15.0
"""Seconds without any job that is being done, after which that is said."""


@dataclass(frozen=True)
class RayOptions:
    """A Ray cluster, and what a job asks it for.

    Attributes:
        address: of the cluster, as ``ray.init`` takes it; None: the one that runs here, or else one of this machine
            alone, which ends with the executor.
        num_cpus: processors that a job asks for; may be a fraction.
        num_gpus: GPUs that a job asks for; may be a fraction. A job that asks for any is done on ``cuda``.
        working_dir: a folder that Ray copies to all nodes, in which they find modules and data; None: they have them.

    Raises:
        SeedwiseError: for numbers that Ray cannot give.

    """

    address: str | None = None
    num_cpus: float = 1.0
    num_gpus: float = 0.0
    working_dir: Path | None = None

    def __post_init__(self) -> None:
        for name, number in (("cpus", self.num_cpus), ("gpus", self.num_gpus)):
            if not 0 <= number < math.inf or (number > 1 and number % 1):
                raise SeedwiseError(f"--num-{name} {number:g}: give a fraction of one, or a whole number")
        if self.working_dir is not None and not self.working_dir.is_dir():
            raise SeedwiseError(f"--working-dir {self.working_dir}: there is no such folder")


class RayExecutor:
    """Does each job as a task of Ray; see ``Executor``.

    Args:
        resources: its ``workers`` are the most jobs at a time, None: as many as Ray has room for; ``cuda`` asks for a
            GPU of which ``runs_per_device`` jobs have a share each, where ``options`` ask for none.
        options: the cluster.

    Raises:
        SeedwiseError: if Ray is not installed, or devices are given by number: Ray chooses them.

    """

    def __init__(self, resources: Resources | None = None, options: RayOptions | None = None) -> None:
        resources, options = resources or Resources(), options or RayOptions()
        gpus = options.num_gpus
        if resources.device != "cpu":
            if resources.device != "cuda":
                raise SeedwiseError(f"--device {resources.device}: Ray chooses the GPU of a job; use --device cuda")
            gpus = gpus or 1 / resources.runs_per_device
        self._asked = {"num_cpus": options.num_cpus, "num_gpus": gpus}
        self._options = options
        self._most = resources.workers
        self._token = secrets.token_hex(8)
        self._is_ours = False
        self._ray = _load_ray()

    def execute(self, jobs: Sequence[Job], settings: Settings, ingest: Ingest, progress: Progress) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        self._connect()
        assignments = Ingested(collections.deque(jobs), settings, ingest, progress)
        with _stop_flag(self._ray) as stop:
            following = _Following(self._ray, assignments, progress, self._asked, self._most, self._token, stop)
            return following.run()

    def close(self) -> None:
        """Leave the cluster, if it was joined here."""
        if self._is_ours:
            self._ray.shutdown()
            self._is_ours = False

    def _connect(self) -> None:
        ray, options = self._ray, self._options
        if ray.is_initialized():
            if options.working_dir is not None and not self._is_ours:
                raise SeedwiseError(
                    "working_dir: Ray is connected already: pass it to ray.init(runtime_env={'working_dir': ...})"
                )
            return
        copied = None if options.working_dir is None else {"working_dir": str(options.working_dir.resolve())}
        common = {"runtime_env": copied, "log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
        try:
            ray.init(address=options.address or "auto", **common)
        except ConnectionError as error:
            if options.address is not None or "RAY_ADDRESS" in os.environ:
                where = options.address or os.environ["RAY_ADDRESS"]
                raise SeedwiseError(f"no Ray answers at {where}: start one there with 'ray start --head'") from error
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(_node_ip_address="127.0.0.1", **common)
        except (RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise SeedwiseError(f"Ray cannot be used: {_first_line(error)}") from error
        self._is_ours = True


@dataclass
class _Flying:
    """A job that Ray has."""

    order: Order
    messages: Any  # an ObjectRefGenerator
    worker: str | None = None  # who does it, once it has begun


@dataclass
class _Following:
    """One execution: what Ray has, and what comes back."""

    ray: Any
    jobs: Ingested
    progress: Progress
    asked: dict[str, float]
    most: int | None
    session: str
    stop: Any
    flying: dict[Any, _Flying] = field(default_factory=dict)
    stops_asked: int = 0
    stopping_since: float | None = None
    idle_since: float = field(default_factory=time.monotonic)

    def run(self) -> bool:
        """Do all jobs; return whether the user stopped it before."""
        task = self.ray.remote(max_retries=0, num_returns="streaming", **self.asked)(do)
        try:
            with stop_signals(self._stop):
                while self.flying or not (self.jobs.over or self._is_stopping):
                    self._submit(task)
                    self._receive()
                    self.jobs.settle()
                    self._handle_stops()
                    self._say_what_is_missing()
        finally:
            for messages in self.flying:
                self.ray.cancel(messages, force=True)
            self.jobs.take_in()
        return self._is_stopping

    @property
    def _is_stopping(self) -> bool:
        return self.stopping_since is not None

    def _submit(self, task: Any) -> None:
        begun = sum(one.worker is not None for one in self.flying.values())
        while (
            not self._is_stopping
            and len(self.flying) - begun < _AHEAD
            and (self.most is None or len(self.flying) < self.most)
            and (order := self.jobs.take()) is not None
        ):
            messages = task.remote(self._parcel(order), self.stop)
            self.flying[messages] = _Flying(order, messages)

    def _parcel(self, order: Order) -> Parcel:
        job, folder = order.job, order.settings.folder
        files = [folder.weights_file(job.spec.id, tag) for tag in job.states]
        return Parcel(
            job,
            order.settings,
            self.session,
            "cuda" if self.asked["num_gpus"] else "cpu",
            _content(folder.checkpoint(job.spec.id)) if not job.states else None,
            {file.name: content for file in files if (content := _content(file)) is not None},
            {name: os.environ[name] for name in ("SEEDWISE_DATA",) if name in os.environ},
        )

    def _receive(self) -> None:
        waiting = list(self.flying)
        if not waiting:  # what was done last is taken in
            return
        ready, _ = self.ray.wait(waiting, timeout=0.2)
        if ready:  # and what else has come
            ready, _ = self.ray.wait(waiting, num_returns=len(waiting), timeout=0)
        for messages in ready:
            one = self.flying[messages]
            try:
                self._handle(one, self.ray.get(next(messages)))
            except StopIteration:  # it was cancelled before it began, or says no more
                self._lost(one, "left no record")
            except self.ray.exceptions.RayError as error:
                self._lost(one, self._end_of(error))

    def _handle(self, one: _Flying, message: Message) -> None:
        job, folder = one.order.job, one.order.settings.folder
        match message:
            case Began(worker):
                one.worker = worker
                self.progress.started(job.id)
            case Reached(epoch):
                self.progress.epoch(job.id, epoch)
            case Saved(checkpoint):
                write_whole(folder.checkpoint(job.spec.id), checkpoint)
            case Printed(text):
                self._log(folder.logs / f"ray-{one.worker}.log", text)
            case Left(record):
                if record:
                    write_whole(folder.outbox / job.file, record)
                del self.flying[one.messages]
                self.jobs.done(one.order)
            case Died(how):
                self._lost(one, how)
            case HandedBack():
                del self.flying[one.messages]
                self.jobs.put_back(one.order)

    def _log(self, path: Path, text: bytes) -> None:
        with storage_errors(path), path.open("ab") as log:
            log.write(text)

    def _lost(self, one: _Flying, how: str) -> None:
        del self.flying[one.messages]
        if not self._is_stopping:
            self.jobs.died(one.order, how)
        elif one.worker is not None:
            self.jobs.put_back(one.order)

    def _end_of(self, error: Exception) -> str:
        """Return how a job was lost.

        Raises:
            SeedwiseError: for what would happen to every job.

        """
        known = self.ray.exceptions
        cause = getattr(error, "cause", None)
        if isinstance(cause, SeedwiseError):
            raise type(cause)(f"on a node of Ray: {cause}") from error
        if isinstance(error, known.TaskCancelledError):
            return "was cancelled"
        if isinstance(error, known.RayTaskError):
            raise SeedwiseError(f"a node of Ray cannot do jobs: {_first_line(cause or error)}") from error
        if isinstance(error, (known.RuntimeEnvSetupError, known.TaskUnschedulableError)):
            raise SeedwiseError(f"Ray cannot do jobs: {_first_line(error)}") from error
        if isinstance(error, known.OutOfMemoryError):
            return "was ended by Ray, since its node ran out of memory"
        return f"was lost ({type(error).__name__})"

    def _stop(self) -> None:
        self.stops_asked += 1

    def _handle_stops(self) -> None:
        """Take back what has not begun, and let the rest stop at the next ends of epochs; asked twice, at once."""
        if self.stops_asked and not self._is_stopping:
            self.stopping_since = time.monotonic()
            self.progress.note("stopping at the next end of an epoch; Ctrl-C again stops at once")
            self.stop.set.remote()
            self._cancel(one for one in self.flying.values() if one.worker is None)
        late = self.stopping_since is not None and time.monotonic() - self.stopping_since > _GRACE
        if self.stops_asked > 1 or late:
            self._cancel(self.flying.values(), force=True)

    def _cancel(self, these: Any, *, force: bool = False) -> None:
        for one in list(these):
            self.ray.cancel(one.messages, force=force)
            self._lost(one, "was cancelled")

    def _say_what_is_missing(self) -> None:
        if not self.flying or any(one.worker is not None for one in self.flying.values()):
            self.idle_since = time.monotonic()
        elif time.monotonic() - self.idle_since > _PATIENCE:
            self.idle_since = math.inf  # said once
            have = self.ray.cluster_resources()
            self.progress.note(
                f"no job has begun for {_PATIENCE:g} s: each asks for {self.asked['num_cpus']:g} CPUs and "
                f"{self.asked['num_gpus']:g} GPUs of one node, and the nodes of Ray have {have.get('CPU', 0):g} and "
                f"{have.get('GPU', 0):g} together"
            )


class _Stop:
    """An actor that holds back whoever waits until the driver wants its jobs back, or for a while."""

    def __init__(self) -> None:
        import asyncio

        self._event = asyncio.Event()

    async def wait(self) -> bool:
        import asyncio

        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), HELD_BACK)
        return self._event.is_set()

    async def set(self) -> None:
        self._event.set()


@contextlib.contextmanager
def _stop_flag(ray: Any) -> Iterator[Any]:
    """Yield such an actor, on the node of the driver."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    options = {"num_cpus": 0, "max_concurrency": 100_000, "scheduling_strategy": here}
    actor = ray.remote(_Stop).options(**options).remote()
    try:
        yield actor
    finally:
        ray.kill(actor)


def _load_ray() -> Any:
    try:
        import ray
    except ImportError:
        raise SeedwiseError("--executor ray needs Ray: pip install 'seedwise[ray]', here and on its nodes") from None
    return ray


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"
