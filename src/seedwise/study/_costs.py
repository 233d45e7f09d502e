"""What a cell costs: training and inference relative to one plain run of the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from seedwise.statistics import Cell, Cost
from seedwise.store import StoredReadout, StoredRun


def cost_of(
    cell: Cell,
    runs: Sequence[StoredRun],
    base_runs: Sequence[StoredRun],
    readouts: Mapping[tuple[str, str], StoredReadout],
) -> Cost:
    """Return what a cell costs.

    Training: the median over runs of the training time, over that of the base in the same environment. Inference: the
    median over runs of the time of the readout over that of a plain evaluation beside it; where the logits were there
    already (the mean of a run's snapshots), the number of forward passes.

    Args:
        cell: the cell.
        runs: its runs, planned ones included.
        base_runs: those of the base at the same place.
        readouts: what was read out, by run and readout.

    """
    return Cost(_training(runs, base_runs), 1.0 if cell.readout == "plain" else _inference(cell, runs, readouts))


def _training(runs: Sequence[StoredRun], base_runs: Sequence[StoredRun]) -> float | None:
    """Compare medians within an environment: another machine's seconds are no measure of a method."""
    ratios = []
    for environment in {run.environment for run in runs}:
        own, base = (
            [
                r.seconds
                for r in members
                if r.status == "finished" and r.environment == environment and r.seconds and not r.resumed_from
            ]
            for members in (runs, base_runs)
        )
        if own and base:
            ratios.append(float(np.median(own) / np.median(base)))
    return float(np.median(ratios)) if ratios else None


def _inference(
    cell: Cell, runs: Sequence[StoredRun], readouts: Mapping[tuple[str, str], StoredReadout]
) -> float | None:
    found = [readouts[run.run_id, cell.readout] for run in runs if (run.run_id, cell.readout) in readouts]
    measured = [one.seconds / one.plain_seconds for one in found if one.seconds and one.plain_seconds]
    if measured:
        return float(np.median(measured))
    passes = [one.passes for one in found if one.status == "finished"]
    return float(np.median(passes)) if passes else None
