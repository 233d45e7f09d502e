"""What a run leaves behind survives as one file."""

import dataclasses
import io
import math
import os

import numpy as np
import pytest

from seedwise.run import Predictions, RunRecord


def full_record():
    return RunRecord(
        id="0123456789abcdef",
        content={"schema": 1, "config": {"lr": 0.1}},
        status="diverged",
        metrics={"test/accuracy": 0.1, "test/loss": None},
        series=[{"epoch": 0, "train/loss": math.nan, "lr": 0.1}, {"epoch": 1, "train/loss": -math.inf, "lr": 1e-300}],
        weights_sha256="f" * 64,
        seconds=1.5,
        resumed_from=[1, 3],
        notes=["größer"],
        error="ValueError: x",
        traceback="Traceback\n  ...",
        environment={"torch": "2"},
        code={"a.py": "0"},
        trace={"0": "1"},
        predictions=[
            Predictions(
                "test",
                "final",
                4,
                np.array([3, 1]),
                np.array([0, 255], dtype=np.uint8),
                np.array([0, -1], dtype=np.int8),
                np.array([[1.5, -0.0], [math.inf, math.nan]], dtype=np.float16),
            ),
            Predictions("validation", "x", 0, np.array([7]), np.array([1]), np.array([1]), None),
        ],
        weights={"final": b"\0\1", "snapshot": b""},
    )


def test_round_trip():
    record = full_record()
    again = RunRecord.from_bytes(record.to_bytes())
    assert math.isnan(again.series[0].pop("train/loss"))
    record.series[0].pop("train/loss")
    for field in dataclasses.fields(RunRecord):
        if field.name != "predictions":
            assert getattr(again, field.name) == getattr(record, field.name), field.name
    assert len(again.predictions) == 2
    for a, b in zip(again.predictions, record.predictions, strict=True):
        assert (a.split, a.tag, a.epoch) == (b.split, b.tag, b.epoch)
        for name in ("ids", "labels", "predicted", "logits"):
            one, two = getattr(a, name), getattr(b, name)
            if two is None:
                assert one is None
            else:
                assert one.dtype == two.dtype
                assert one.tobytes() == two.tobytes()
                assert one.shape == two.shape


def test_an_empty_record():
    record = RunRecord("id", {}, "interrupted")
    assert RunRecord.from_bytes(record.to_bytes()) == record


def test_every_training_has_its_own_nonce():
    assert RunRecord("id", {}, "finished").nonce != RunRecord("id", {}, "finished").nonce


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_code_in_a_record_is_not_run(tmp_path):
    marker = tmp_path / "was run"
    buffer = io.BytesIO()
    np.savez(buffer, meta=np.array([Evil(marker)], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        RunRecord.from_bytes(buffer.getvalue())
    assert not marker.exists()
