"""What is shown while runs are trained."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from seedwise.execution import Upcoming
from seedwise.run import Record, RunRecord
from seedwise.statistics.cells.metric import as_recorded
from seedwise.statistics.core.formatting import duration, number
from seedwise.terminal._console import console

_EVERY: Final = 0.1
"""Seconds between two drawings."""
_MINUTE: Final = 60.0


class Bar:
    """Lines on a terminal that are drawn anew: how far all runs are, what is trained now, and how the last run ended.

    Where the output is no terminal it prints a line now and then. No thread draws it: a process that the training forks
    would wait for that thread's locks.

    Args:
        out: where it is shown; None: the standard error.
        before: what each line begins with.
        line_every: seconds between two lines where the output is no terminal; 0: a line per run.

    """

    def __init__(self, out: Console | None = None, *, before: str = "", line_every: float = _MINUTE) -> None:
        self._console = out or console(sys.stderr)
        self._before, self._line_every = before, line_every
        self._bar = _Lines(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
            auto_refresh=False,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", left="")
        self.planned(())

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the lines away."""
        self._bar.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the lines away while results are printed."""
        self._bar.stop()
        try:
            yield
        finally:
            if self._total:
                self._bar.start()

    def planned(self, runs: Sequence[Upcoming]) -> None:
        """These runs are to be trained."""
        self._begin({one.id: one for one in runs}, len(runs), "runs")

    def reading(self, readouts: int) -> None:
        """So many readouts are to be computed."""
        self._begin({}, readouts, "readouts")

    def _begin(self, runs: dict[str, Upcoming], total: int, what: str) -> None:
        self._runs, self._total, self._what = runs, total, what
        self._epochs: dict[str, int] = {}  # of the runs that are being trained, how many each has ended
        self._epochs_of_one = 0  # of the last run that has ended
        self._ended = 0
        self._last = ""
        self._first: tuple[float, float] | None = None  # when an epoch ended first, and how much was trained then
        self._began = self._drawn = self._printed = time.monotonic()
        if total:
            self._bar.start()
            self._draw()

    def started(self, run_id: str) -> None:
        """A run was given to a worker."""
        self._epochs[run_id] = 0
        self._draw()

    def epoch(self, run_id: str, epoch: int) -> None:
        """A run has ended an epoch, counted from 0."""
        self._epochs[run_id] = epoch + 1
        if self._first is None and self._epochs_of(run_id):
            self._first = (time.monotonic(), self._trained())
        if time.monotonic() - self._drawn >= _EVERY:
            self._draw()

    def ended(self, run_id: str, record: Record) -> None:
        """A run's record is in the store."""
        self._epochs_of_one = self._epochs.pop(run_id, 0)
        self._ended += 1
        run = self._runs.get(run_id)
        name = run.name if run else f"run {run_id}"
        outcome = _outcome(record, run)
        self._last = f"{name}: {outcome}"
        left = self._left()
        about = f"; about {left} left" if left else ""
        if self._console.is_terminal:
            if record.status != "finished":
                self.note(self._last)
        elif not self._line_every:
            took = f", {duration(record.seconds)}" if isinstance(record, RunRecord) else ""
            self.note(f"{self._last}{took}{about}")
        elif record.status != "finished":
            self.note(f"{self._last}{about}")
        elif time.monotonic() - self._printed >= self._line_every:
            self._printed = time.monotonic()
            self.note(f"{self._ended} of {self._total} {self._what}{about}")
        self._draw()

    def note(self, text: str) -> None:
        """Something that the user should know."""
        self._console.print(f"{self._before}{text}")

    @property
    def trained(self) -> int:
        """How many runs have ended."""
        return self._ended

    def _draw(self) -> None:
        if not self._console.is_terminal:
            return
        self._drawn = time.monotonic()
        left = self._left()
        last = f"last: {self._last}" if self._last else ""
        self._bar.below = list(filter(None, ["  ".join(self._now()), last]))
        self._bar.update(
            self._task,
            description=f"{self._ended} of {self._total} {self._what}",
            total=self._total,
            completed=self._trained(),
            left=f"{left} left" if left else "",
            refresh=True,
        )

    def _now(self) -> Iterable[str]:
        for run_id, epochs in self._epochs.items():
            run = self._runs.get(run_id)
            of = self._epochs_of(run_id)
            yield (run.name if run else run_id) + (f", epoch {epochs}{f' of {of}' if of else ''}" if epochs else "")

    def _epochs_of(self, run_id: str) -> int:
        """Return how many epochs a run has: as is known before, else as the last that ended had; 0: unknown."""
        run = self._runs.get(run_id)
        return (run.epochs if run else None) or self._epochs_of_one

    def _trained(self) -> float:
        """Return how many runs have been trained, those that are being trained by their epochs."""
        parts = ((epochs, self._epochs_of(run_id)) for run_id, epochs in self._epochs.items())
        return self._ended + sum(min(epochs / of, 1) for epochs, of in parts if of)

    def _left(self) -> str:
        """Return the time left at the pace since the first epoch, as workers take seconds to start; first nothing."""
        trained = self._trained()
        since, before = self._began, 0.0
        if self._first is not None and (trained > self._first[1] or not self._ended):
            since, before = self._first
        if not before < trained < self._total:
            return ""
        return duration((time.monotonic() - since) / (trained - before) * (self._total - trained))


class _Lines(Progress):
    """A bar, and below it lines that are cut where the window ends."""

    below: Sequence[str] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        for line in self.below:
            yield Text(line, no_wrap=True, overflow="ellipsis")


def _outcome(record: Record, run: Upcoming | None) -> str:
    """Return how a run ended: its metric, or what went wrong."""
    if record.status != "finished":
        error = record.error if isinstance(record, RunRecord) else None
        return record.status.replace("_", " ") + (f": {error}" if error else "")
    if run is None or run.metric is None or not isinstance(record, RunRecord):
        return "finished"
    value = record.metrics.get(run.metric.name)
    if value is None:
        return "finished"
    metric = as_recorded(run.metric, [value])
    unit = metric.shown.unit
    return f"{metric.title} {number(metric.scale * value, 2 if metric.is_percent else 4)}{f' {unit}' if unit else ''}"
