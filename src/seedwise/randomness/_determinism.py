"""Switches that make torch give the same bits every time, or name the operation that cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def strict_determinism(enabled: bool = True) -> Iterator[None]:
    """Allow only operations with a deterministic form inside the block; restore the switches after it.

    Deterministic algorithms on, autotuning off, fresh memory not filled (torch would fill it to make reads of
    uninitialised memory repeatable, at a cost in every allocation). On CUDA the cuBLAS workspace must be set before
    the first matrix product of the process: ``CUBLAS_WORKSPACE_CONFIG`` is set here if it is missing, and seedwise's
    workers are started with it.

    Args:
        enabled: False leaves nondeterministic kernels allowed (the source ``hardware``).

    Example:
        >>> import torch
        >>> with strict_determinism():
        ...     torch.are_deterministic_algorithms_enabled()
        True

    """
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    was_on = torch.are_deterministic_algorithms_enabled()
    warned_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(enabled)
    torch.backends.cudnn.benchmark = False
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was_on, warn_only=warned_only)
        torch.backends.cudnn.benchmark = benchmark
        torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
