"""What a study would cost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from seedwise.cli._console import console

if TYPE_CHECKING:
    from seedwise.study import Study


def print_estimate(study: Study) -> None:
    """Print the runs of a study by state, and what is known of their bytes and time."""
    out = console()
    estimate = study.estimate()
    states = Counter(estimate.statuses.values())
    shown = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.items())
    out.print(f"runs:  {len(estimate.statuses)} ({shown})", soft_wrap=True, markup=False)
    for planned in study.plan()[: len(study.spec.methods)]:
        out.print(f"       {planned.link.method}: first run {planned.spec.id}", soft_wrap=True, markup=False)
    out.print(f"bytes: {_bytes(estimate.bytes)}", soft_wrap=True, markup=False)
    if estimate.seconds is None:
        out.print("time:  known once a first run has finished: try --replicates 1", soft_wrap=True, markup=False)
    else:
        out.print(
            f"time:  about {_time(estimate.seconds)} of one worker for what is missing, from the runs finished so far",
            soft_wrap=True,
            markup=False,
        )


def _bytes(count: int | None) -> str:
    if count is None:
        return "known once a first run has finished: try --replicates 1"
    from rich.filesize import decimal

    return f"about {decimal(count)} in all, before compression"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
