"""What a run leaves behind, as one file."""

from __future__ import annotations

import dataclasses
import io
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.run._operations import Entry
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
class Forecasts:
    """How well a run forecast the windows of one split, and its forecasts for a sample of them.

    Attributes:
        split, tag, epoch: as of ``Predictions``.
        ids: (N,) integers, the same number for the same window in every run.
        errors: (2, N) float32, squared and absolute error of each window, means over its steps and variables.
        by_step: (2, H) float64, squared and absolute error of each step, means over windows and variables.
        by_variable: (2, C) float64, squared and absolute error of each variable, means over windows and steps.
        sampled: (S,) which of the N windows are in the sample: the same in every run.
        truth: (S, H, C) float32, what was to be forecast in the sample; None if no forecasts are kept.
        history: (S, L, C) float32, what came before it, or None.
        sample: (S, H, C) the forecasts; None if only the errors are kept.
        variables: names of the C variables.

    """

    split: str
    tag: str
    epoch: int
    ids: NDArray[np.int64]
    errors: NDArray[np.float32]
    by_step: NDArray[np.float64]
    by_variable: NDArray[np.float64]
    sampled: NDArray[np.int64]
    truth: NDArray[np.float32] | None
    history: NDArray[np.float32] | None
    sample: NDArray[Any] | None
    variables: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NetworkCost:
    """What one forward pass of the network that was evaluated costs; None for what was not measured.

    Attributes:
        parameters: of the network.
        flops: floating-point operations of a pass of one example.
        seconds_1: of a pass of one example.
        seconds_256: of a pass of 256 examples, divided by 256.
        peak_memory: bytes that the process held at most until then, with all that it trained before.

    """

    parameters: int | None = None
    flops: int | None = None
    seconds_1: float | None = None
    seconds_256: float | None = None
    peak_memory: int | None = None


@dataclass
class Observed:
    """What was seen of a run while it was trained: its randomness, and what its network costs.

    By none of it are two runs told apart.

    Attributes:
        drawn: the sources that anything was drawn from.
        reseeded: by source, the global generators (``python``, ``numpy``, ``torch (42)``) that were seeded anew in its
            scope with a value that the run had not given.
        outside: the global generators that were drawn from, or so seeded, outside every scope.
        left: what the run left changed in its process.
        arguments: the command line of a program whose loop trained it.
        cost: of its network; None of a function of the user's own, and of runs from before it was measured.

    """

    drawn: list[str] = field(default_factory=list)
    reseeded: dict[str, list[str]] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    cost: NetworkCost | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what ``from_dict`` reads."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Observed:
        """Read what ``to_dict`` gave, or what was kept before there was a cost."""
        cost = kept.get("cost")
        return cls(**{**kept, "cost": None if cost is None else NetworkCost(**cost)})


@dataclass
class RunRecord:
    """Everything that is known of a run after it ended.

    ``trace`` holds a digest of the state after each epoch, and ``operations`` one of the result of each operation on
    tensors (see ``logged_operations``), where they were asked for.
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
    operations: list[Entry] = field(default_factory=list)
    observed: Observed | None = None
    predictions: list[Predictions] = field(default_factory=list)
    forecasts: list[Forecasts] = field(default_factory=list)
    weights: dict[str, bytes] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Pack the record: JSON for what is small, arrays for the rest, nothing that runs code when read."""
        large: dict[str, list[Any]] = {"p": self.predictions, "f": self.forecasts}
        meta = {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if f.name not in ("predictions", "forecasts", "weights")
        }
        meta["observed"] = None if self.observed is None else self.observed.to_dict()
        arrays: dict[str, NDArray[Any]] = {}
        for letter, kept in large.items():
            for k, one in enumerate(kept):
                arrays |= {f"{letter}{k}.{name}": value for name, value in vars(one).items() if _is_array(value)}
        meta["predictions"], meta["forecasts"] = (
            [{name: value for name, value in vars(one).items() if name in _SMALL} for one in kept]
            for kept in large.values()
        )
        meta["weights"] = list(self.weights)
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
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

            def kept(kind: type[Any], letter: str, entries: list[dict[str, Any]]) -> list[Any]:
                names = [f.name for f in dataclasses.fields(kind) if f.name not in _SMALL]
                return [
                    kind(**entry, **{name: arrays.get(f"{letter}{k}.{name}") for name in names})
                    for k, entry in enumerate(entries)
                ]

            predictions = kept(Predictions, "p", meta.pop("predictions"))
            forecasts = kept(Forecasts, "f", meta.pop("forecasts", []))
            weights = {tag: arrays[f"w{k}"].tobytes() for k, tag in enumerate(meta.pop("weights"))}
        meta["observed"] = Observed.from_dict(meta["observed"]) if meta.get("observed") else None
        meta["operations"] = [tuple(entry) for entry in meta.get("operations", ())]
        return cls(**meta, predictions=predictions, forecasts=forecasts, weights=weights)


_SMALL: Final = ("split", "tag", "epoch", "variables")
"""What of predictions and forecasts is no array."""


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
