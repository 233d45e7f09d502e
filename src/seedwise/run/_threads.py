"""How many threads numerical libraries compute with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from threadpoolctl import ThreadpoolController

from seedwise.randomness import torch_if_installed

_VARIABLE: Final = "OMP_NUM_THREADS"


@contextmanager
def threads_limited(count: int) -> Iterator[None]:
    """Compute with ``count`` threads inside the block: bits depend on it.

    torch, and BLAS and OpenMP of whatever is loaded (numpy, SciPy, scikit-learn, LightGBM); what is loaded inside the
    block reads the number from the environment.

    Example:
        >>> import torch
        >>> with threads_limited(1):
        ...     torch.get_num_threads()
        1

    """
    torch, variable = torch_if_installed(), os.environ.get(_VARIABLE)
    before = None if torch is None else torch.get_num_threads()
    os.environ[_VARIABLE] = str(count)
    try:
        with _libraries(len(sys.modules), count).limit(limits=count):
            if torch is not None:
                torch.set_num_threads(count)
            yield
    finally:
        if torch is not None:
            torch.set_num_threads(before)
        if variable is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = variable


@lru_cache(maxsize=1)
def _libraries(_modules: int, _count: int) -> ThreadpoolController:
    # Finding them takes a millisecond, as long as the rest of a short run. One that was loaded since without a module
    # has read the same count from the environment.
    return ThreadpoolController()
