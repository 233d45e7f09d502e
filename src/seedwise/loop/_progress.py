"""What is shown while runs are trained."""

from __future__ import annotations

import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from seedwise.run import RunRecord
from seedwise.statistics import Metric
from seedwise.statistics.cells.metric import as_recorded
from seedwise.statistics.core.formatting import duration, number
from seedwise.study import LoopPlan

_EVERY: Final = 0.1
"""Seconds between two drawings of the line."""


class LoopBar:
    """A line on the terminal that is drawn anew; where the output is no terminal, a line per run.

    No thread draws it: a process that the training forks would wait for that thread's locks.

    Args:
        plan: what is trained.
        console: where it is shown.

    """

    def __init__(self, plan: LoopPlan, console: Console) -> None:
        self._method, self._metric = plan.method, plan.metric.on("test")
        self._total = len(plan.planned)
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[last]}"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=self._total, left="", last="")
        self._todo = self._ended = 0
        self._epochs: dict[str, int] = {}  # of the runs that are being trained, how many each has logged
        self._epochs_of_one = 0
        self._began = self._drawn = time.monotonic()
        self._last: RunRecord | None = None

    def stop(self) -> None:
        """Take the line away."""
        self._bar.stop()

    def planned(self, runs: int) -> None:
        """So many runs are to be trained; the others are there already."""
        self._todo = runs
        self._began = time.monotonic()
        if runs:
            self._bar.start()

    def reading(self, readouts: int) -> None:
        """Loops read nothing out."""

    def started(self, run_id: str) -> None:
        """A run begins."""
        self._epochs[run_id] = 0
        self._draw()

    def epoch(self, run_id: str, epoch: int) -> None:
        """A run has logged an epoch, counted from 0."""
        self._epochs[run_id] = epoch + 1
        if time.monotonic() - self._drawn >= _EVERY:
            self._draw()

    def result(self, record: RunRecord) -> None:
        """A run has ended with this record."""
        self._last = record

    def ended(self, run_id: str, status: str) -> None:
        """A run's record is in the store."""
        self._epochs_of_one = self._epochs.pop(run_id, 0)
        self._ended += 1
        left = self._left()
        if not self._console.is_terminal:
            took = "" if self._last is None else f", {duration(self._last.seconds)}"
            about = f"; about {left} left" if left else ""
            self._say(f"{self._method}, run {self._at} of {self._total}: {self._outcome()}{took}{about}")
        elif status != "finished":
            self._say(f"{self._method}, run {self._at} of {self._total}: {self._outcome()}")
        self._draw()

    def note(self, text: str) -> None:
        """Something that the user should know."""
        self._say(text)

    @property
    def trained(self) -> int:
        """How many runs have ended."""
        return self._ended

    @property
    def _at(self) -> int:
        return self._total - self._todo + self._ended

    def _say(self, text: str) -> None:
        self._console.print(f"seedwise: {text}", soft_wrap=True)

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        what = f"{self._method}: run {min(self._at + 1, self._total)} of {self._total}"
        if len(self._epochs) > 1:
            what = f"{self._method}: {self._at} of {self._total} runs, {len(self._epochs)} in training"
        elif any(self._epochs.values()):
            of = f" of {self._epochs_of_one}" if self._epochs_of_one else ""
            what += f", epoch {max(self._epochs.values())}{of}"
        left = self._left()
        self._bar.update(
            self._task,
            description=what,
            completed=self._total - self._todo + self._trained(),
            left=f"{left} left" if left else "",
            last=f"last: {self._outcome()}" if self._last is not None else "",
            refresh=True,
        )

    def _trained(self) -> float:
        """Return how many runs have been trained, those that are being trained by their epochs."""
        if not self._epochs_of_one:
            return self._ended
        return self._ended + sum(min(epochs / self._epochs_of_one, 1) for epochs in self._epochs.values())

    def _left(self) -> str:
        trained = self._trained()
        if not self._ended or trained >= self._todo:
            return ""
        return duration((time.monotonic() - self._began) / trained * (self._todo - trained))

    def _outcome(self) -> str:
        """Return how the last run ended: its metric, or what went wrong."""
        assert self._last is not None
        status, value = self._last.status, self._last.metrics.get(self._metric.name)
        if status != "finished":
            return status.replace("_", " ") + (f": {self._last.error}" if self._last.error else "")
        if value is None:
            return "finished"
        metric: Metric = as_recorded(self._metric, [value])
        unit = metric.shown.unit
        return (
            f"{metric.title} {number(metric.scale * value, 2 if metric.is_percent else 4)}{f' {unit}' if unit else ''}"
        )
