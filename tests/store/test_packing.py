"""What is packed into a store comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from seedwise.statistics import Interval
from seedwise.store._packing import pack, pack_labels, unpack_labels
from seedwise.store._recorded import _decoded, _encoded


@pytest.mark.parametrize(
    "result",
    [
        "why not",
        Interval(0.1 + 0.2, float("-inf"), np.float64(1e-300), 0.95, [5, np.int64(4)], "F", None),
        (1.5, ("a", True), [np.float32(0.1), None]),
        np.arange(6, dtype=np.float16).reshape(1, 2, 3),
        np.zeros((0, 2, 3), np.float32),
    ],
)
def test_a_result_is_read_back_to_the_last_bit(result: Any) -> None:
    text = json.dumps(_encoded(result))
    back = _decoded(json.loads(text))
    if isinstance(result, np.ndarray):
        assert (back.dtype, back.shape) == (result.dtype, result.shape)
        np.testing.assert_array_equal(back, result)
    else:
        assert back == result
        assert json.dumps(_encoded(back)) == text
    nan = _decoded(json.loads(json.dumps(_encoded(float("nan")))))
    assert nan != nan


@pytest.mark.parametrize(
    ("predicted", "labels"),
    [
        (np.array([1, 2, 3], np.uint8), np.array([1, 2, 9], np.uint8)),
        (np.array([300, 2, 3], np.uint16), np.array([1, 2, 9], np.uint8)),
        (np.array([0.5, 2]), np.array([0.5, 1])),
        (np.array([], np.uint8), np.array([], np.uint8)),
    ],
)
def test_labels_are_read_back(predicted: np.ndarray, labels: np.ndarray) -> None:
    for blob in (pack(predicted), pack_labels(predicted, labels)):
        back = unpack_labels(blob, labels)
        assert back.dtype == predicted.dtype
        np.testing.assert_array_equal(back, predicted)


def test_labels_take_a_few_bytes_for_every_mistake() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 10_000).astype(np.uint8)
    wrong = rng.random(10_000) < 0.1
    predicted = np.where(wrong, (labels + rng.integers(1, 10, 10_000)) % 10, labels).astype(np.uint8)
    assert len(pack_labels(predicted, labels)) < 2.5 * wrong.sum() < len(pack(predicted)) * 0.7
