"""Standard output that is closed, full, or has lost its reader."""

from __future__ import annotations

import contextlib
import io
import os
import sys

from seedwise.errors import StorageError


def open_streams() -> None:
    """Put the null device in the place of standard streams that are closed, so that no file takes their numbers."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name may hold what the terminal's encoding has no sign for
        sys.stdout.reconfigure(errors="backslashreplace")


def flush_output() -> None:
    """Write what is still to be printed; that nobody reads it any more, as after ``| head``, is no mistake.

    Raises:
        StorageError: if it cannot be written, such as to a file on a full disk.

    """
    try:
        sys.stdout.flush()
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # else python tries again at its end
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, sys.stdout.fileno())
            os.close(nothing)
        if not isinstance(error, BrokenPipeError):
            raise StorageError(f"the standard output cannot be written: {error.strerror}") from error
