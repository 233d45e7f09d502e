"""Switches that make torch give the same bits every time, or name the operation that cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from seedwise.randomness._torch import torch_if_installed

_COMPILER: Final = "TORCHINDUCTOR_DETERMINISTIC"


@contextmanager
def strict_determinism(enabled: bool = True) -> Iterator[None]:
    """Allow torch only operations with a deterministic form inside the block; restore the switches after it.

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
    torch = torch_if_installed()
    if torch is None:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    was_on = torch.are_deterministic_algorithms_enabled()
    warned_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    compiler = os.environ.get(_COMPILER)
    fill = torch.utils.deterministic.fill_uninitialized_memory
    os.environ[_COMPILER] = "1" if enabled else "0"
    _switch(enabled)
    torch.backends.cudnn.benchmark = False
    torch.utils.deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        if compiler is None:
            del os.environ[_COMPILER]
        else:
            os.environ[_COMPILER] = compiler
        _switch(was_on, warned_only)
        torch.backends.cudnn.benchmark = benchmark
        torch.utils.deterministic.fill_uninitialized_memory = fill


def _switch(on: bool, warn_only: bool = False) -> None:
    """Switch deterministic algorithms on or off, in the compiler too if it is loaded.

    It is not imported for that, which takes nearly as long as importing torch; if a run imports it later, it reads the
    environment variable.
    """
    torch = torch_if_installed()
    if "torch._inductor.config" in sys.modules:
        torch.use_deterministic_algorithms(on, warn_only=warn_only)
    else:
        torch.set_deterministic_debug_mode(("warn" if warn_only else "error") if on else "default")
