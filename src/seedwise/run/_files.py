"""Files that are whole or not there, and tell when they were damaged."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from seedwise.errors import StorageError

_MAGIC: Final = b"seedwise 1\n"
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN: Final = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an operating-system error while writing ``path`` into one line with its remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(
                f"no space left to write {path}: free some and run the same command again; what is finished is kept"
            ) from error
        if error.errno in _FORBIDDEN:
            raise StorageError(
                f"not allowed to write {path}: make its folder writable or pass another --store"
            ) from error
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a text that is there as a whole or not at all; what is no file, such as ``/dev/stdout``, is written to.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.

    """
    with storage_errors(path):
        target = path.resolve()
        if (target.exists() and not target.is_file()) or not os.access(target.parent, os.W_OK):
            target.write_text(text, encoding="utf-8")
            return
        temporary = target.with_name(f".{target.name[:50]}.{os.getpid()}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(target)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_checked(path: Path, payload: bytes, *, durable: bool = True) -> None:
    """Write a checksummed file under a temporary name and rename it into place, so that a reader sees all or nothing.

    Args:
        path: the file.
        payload: its content.
        durable: whether it has to survive a power failure; else it may be gone or damaged after one.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.

    """
    write_whole(path, _MAGIC + hashlib.sha256(payload).digest(), payload, durable=durable)


def write_whole(path: Path, *parts: bytes, durable: bool = True) -> None:
    """Write a file under a temporary name and rename it into place; see ``write_checked``, which adds a checksum."""
    # Processes of several machines may write it at the same time.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                for part in parts:
                    file.write(part)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def read_checked(path: Path) -> bytes:
    """Return what ``write_checked`` wrote.

    Raises:
        StorageError: if the file is cut short, altered or no such file.

    """
    content = path.read_bytes()
    start = len(_MAGIC) + 32
    payload = content[start:]
    if not content.startswith(_MAGIC) or hashlib.sha256(payload).digest() != content[len(_MAGIC) : start]:
        raise StorageError(f"{path} is damaged: its checksum does not match its content")
    return payload


def remove_stale(folder: Path) -> None:
    """Delete what writers that were killed left behind; only for a folder that nobody writes to."""
    for file in folder.glob(".*.tmp"):
        file.unlink(missing_ok=True)
