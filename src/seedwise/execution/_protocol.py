"""What an executor is: jobs in, records out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

from seedwise.errors import SeedwiseError
from seedwise.execution._folder import StudyFolder
from seedwise.execution._jobs import Job
from seedwise.run import Keep, Record
from seedwise.statistics import Metric


@dataclass(frozen=True)
class Upcoming:
    """A run that is to be trained, as progress shows it.

    Attributes:
        id: of the run.
        name: its method and replicate.
        epochs: how many it is trained for, where that is known before one has ended.
        metric: the number that says how it went.

    """

    id: str
    name: str
    epochs: int | None = None
    metric: Metric | None = None


class Progress(Protocol):
    """What an executor tells of its progress."""

    def planned(self, runs: Sequence[Upcoming]) -> None:
        """These runs are to be trained."""

    def reading(self, readouts: int) -> None:
        """So many readouts are to be computed; each of them starts and ends like a run."""

    def started(self, run_id: str) -> None:
        """A run was given to a worker."""

    def epoch(self, run_id: str, epoch: int) -> None:
        """A run finished an epoch, counted from 0."""

    def ended(self, run_id: str, record: Record) -> None:
        """A run's record is in the store."""

    def note(self, text: str) -> None:
        """Something that the user should know."""


class Silent:
    """No progress."""

    def planned(self, runs: Sequence[Upcoming]) -> None: ...
    def reading(self, readouts: int) -> None: ...
    def started(self, run_id: str) -> None: ...
    def epoch(self, run_id: str, epoch: int) -> None: ...
    def ended(self, run_id: str, record: Record) -> None: ...
    def note(self, text: str) -> None: ...


@dataclass(frozen=True)
class Resources:
    """What an executor may use.

    Attributes:
        device: ``cpu``, ``cuda``, ``cuda:0`` or several separated by commas.
        workers: worker processes; None: one per core, on a GPU ``runs_per_device`` per device.
        runs_per_device: workers that share a GPU.

    Raises:
        SeedwiseError: for a device that is none, and for less than one worker.

    """

    device: str = "cpu"
    workers: int | None = None
    runs_per_device: int = 1

    def __post_init__(self) -> None:
        for name in self.devices or [self.device]:
            if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
                raise SeedwiseError(f"unknown device '{name}': use cpu, cuda, cuda:0 or several separated by commas")
        if self.workers is not None and self.workers < 1:
            raise SeedwiseError(f"--workers {self.workers}: at least one is needed")
        if self.runs_per_device < 1:
            raise SeedwiseError(f"--runs-per-device {self.runs_per_device}: at least one is needed")

    @property
    def devices(self) -> list[str]:
        """The names of the devices."""
        return [name.strip() for name in self.device.split(",") if name.strip()]


@dataclass(frozen=True)
class Settings:
    """How runs are executed; nothing of it is part of their names.

    Attributes:
        folder: where records, checkpoints and logs go.
        keep: what is kept of predictions and weights.
        evaluate_epochs: whether the test set is evaluated after each epoch.
        import_from: where workers look for the user's own modules.
        every_epochs, every_seconds: when a checkpoint is written; None: not for that.
        seconds: how long a run may take; None: as long as it likes.
        retries: how often a run whose worker died is tried again.
        keep_trace: whether records hold a digest of the state after each epoch.

    """

    folder: StudyFolder
    keep: Keep
    evaluate_epochs: bool
    import_from: Sequence[str]
    every_epochs: int | None
    every_seconds: float | None
    seconds: float | None
    retries: int
    keep_trace: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return all but the folder as JSON values."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("folder", "keep", "import_from")}
        return {**own, "keep": asdict(self.keep), "import_from": list(self.import_from)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any], folder: StudyFolder) -> Settings:
        """Read what ``to_json`` gave."""
        return cls(**{**given, "keep": Keep(**given["keep"])}, folder=folder)

    def command(self, job: Job, device: str) -> dict[str, Any]:
        """Return what a worker is told, as JSON values."""
        return {
            **job.command,
            "folder": str(self.folder.root.resolve()),
            "device": device,
            "keep": asdict(self.keep),
            "evaluate_epochs": self.evaluate_epochs,
            "every_epochs": self.every_epochs,
            "every_seconds": self.every_seconds,
            "keep_trace": self.keep_trace,
            "import_from": list(self.import_from),
        }


@dataclass(frozen=True)
class Order:
    """A job, and how it is done.

    Attributes:
        job: the job.
        settings: how.
        session: names the driver and its settings; a worker process that did jobs of another one is not used, since the
            code that it has loaded may have changed.

    """

    job: Job
    settings: Settings
    session: str = ""


class Executor(Protocol):
    """Decides where workers start. What a run becomes does not depend on it.

    It is made from ``Resources``, and may keep its workers between calls until it is closed.
    """

    def execute(
        self, jobs: Sequence[Job], settings: Settings, ingest: Callable[[Record], None], progress: Progress
    ) -> bool:
        """Do all ``jobs``, in any order; a job that is done twice does no harm.

        Args:
            jobs: what is to be done.
            settings: how.
            ingest: called with each record, in the thread of the caller; commits it.
            progress: receives what happens.

        Returns:
            Whether the user stopped it before all had ended.

        Raises:
            StorageError: if a worker or the driver could not write; what is finished is kept.

        """

    def close(self) -> None:
        """Let workers go."""
