"""The moments at which the processes of a study write something, reported through a named pipe: when to kill them."""

from __future__ import annotations

import os
import select
from pathlib import Path

# Python imports this at the start of the driver and of every worker. It reports, through a named pipe, what the process
# is about to do or has just done, and waits there, so that a kill can fall into that very moment. At all other moments
# it waits a little, so that the study does not end while the listener waits for a processor.
SITECUSTOMIZE = """
import os
import sqlite3
import time

_pipe = None
_replace, _fsync, _connect = os.replace, os.fsync, sqlite3.connect


def report(moment):
    global _pipe
    if os.environ["KILLS_MOMENT"] == "none":
        return
    try:
        if _pipe is None:
            _pipe = os.open(os.environ["KILLS_PIPE"], os.O_WRONLY | os.O_NONBLOCK)
        os.write(_pipe, moment.encode() + b"\\n")
    except OSError:
        return
    time.sleep(0.1 if moment == os.environ["KILLS_MOMENT"] else 0.003)


def room(path):
    for name in ("outbox", "checkpoints", "weights"):
        if f"/{name}/" in str(path):
            return name
    return "other"


def replace(source, target, **options):
    kind = "aside" if str(target).endswith(".previous") else "rename"
    report(f"{room(target)} before {kind}")
    _replace(source, target, **options)
    report(f"{room(target)} after {kind}")


def fsync(file):
    report(f"{room(os.readlink(f'/proc/self/fd/{file}'))} written")
    _fsync(file)


class Connection(sqlite3.Connection):
    def commit(self):
        wrote = self.in_transaction
        if wrote:
            report("commit before")
        super().commit()
        if wrote:
            report("commit after")


os.replace, os.fsync = replace, fsync
sqlite3.connect = lambda *arguments, **options: _connect(*arguments, **{"factory": Connection} | options)
"""


class Moments:
    """What the processes of one study say; ``any`` moment is any of these lines.

    Args:
        folder: where the pipe is made.

    """

    def __init__(self, folder: Path) -> None:
        self._pipe = folder / "pipe"
        if not self._pipe.exists():
            os.mkfifo(self._pipe)
        self._file = os.open(self._pipe, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""

    def environment(self, moment: str) -> dict[str, str]:
        """Return what makes processes speak, and dawdle at a moment."""
        return {"KILLS_PIPE": str(self._pipe), "KILLS_MOMENT": moment}

    def said(self, seconds: float = 0.05) -> list[str]:
        """Return what was said, as soon as something is said."""
        if select.select([self._file], [], [], seconds)[0]:
            *lines, self._rest = (self._rest + os.read(self._file, 65536)).split(b"\n")
            return [line.decode() for line in lines]
        return []

    def close(self) -> None:
        """Listen no longer."""
        os.close(self._file)
