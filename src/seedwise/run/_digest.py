"""Digests of weights and of training states."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


def weights_sha256(state: Mapping[str, torch.Tensor | NDArray[Any]]) -> str:
    """Return the SHA-256 over (name, dtype, shape, CPU bytes) of every tensor or array, sorted by name.

    Args:
        state: a ``state_dict``, or numpy arrays by name; other entries are left out.

    Returns:
        64 hexadecimal digits, equal for equal bits on any device and in any memory layout.

    Example:
        >>> import torch
        >>> weights_sha256({"w": torch.zeros(2)}) == weights_sha256({"w": torch.zeros(2, 1)})
        False

    """
    return state_sha256({name: value for name, value in state.items() if _is_array(value) or _is_tensor(value)})


def state_sha256(state: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a training state: dicts and lists of tensors, arrays and plain values, keys sorted."""
    digest = hashlib.sha256()
    for name, value in sorted(_leaves(state)):
        digest.update(name.encode())
        digest.update(value)
    return digest.hexdigest()


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, bytes]]:
    if _is_tensor(value):
        import torch

        flat = value.detach().cpu().contiguous().reshape(-1)
        yield f"{name} {value.dtype} {tuple(value.shape)}\n", flat.view(torch.uint8).numpy().tobytes()
    elif _is_array(value):
        yield f"{name} numpy {value.dtype} {value.shape}\n", np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}/{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            yield from _leaves(inner, f"{name}/{k}")
    else:
        yield f"{name} ", repr(value).encode()


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and not value.dtype.hasobject


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")  # without it there are none
    return torch is not None and isinstance(value, torch.Tensor)
