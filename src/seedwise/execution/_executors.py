"""The executors by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seedwise.errors import SeedwiseError
from seedwise.execution._protocol import Executor, Resources
from seedwise.registry import EXECUTORS, resolve


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
    made: Executor = resolve(EXECUTORS[executor].make)(resources)
    try:
        yield made
    finally:
        made.close()
