"""Digests of weights and of training states."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def weights_sha256(state: Mapping[str, torch.Tensor]) -> str:
    """Return the SHA-256 over (name, dtype, shape, CPU bytes) of every tensor, sorted by name.

    Args:
        state: a ``state_dict``; entries that are not tensors are left out.

    Returns:
        64 hexadecimal digits, equal for equal bits on any device and in any memory layout.

    Example:
        >>> import torch
        >>> weights_sha256({"w": torch.zeros(2)}) == weights_sha256({"w": torch.zeros(2, 1)})
        False

    """
    import torch

    return state_sha256({name: value for name, value in state.items() if isinstance(value, torch.Tensor)})


def state_sha256(state: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a training state: nested dicts and lists of tensors and plain values, keys sorted."""
    digest = hashlib.sha256()
    for name, value in sorted(_leaves(state)):
        digest.update(name.encode())
        digest.update(value)
    return digest.hexdigest()


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, bytes]]:
    import torch

    if isinstance(value, torch.Tensor):
        flat = value.detach().cpu().contiguous().reshape(-1)
        yield f"{name} {value.dtype} {tuple(value.shape)}\n", flat.view(torch.uint8).numpy().tobytes()
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}/{key}" if name else str(key))
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            yield from _leaves(inner, f"{name}/{k}")
    else:
        yield f"{name} ", repr(value).encode()
