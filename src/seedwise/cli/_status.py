"""``seedwise status``."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from seedwise.cli._options import Scale, StoreArgument

NAME: Final = "status"
EXAMPLE: Final = "seedwise status study.yaml"


def command(
    store: StoreArgument,
    scale: Scale = None,
) -> None:
    """Show how many runs are finished, failed and pending, and why runs failed."""
    from seedwise.cli._open import open_store
    from seedwise.study import description_of, unread
    from seedwise.terminal import console, unreported_metric

    out = console()
    with open_store(store, scale) as opened:
        runs = opened.runs()
        to_run: list[str] = []
        for study, described in opened.studies().items():
            mine = [run for run in runs if run.link.study == study]
            out.print(f"{study}: {len(mine)} runs", style="bold")
            cells = dict.fromkeys((run.link.regime, run.link.method) for run in mine)
            for regime, method in cells:
                counts = Counter(r.status for r in mine if (r.link.regime, r.link.method) == (regime, method))
                shown = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
                out.print(f"  {method} ({regime}): {shown}")
            description = description_of(study, described)
            for task, metrics in description.metrics.items():
                of_task = [run for run in mine if run.link.task == task]
                missing = unreported_metric(of_task, metrics[0].on("test").name, is_loop=description.is_loop)
                if missing is not None:
                    out.print(f"  {missing}")
            for line in unread(opened, study, mine):
                out.print(f"  {line}")
            resumed = [run for run in mine if run.resumed_from]
            if resumed:
                out.print(f"  resumed from a checkpoint: {len(resumed)} runs")
            reasons = Counter((run.status, run.error) for run in mine if run.error)
            for (status, error), count in reasons.most_common():
                out.print(f"  {count} {status.replace('_', ' ')}: {error}")
            for note, count in Counter(note for run in mine for note in run.notes).most_common():
                out.print(f"  {count} runs: {note}")
            to_run += _next(described, description.program, {run.status for run in mine})
        for text in to_run or [shlex.join(["seedwise", "report", str(opened.path)])]:
            out.print(f"next: {text}", soft_wrap=True)


def _next(described: Mapping[str, Any], program: str | None, statuses: set[str]) -> list[str]:
    """Return what trains the runs of a study that are missing, or that failed."""
    from seedwise.run import FAILURES

    if statuses & {"pending", "interrupted"}:
        if "file" in described:
            return [shlex.join(["seedwise", "run", described["file"]])]
        return [] if program is None else [f"start {program} again"]
    if "file" in described and statuses & set(FAILURES):
        return [shlex.join(["seedwise", "run", described["file"], "--retry-failed"])]
    return []
