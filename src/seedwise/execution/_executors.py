"""The executors by name."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from seedwise.errors import SeedwiseError
from seedwise.execution._protocol import Executor, Resources

EXECUTORS: Final[Mapping[str, str]] = {"local": "seedwise.execution._local:LocalExecutor"}
"""What is called with ``Resources``, as ``module:name``."""


@contextmanager
def opened(executor: str | Executor, resources: Resources) -> Iterator[Executor]:
    """Yield the executor of this name, closed at the end; one that is given stays open.

    Raises:
        SeedwiseError: for an unknown name, or resources that are not there.

    """
    if not isinstance(executor, str):
        yield executor
        return
    if executor not in EXECUTORS:
        raise SeedwiseError(f"unknown executor '{executor}': there is {', '.join(EXECUTORS)}")
    module, _, name = EXECUTORS[executor].partition(":")
    made: Executor = getattr(importlib.import_module(module), name)(resources)
    try:
        yield made
    finally:
        made.close()
