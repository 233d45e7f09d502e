"""What the commands share: the console and the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seedwise.errors import one_line

EXIT_CODES = (
    "Exit codes: 0 all is well; 1 some runs failed, doctor found different bits, or gate a regression; 2 a mistake in "
    "what was typed or in the study file; 3 the code has changed since runs were finished; 4 the disk is full, not "
    "writable or a file is damaged; 5 gate finds no equivalence; 130 stopped by Ctrl-C."
)

_PLAIN_WIDTH = 160
"""Where the output is a file or a pipe, tables are not cut to the width of a window."""


class _Console(Console):
    """A console on which texts from files, such as names and errors, control nothing."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(harmless(one) if isinstance(one, str) else one for one in objects), **options)


def harmless(text: str) -> str:
    """Return a text without signs that control a terminal, its lines kept."""
    return "\n".join(one_line(line, None) for line in text.split("\n"))


def console(file: TextIO | None = None) -> Console:
    """Return a console for results; ``file`` takes the place of the standard output."""
    # Brackets and colons in the names of files and methods are no markup.
    width = None if (file or sys.stdout).isatty() else _PLAIN_WIDTH
    return _Console(file=file, highlight=False, markup=False, emoji=False, width=width, soft_wrap=False)


class Bar:
    """Progress on the terminal: a bar with the time left; where the output is no terminal, notes alone."""

    def __init__(self) -> None:
        self._console = _Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.fields[what]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("runs", total=None, what="training runs")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away while results are printed."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def planned(self, runs: int) -> None:
        """So many runs are to be trained."""
        self._progress.reset(self._task, total=runs, what="training runs")

    def reading(self, readouts: int) -> None:
        """So many readouts are to be computed."""
        self._progress.reset(self._task, total=readouts, what="reading out")

    def started(self, run_id: str) -> None:
        """A run was given to a worker."""

    def epoch(self, run_id: str, epoch: int) -> None:
        """A run finished an epoch."""

    def ended(self, run_id: str, status: str) -> None:
        """A run's record is in the store."""
        self._progress.advance(self._task)
        if status != "finished":
            self.note(f"run {run_id}: {status.replace('_', ' ')}")

    def note(self, text: str) -> None:
        """Something that the user should know."""
        self._console.print(text, soft_wrap=True)
