"""What a readout of a finished run leaves behind, as one file."""

from __future__ import annotations

import json
from dataclasses import dataclass

from seedwise.run._outcomes import Status
from seedwise.run._record import RunRecord


@dataclass
class ReadoutRecord:
    """What a readout of a finished run gave.

    Attributes:
        result: its predictions, metrics, status and error; the id is the run's.
        nonce: names the training that was read out.
        readout: the readout's name.
        passes: forward passes of a network per test example; 1 without a readout.
        seconds: of predicting the test set; None where nothing was predicted, as the logits had been kept.
        plain_seconds: of the same without a readout, measured just before in the same process.
        preparation_seconds: of what comes before any prediction, such as averaging weights.

    """

    result: RunRecord
    nonce: str
    readout: str
    passes: int
    seconds: float | None = None
    plain_seconds: float | None = None
    preparation_seconds: float | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self.result.id

    @property
    def status(self) -> Status:
        """How it ended."""
        return self.result.status

    def to_bytes(self) -> bytes:
        """Pack the record."""
        own = {name: value for name, value in vars(self).items() if name != "result"}
        return json.dumps(own).encode() + b"\n" + self.result.to_bytes()

    @classmethod
    def from_bytes(cls, payload: bytes) -> ReadoutRecord:
        """Read what ``to_bytes`` packed."""
        own, _, result = payload.partition(b"\n")
        return cls(RunRecord.from_bytes(result), **json.loads(own))


Record = RunRecord | ReadoutRecord
"""What a worker hands over: a run, or a readout of one."""
