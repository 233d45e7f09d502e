"""Training states as bytes that are read back without running code."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.randomness import torch_if_installed

_TREE: Final = "tree"
_TORCHS: Final = "torch"


def packed(value: Any) -> bytes:
    """Return the bytes of nested dicts, lists and tuples of numbers, texts, bytes, arrays and what torch saves.

    Only what is none of the others, such as tensors and their ``OrderedDict``, takes torch to be read.

    Raises:
        TypeError: for what cannot be read back safely.

    Example:
        >>> unpacked(packed({"epoch": 3, "weights": np.arange(3.0), "best": (0.5, None)}))
        {'epoch': 3, 'weights': array([0., 1., 2.]), 'best': (0.5, None)}

    """
    packer = _Packer()
    tree = packer.tree(value)
    entries = {_TREE: np.frombuffer(json.dumps(tree).encode(), np.uint8), **packer.arrays}
    if packer.others:
        entries[_TORCHS] = np.frombuffer(_of_torch(packer.others), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **entries)
    return buffer.getvalue()


def unpacked(payload: bytes) -> Any:
    """Return what ``packed`` was given; also what ``torch.save`` wrote, as versions before it did."""
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        if f"{_TREE}.npy" not in archive.namelist():
            return _by_torch(payload)
    with np.load(io.BytesIO(payload), allow_pickle=False) as entries:
        others = _by_torch(entries[_TORCHS].tobytes()) if _TORCHS in entries else []
        return _value(json.loads(entries[_TREE].tobytes()), entries, others)


class _Packer:
    """Turns a value into a tree for JSON; what JSON cannot hold is kept apart.

    Attributes:
        arrays: by name.
        others: what torch saves.

    """

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}
        self.others: list[Any] = []

    def tree(self, value: Any) -> Any:
        kind = type(value)
        if kind in (bool, int, float, str, type(None)):
            return value
        if kind in (list, tuple):
            return [kind.__name__, [self.tree(inner) for inner in value]]
        if kind is dict:
            return ["dict", [[self.tree(key), self.tree(inner)] for key, inner in value.items()]]
        if isinstance(value, np.generic) or kind is np.ndarray:
            return [self._array(np.asarray(value)), "scalar" if isinstance(value, np.generic) else "array"]
        if kind is bytes:
            return [self._array(np.frombuffer(value, np.uint8)), "bytes"]
        self.others.append(value)
        return ["other", len(self.others) - 1]

    def _array(self, array: NDArray[Any]) -> int:
        if array.dtype.hasobject:
            raise TypeError("an array of objects")
        self.arrays[f"a{len(self.arrays)}"] = array
        return len(self.arrays) - 1


def _value(tree: Any, arrays: Any, others: list[Any]) -> Any:
    match tree:
        case ["list" | "tuple" as kind, inner]:
            values = [_value(one, arrays, others) for one in inner]
            return values if kind == "list" else tuple(values)
        case ["dict", pairs]:
            return {_value(key, arrays, others): _value(inner, arrays, others) for key, inner in pairs}
        case ["other", k]:
            return others[k]
        case [int(k), kind]:
            array = arrays[f"a{k}"]
            return array.tobytes() if kind == "bytes" else array[()] if kind == "scalar" else array
    return tree


def _of_torch(values: list[Any]) -> bytes:
    torch = torch_if_installed()
    if torch is None:
        raise TypeError(f"a {type(values[0]).__name__}")
    buffer = io.BytesIO()
    torch.save(values, buffer)
    _by_torch(buffer.getvalue())
    return buffer.getvalue()


def _by_torch(payload: bytes) -> Any:
    import torch

    return torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
