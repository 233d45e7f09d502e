"""A new file that is there under its name when it is whole, and not before."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from seedwise.errors import StorageError
from seedwise.run import storage_errors


def is_full(error: sqlite3.Error | DBAPIError) -> bool:
    """Return whether sqlite could not write since the disk is full, or gives no access to it."""
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # above these bits stands which kind of it


@contextmanager
def whole_or_not_there(target: Path) -> Iterator[Path]:
    """Yield a temporary name that becomes ``target`` if all goes well."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with storage_errors(target):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            yield temporary
            temporary.replace(target)
        except (sqlite3.Error, DBAPIError) as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error)
            if is_full(error):
                raise OSError(errno.ENOSPC, reason) from error
            raise StorageError(f"cannot write {target}: {reason}") from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
