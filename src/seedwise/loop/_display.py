"""What a loop shows from its beginning to its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from seedwise.execution import present_sitting
from seedwise.loop._closing import close, contents, say_stopped
from seedwise.loop._uncaught import stoppable
from seedwise.study import LoopPlan
from seedwise.terminal import Bar, console


class Display:
    """Progress, then what was trained, the table and the report, on the standard error.

    Args:
        plan: what is trained.

    """

    def __init__(self, plan: LoopPlan) -> None:
        self._plan = plan
        self._console: Console = console(sys.stderr)
        self.progress = Bar(self._console, before="seedwise: ", line_every=0)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it around a block that trains; an exam is not shown."""
        before = contents(self._plan.path)
        try:
            with stoppable(self._stopped):
                yield
        finally:
            self.progress.stop()
        if present_sitting() is None:
            with stoppable(self._stopped):
                close(self._plan, self.progress.trained, before, self._console)

    def _stopped(self) -> None:
        self.progress.stop()
        say_stopped(self._plan, self._console)
