"""Training states as bytes: what goes in comes back, whatever it is made of, and torch is needed for tensors alone."""

from __future__ import annotations

import collections
import io
import subprocess
import sys

import numpy as np
import pytest
import torch

from seedwise.run import Checkpoint, Predictions, write_checked
from seedwise.run._packing import packed, unpacked

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None\n"


def same(one: object, two: object) -> bool:
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, (np.ndarray, np.generic)):
        return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and one.shape == two.shape and torch.equal(one, two)
    return one == two or (one != one and two != two)


PLAIN = [
    None,
    True,
    3,
    2**70,
    -0.1,
    float("nan"),
    float("-inf"),
    "\u00e4 \x00",
    b"\x00\xff",
    [],
    (1, [2, (3,)]),
    {"a": {0: "int key", (1, 2): "tuple key", None: []}},
    ["list", 1],
    [0, "array"],
    ["dict", []],
    np.zeros(0),
    np.arange(6, dtype=np.uint16).reshape(2, 3).T,
    np.array([1 + 2j, np.nan]),
    np.array(["text", "more"]),
    np.float32(0.1),
    np.bool_(True),
    np.random.default_rng(3).bit_generator.state,
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_and_arrays_come_back(value):
    assert same(unpacked(packed(value)), value)


def test_plain_values_and_arrays_need_no_torch():
    code = (
        f"{WITHOUT_TORCH}import numpy as np\nfrom seedwise.run._packing import packed, unpacked\n"
        "state = {'w': np.arange(3.0), 'best': (0.5, [None, 'x'])}\n"
        "found = unpacked(packed(state))\n"
        "assert found['w'].tolist() == [0, 1, 2] and found['best'] == (0.5, [None, 'x'])\n"
        "print('ok')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "ok\n"


def test_what_only_torch_saves_stands_beside_arrays():
    model = torch.nn.BatchNorm1d(2)
    value = {
        "model": model.state_dict(),
        "half": [torch.ones(2, dtype=torch.bfloat16)],
        "array": np.arange(2),
        "size": torch.Size([1, 2]),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9).state_dict(),
    }
    found = unpacked(packed(value))
    assert same(found, value)
    assert type(found["model"]) is collections.OrderedDict
    assert found["model"]._metadata == value["model"]._metadata


def test_an_array_of_objects_is_refused():
    with pytest.raises(TypeError, match="array of objects"):
        packed({"x": np.array([object()])})


def test_a_checkpoint_of_an_earlier_version_is_gone_on_from(tmp_path):
    path = tmp_path / "run.checkpoint"
    buffer = io.BytesIO()
    kept = {
        "split": "test", "tag": "final", "epoch": 4, "ids": torch.arange(2), "labels": torch.tensor([0, 1]),
        "predicted": torch.tensor([1, 1]), "logits": None,
    }  # fmt: skip
    weights = {"final": torch.frombuffer(bytearray(b"abc"), dtype=torch.uint8)}
    torch.save(
        {
            "epoch": 4, "state": {"w": torch.ones(2)}, "log": [{"epoch": 4, "loss": 0.5}], "resumed_from": [],
            "seconds": 1.5, "notes": [], "code": {}, "drawn": ["init"], "reseeded": {},
            "kept": {"predictions": [kept], "forecasts": [], "weights": weights},
        },
        buffer,
    )  # fmt: skip
    write_checked(path, buffer.getvalue())
    checkpoint = Checkpoint(path)
    assert same(checkpoint.load(), {"epoch": 4, "w": torch.ones(2)})
    assert checkpoint.weights == {"final": b"abc"}
    (found,) = checkpoint.predictions
    assert isinstance(found, Predictions)
    assert (found.ids.tolist(), found.labels.tolist(), found.predicted.tolist()) == ([0, 1], [0, 1], [1, 1])
