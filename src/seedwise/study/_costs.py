"""What a cell costs: training and inference relative to one plain run of the base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from seedwise.run import NetworkCost
from seedwise.statistics import Cell, Cost
from seedwise.store import StoredReadout, StoredRun


def cost_of(
    cell: Cell,
    runs: Sequence[StoredRun],
    base_runs: Sequence[StoredRun],
    readouts: Mapping[tuple[str, str], StoredReadout],
    costs: Mapping[str, NetworkCost],
) -> Cost:
    """Return what a cell costs, relative to one plain run of the base.

    Training: the median over runs of the training time, over that of the base in the same environment. Inference: what
    a pass of the network costs relative to that of the base's (1 where both are the same network), times the readout:
    the median over runs of its time over that of a plain evaluation of the same run; where the logits were there
    already (the mean of a run's snapshots), and for what is counted in operations or measured in single examples, the
    number of forward passes.

    Args:
        cell: the cell.
        runs: its runs, planned ones included.
        base_runs: those of the base at the same place.
        readouts: what was read out, by run and readout.
        costs: what the networks of runs cost, by run, as far as that was measured.

    """
    found = [readouts[run.run_id, cell.readout] for run in runs if (run.run_id, cell.readout) in readouts]
    plain = cell.readout == "plain"
    passes = 1.0 if plain else _median(one.passes for one in found if one.status == "finished")
    timed = _median(one.seconds / one.plain_seconds for one in found if one.seconds and one.plain_seconds)
    network = _network(runs, base_runs, costs)
    return Cost(
        training=_training(runs, base_runs),
        inference=_product(network.inference, passes if plain or timed is None else timed),
        flops=_product(network.flops, passes),
        single=_product(network.single, passes),
    )


def _network(runs: Sequence[StoredRun], base_runs: Sequence[StoredRun], costs: Mapping[str, NetworkCost]) -> Cost:
    """Return what a forward pass of the network costs, relative to the base's; of the training nothing."""
    own, base = ([(run, costs[run.run_id]) for run in one if run.run_id in costs] for one in (runs, base_runs))
    named = {repr(run.content.get("config", {}).get("model")) for run in (*runs, *base_runs)}
    counted = {(cost.parameters, cost.flops) for _, cost in (*own, *base)}
    if len(named) == 1 and len(counted) <= 1:
        # The same network: what two timings of it differ by is no cost.
        return Cost(None, 1.0, 1.0, 1.0)
    operations = [_median(cost.flops for _, cost in one if cost.flops) for one in (own, base)]
    seconds = [
        _within_environments(
            [(run.environment, getattr(cost, name)) for run, cost in own],
            [(run.environment, getattr(cost, name)) for run, cost in base],
        )
        for name in ("seconds_256", "seconds_1")
    ]
    return Cost(None, seconds[0], _ratio(*operations), seconds[1])


def _training(runs: Sequence[StoredRun], base_runs: Sequence[StoredRun]) -> float | None:
    own, base = (
        [(r.environment, r.seconds) for r in members if r.status == "finished" and not r.resumed_from]
        for members in (runs, base_runs)
    )
    return _within_environments(own, base)


_Timed = Sequence[tuple[str | None, float | None]]
"""Environments with the seconds that were measured there."""


def _within_environments(own: _Timed, base: _Timed) -> float | None:
    """Compare medians within an environment: another machine's seconds are no measure of a method."""
    ratios = []
    for environment in {where for where, _ in own}:
        medians = [_median(s for where, s in timed if where == environment and s) for timed in (own, base)]
        if (ratio := _ratio(*medians)) is not None:
            ratios.append(ratio)
    return _median(ratios)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.median(found)) if found else None


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _product(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other
