"""One digest for the weights of a model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

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

    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name]
        if isinstance(tensor, torch.Tensor):
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()
