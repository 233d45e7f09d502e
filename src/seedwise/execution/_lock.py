"""A lock that one process holds, and that ends with it however that ends."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, SoftFileLock, Timeout

from seedwise.errors import SeedwiseError, StorageError
from seedwise.run import storage_errors


@contextmanager
def exclusive(path: Path, doing: str) -> Iterator[None]:
    """Hold a lock of the operating system's; on file systems that have none, a file that is there meanwhile.

    Args:
        path: the file that is locked.
        doing: what another process is doing that holds it, such as ``running this study``.

    Raises:
        SeedwiseError: if another process holds it.
        StorageError: if the file cannot be written, or locks do not work there.

    """
    lock = FileLock(path)
    with storage_errors(path):
        try:
            with warnings.catch_warnings(category=UserWarning, action="ignore"):  # where there are no locks
                lock.acquire(timeout=0)
        except Timeout:
            remedy = "wait for it or stop it"
            if isinstance(lock, SoftFileLock):  # it outlives a process that is killed
                remedy += f"; if there is none, it was killed where the file system has no locks: delete {path}"
            raise SeedwiseError(f"another process is {doing} (it holds {path}): {remedy}") from None
        except NotImplementedError:
            raise StorageError(
                f"the file system of {path} has no locks, which keep a second process away: pass another --store"
            ) from None
    try:
        yield
    finally:
        lock.release()
