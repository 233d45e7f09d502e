"""What a worker is given to do: train a run, or read one out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol

from seedwise.run import ReadoutRecord, Record, RunRecord, RunSpec, Status

_RUN: Final = ".run"


class Job(Protocol):
    """Something for a worker to do."""

    @property
    def spec(self) -> RunSpec:
        """The run that it is about."""

    @property
    def id(self) -> str:
        """What it is called while it lasts."""

    @property
    def file(self) -> str:
        """The name of its record in the outbox."""

    @property
    def after_death(self) -> str:
        """What happens if its worker dies."""

    @property
    def states(self) -> tuple[str, ...]:
        """Tags of the kept weights of the run that it needs."""

    @property
    def fresh(self) -> bool:
        """Whether it starts from the beginning, whatever an earlier attempt left."""

    @property
    def command(self) -> dict[str, Any]:
        """What is sent to a worker, as JSON values."""

    def record(self, status: Status, error: str | None = None) -> Record:
        """Return the record of one that left none itself."""


@dataclass(frozen=True)
class Training:
    """A run to be trained.

    Attributes:
        spec: the run.
        fresh: whether it starts from the beginning, whatever an earlier attempt left.

    """

    spec: RunSpec
    fresh: bool = field(default=False, kw_only=True)
    states: ClassVar[tuple[str, ...]] = ()
    after_death: ClassVar[str] = "the run goes on from its last checkpoint"

    @property
    def id(self) -> str:
        """The run's id."""
        return self.spec.id

    @property
    def file(self) -> str:
        """The name of its record in the outbox."""
        return f"{self.spec.id}{_RUN}"

    @property
    def command(self) -> dict[str, Any]:
        """What is sent to a worker, as JSON values."""
        return {"do": "train", "content": self.spec.content}

    def record(self, status: Status, error: str | None = None) -> RunRecord:
        """Return the record of a run that left none itself."""
        return RunRecord(self.spec.id, self.spec.content, status, error=error)


@dataclass(frozen=True)
class Reading:
    """A finished run to be read out.

    Attributes:
        spec: the run.
        nonce: names its training.
        readout: the readout's name.
        states: tags of the weights that it takes; none if kept logits are enough.
        passes: forward passes of a network per test example.
        weights_sha256: the digest of the run's final weights.
        fresh: see ``Training``.

    """

    spec: RunSpec
    nonce: str
    readout: str
    states: tuple[str, ...]
    passes: int
    weights_sha256: str | None = field(default=None, compare=False)
    fresh: bool = field(default=False, kw_only=True, compare=False)
    after_death: ClassVar[str] = "it is computed again"

    @property
    def id(self) -> str:
        """The run's id and the readout."""
        return f"{self.spec.id} ({self.readout})"

    @property
    def file(self) -> str:
        """The name of its record in the outbox."""
        return file_of(self.record("finished"))

    @property
    def command(self) -> dict[str, Any]:
        """What is sent to a worker, as JSON values."""
        own = {name: value for name, value in vars(self).items() if name != "spec"}
        return {"do": "read", "content": self.spec.content, "reading": own}

    @classmethod
    def from_command(cls, command: Mapping[str, Any]) -> Reading:
        """Read what ``command`` gave."""
        own = command["reading"]
        return cls(RunSpec.from_content(command["content"]), **own | {"states": tuple(own["states"])})

    def record(self, status: Status, error: str | None = None) -> ReadoutRecord:
        """Return the record of a readout that left none itself."""
        return ReadoutRecord(
            RunRecord(self.spec.id, self.spec.content, status, error=error), self.nonce, self.readout, self.passes
        )


def file_of(record: Record) -> str:
    """Return the name of a record's file in the outbox."""
    if isinstance(record, RunRecord):
        return f"{record.id}{_RUN}"
    return f"{record.id}-{record.readout.replace(' ', '')}.readout"
