"""What a study would cost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from seedwise.statistics.core.formatting import duration
from seedwise.terminal import console

if TYPE_CHECKING:
    from seedwise.study import Study
    from seedwise.study._estimate import Estimate


def print_estimate(study: Study) -> None:
    """Print the runs of a study by state, and what is known of their bytes and time."""
    from seedwise.readouts import per_run
    from seedwise.study import readout_passes

    out = console()
    estimate = study.estimate()
    states = Counter(estimate.statuses.values())
    shown = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.items())
    out.print(f"runs:  {len(estimate.statuses)} ({shown})")
    for planned in study.plan()[: len(study.spec.methods)]:
        out.print(f"       {planned.link.method}: first run {planned.spec.id}")
    for line in study.warnings():
        out.print(f"note:  {line}")
    for task, part in study.spec.by_task().items():
        for readout in per_run(part.readouts):
            passes = readout_passes(readout, part)
            out.print(f"       readout {readout.name} on {task}: {passes} forward passes a test example")
    if estimate.missing_data:
        out.print(f"data:  {estimate.missing_data}")
    out.print(f"bytes: {_bytes(estimate, study.spec.is_builtin)}")
    if estimate.seconds is None and estimate.missing_data:
        out.print("time:  unknown without the data")
    elif estimate.seconds is None:
        out.print("time:  known once a first run has finished: try --replicates 1")
    else:
        source = "the runs finished so far" if estimate.measured else "a few steps of each method on this processor"
        start = "" if estimate.start is None else f" and {duration(estimate.start)} for each worker to start"
        left_out = ["the start of workers"] * (not start) + ["evaluations"] * (not estimate.measured)
        out.print(
            f"time:  about {duration(estimate.seconds)} of one worker for what is missing, from {source}{start}; "
            f"not counted: {', '.join([*left_out, 'what else the machine does'])}"
        )


def print_cost(study: Study) -> None:
    """Print in one line what a study costs before it starts."""
    estimate = study.estimate()
    missing = sum(status in ("pending", "interrupted") for status in estimate.statuses.values())
    runs = f"{missing} of {len(estimate.statuses)} runs to train"
    took = "time not known yet" if estimate.seconds is None else f"about {duration(estimate.seconds)} of one worker"
    cost = "unknown without the data" if estimate.missing_data else f"{took}, {_bytes(estimate, study.spec.is_builtin)}"
    console().print(f"{runs}: {cost}")


def _bytes(estimate: Estimate, is_builtin: bool) -> str:
    if estimate.bytes is None:
        if not is_builtin:
            return "unknown for a function of your own"
        if estimate.missing_data:
            return "unknown without the data"
        return "unknown without torch, which knows the size of the weights: pip install 'seedwise[train]'"
    from rich.filesize import decimal

    return f"about {decimal(estimate.bytes)} in all, before compression"
