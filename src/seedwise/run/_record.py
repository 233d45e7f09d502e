"""What a run leaves behind, as one file."""

from __future__ import annotations

import dataclasses
import io
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.run._outcomes import Status


@dataclass
class Predictions:
    """What a run predicted for the examples of one split.

    Attributes:
        split: ``test``, ``validation``, ...
        tag: tells several predictions of one split apart (``final``, a view, a snapshot).
        epoch: the epoch that they were made after, counted from 0.
        ids: (N,) integers, the same number for the same example in every run.
        labels: (N,) the true classes.
        predicted: (N,) the predicted classes, from the logits in full precision.
        logits: (N, C) or None if only the classes are kept.

    """

    split: str
    tag: str
    epoch: int
    ids: NDArray[np.int64]
    labels: NDArray[Any]
    predicted: NDArray[Any]
    logits: NDArray[Any] | None


@dataclass
class RunRecord:
    """Everything that is known of a run after it ended.

    ``trace`` holds a digest of the state after each epoch, where one was asked for.
    ``series`` holds one dict per logged epoch. ``nonce`` names this training of the run, so that a store that was
    killed between taking a record in and deleting its file knows it again.
    """

    id: str
    content: dict[str, Any]
    status: Status
    metrics: dict[str, float | None] = field(default_factory=dict)
    series: list[dict[str, float]] = field(default_factory=list)
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex)
    weights_sha256: str | None = None
    seconds: float = 0.0
    resumed_from: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    traceback: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    trace: dict[str, str] = field(default_factory=dict)
    predictions: list[Predictions] = field(default_factory=list)
    weights: dict[str, bytes] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Pack the record: JSON for what is small, arrays for the rest, nothing that runs code when read."""
        meta = {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("predictions", "weights")
        }
        meta["predictions"] = [{"split": p.split, "tag": p.tag, "epoch": p.epoch} for p in self.predictions]
        meta["weights"] = list(self.weights)
        arrays: dict[str, NDArray[Any]] = {"meta": np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)}
        for k, p in enumerate(self.predictions):
            arrays |= {f"p{k}.ids": p.ids, f"p{k}.labels": p.labels, f"p{k}.predicted": p.predicted}
            if p.logits is not None:
                arrays[f"p{k}.logits"] = p.logits
        for k, blob in enumerate(self.weights.values()):
            arrays[f"w{k}"] = np.frombuffer(blob, dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, payload: bytes) -> RunRecord:
        """Read what ``to_bytes`` packed."""
        with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
            meta = json.loads(arrays["meta"].tobytes())
            predictions = [
                Predictions(
                    **entry,
                    ids=arrays[f"p{k}.ids"],
                    labels=arrays[f"p{k}.labels"],
                    predicted=arrays[f"p{k}.predicted"],
                    logits=arrays.get(f"p{k}.logits"),
                )
                for k, entry in enumerate(meta.pop("predictions"))
            ]
            weights = {tag: arrays[f"w{k}"].tobytes() for k, tag in enumerate(meta.pop("weights"))}
        return cls(**meta, predictions=predictions, weights=weights)
