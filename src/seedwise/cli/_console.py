"""What the commands share: the console, the table of results, the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from seedwise.errors import one_line
from seedwise.reporting import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seedwise.reporting import Results
    from seedwise.reporting import Table as Texts

EXIT_CODES = (
    "Exit codes: 0 all is well; 1 some runs failed, doctor found different bits, or gate a regression; 2 a mistake in "
    "what was typed or in the study file; 3 the code has changed since runs were finished; 4 the disk is full, not "
    "writable or a file is damaged; 5 gate finds no equivalence; 130 stopped by Ctrl-C."
)

_PLAIN_WIDTH = 160
"""Where the output is a file or a pipe, tables are not cut to the width of a window."""

_GAP = 2
_SENTENCE = 30
"""No column of sentences is made narrower than this to stand beside the others."""


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


def print_table(out: Console, texts: Texts) -> None:
    """Print a table; columns that the window has no room for follow below, beside the names of the rows."""
    needed = [_needed(texts, k) for k in range(len(texts.columns))]
    names = [k for k, column in enumerate(texts.columns) if k == 0 or column.kind is Kind.NAME]
    part = list(names)
    for k in range(len(texts.columns)):
        if k in names:
            continue
        if len(part) > len(names) and sum(needed[j] + _GAP for j in part) + needed[k] > out.width:
            out.print(_aligned(texts, part))
            part = list(names)
        part.append(k)
    out.print(_aligned(texts, part))


def _needed(texts: Texts, column: int) -> int:
    """Return how wide a column has to be; sentences wrap."""
    whole = max(cell_len(row[column]) for row in texts.lines)
    return min(whole, _SENTENCE) if texts.columns[column].kind is Kind.SENTENCE else whole


def _aligned(texts: Texts, columns: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for k in columns:
        column = texts.columns[k]
        justify: Literal["left", "right"] = "right" if column.kind is Kind.COUNT else "left"
        table.add_column(column, justify=justify, no_wrap=column.kind is not Kind.SENTENCE)
    for row in texts.rows:
        table.add_row(*(row[k] for k in columns))
    return table


def print_results(results: Results, warning: str | None = None, out: Console | None = None) -> None:
    """Print the table of results, how many runs it takes, a warning and the reasons for what is not in it."""
    out = out or console()
    out.print(results.title, style="bold", soft_wrap=True)
    print_table(out, results.table)
    for sentence in results.plan:
        out.print(sentence, soft_wrap=True)
    for reason in [*([warning] if warning else []), *results.reasons]:
        out.print(f"  {reason}", soft_wrap=True)


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
