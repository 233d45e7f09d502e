"""A study whose runs are made up and not trained, so that thousands of them cost seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seedwise.execution import Ingest, Job, Progress, Reading, Settings
from seedwise.run import Forecasts, Observed, Predictions, ReadoutRecord, RunRecord, RunSpec
from seedwise.study import Study

STUDY = """
name: toy
task: {dataset: digits}
model: small_cnn
train: {epochs: 2, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
methods: {base: {}, vml: {loss: {name: vml, warmup_steps: 5}}}
readouts: [crop25, ensemble-2]
keep: {weights: final}
replicates: 4
"""
EXAMPLES, CLASSES = 40, 10


class MadeUp:
    """An executor that makes records up; one run of every five crashes."""

    def execute(self, jobs: Sequence[Job], settings: Settings, ingest: Ingest, progress: Progress) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        del settings, progress
        for job in jobs:
            ingest(made_up_readout(job) if isinstance(job, Reading) else made_up(job.spec, fails=job.id[-1] in "048"))
        return False

    def close(self) -> None:
        """Do nothing."""


def made_up(spec: RunSpec, *, fails: bool = False) -> RunRecord:
    """Return the record of a run, the same each time."""
    nonce = spec.id * 2
    if fails:
        return RunRecord(spec.id, spec.content, "crashed", nonce=nonce, error="no luck", traceback="line 1\nno luck")
    draw = np.random.default_rng(int(spec.id, 16))
    predictions = predicted(draw, "final")
    accuracy = float((predictions.predicted == predictions.labels).mean())
    ids = np.arange(5)
    forecasts = Forecasts(
        "test", "final", 1, ids, draw.random((2, 5), np.float32), draw.random((2, 3)), draw.random((2, 2)),
        np.array([0, 4]), np.ones((2, 3, 2), np.float32), None, draw.random((2, 3, 2), np.float32), ["a", "b"],
    )  # fmt: skip
    return RunRecord(
        spec.id,
        spec.content,
        "finished",
        {"test/accuracy": accuracy},
        [{"epoch": 0, "train/loss": draw.random()}, {"epoch": 1, "train/loss": float("nan")}],
        nonce=nonce,
        weights_sha256="0" * 64,
        seconds=1.5,
        notes=["a note"],
        environment={"device": "cpu", "torch": "made up"},
        observed=Observed(["init", "shuffle"]),
        predictions=[predictions],
        forecasts=[forecasts],
        weights={"final": b"made up"},
    )


def made_up_readout(job: Reading) -> ReadoutRecord:
    """Return the record of a readout, the same each time."""
    draw = np.random.default_rng(int(job.spec.id, 16) + 1)
    record = job.record("finished")
    record.result.metrics = {"test/accuracy": float(draw.random())}
    record.result.predictions = [predicted(draw, job.readout)]
    return dataclasses.replace(record, seconds=0.1, plain_seconds=0.1)


def predicted(draw: np.random.Generator, tag: str) -> Predictions:
    """Return predictions of noise."""
    labels = (np.arange(EXAMPLES) % CLASSES).astype(np.uint8)
    logits = (draw.normal(size=(EXAMPLES, CLASSES)) + 2 * np.eye(CLASSES)[labels]).astype(np.float16)
    return Predictions("test", tag, 1, np.arange(EXAMPLES), labels, logits.argmax(1).astype(np.uint8), logits)


def study_in(folder: Path, **changes: Any) -> Study:
    """Return the study, with its store in ``folder``."""
    return Study.from_text(STUDY, store=folder / "toy.db", **changes)


def plain(value: Any) -> Any:
    """Return a value as one that can be compared: arrays as bytes, dataclasses as their fields."""
    if dataclasses.is_dataclass(value):
        return type(value).__name__, [plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return [(key, plain(one)) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return repr(value)
