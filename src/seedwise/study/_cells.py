"""From stored runs to cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.readouts import parse_readout, per_run
from seedwise.run import FINAL, Observed
from seedwise.statistics import Cell, Interval, Metric
from seedwise.statistics.cells.metric import as_recorded
from seedwise.statistics.comparison.row import forecast_difference_of
from seedwise.store import Query, Store, StoredReadout, StoredRun
from seedwise.study._cell_forecasts import CellForecasts
from seedwise.study._description import description_of
from seedwise.study._forecasts import forecasts_of
from seedwise.study._pending_readouts import snapshot_tags
from seedwise.study._regimes import regime_sources
from seedwise.study._tasks import is_builtin
from seedwise.study._varied import Series, varied_in


def cells_of(
    store: Store,
    study: str,
    metric: str | None = None,
    *,
    runs: Sequence[StoredRun] | None = None,
    observed: Mapping[str, Observed] | None = None,
    series: Series | None = None,
) -> list[Cell]:
    """Return one cell per task, method, regime and readout of a study, with the task's primary metric.

    ``metric`` takes its place: the same metric on other data, such as ``validation/accuracy``. ``runs`` are those of
    the study, where they have been read already; so are what was ``observed`` of them, and their ``series``.

    A readout has a cell wherever it can be read: that of snapshots only where runs have made some. A run that finished
    and is not read out yet is pending in it, and one whose readout failed has failed.

    Raises:
        SeedwiseError: if the file holds no such study.

    """
    stored = store.studies().get(study)
    if stored is None:
        raise SeedwiseError(f"{store.path} holds no study '{study}', only {', '.join(store.studies()) or 'none'}")
    description = description_of(study, stored)
    runs = store.runs(study) if runs is None else runs

    def place(run: StoredRun) -> tuple[str, str, str]:
        return run.link.task, run.link.regime, run.link.method

    readouts = ["plain", *(readout.name for readout in per_run(description.readouts))]
    read = store.readouts() if len(readouts) > 1 else {}
    tags = store.tags() if len(readouts) > 1 else {}
    varied = varied_in(store, runs, observed, series)
    order = {key: k for k, key in enumerate(dict.fromkeys(map(place, runs)))}
    primaries = {task: _primary(listed[0], task, runs, metric) for task, listed in description.metrics.items()}
    cells = []
    for (task, regime, method), members in groupby(sorted(runs, key=lambda run: order[place(run)]), key=place):
        cell = list(members)
        has_snapshots = any(snapshot_tags(tags.get(run.run_id, ())) for run in cell)
        primary = primaries[task]
        factor, level = description.factor_of(method)
        split = "validation" if primary.name.startswith("validation/") else "test"
        for readout in readouts:
            if parse_readout(readout).snapshots and not has_snapshots:
                continue
            ends = [_end(run, readout, read, primary.name) for run in cell]
            finished = [run.run_id for run, (status, _) in zip(cell, ends, strict=True) if status == "finished"]
            predictions = store.predictions(finished, split, tag_of(readout), logits=False)
            kept = [predictions[run_id] for run_id in finished if run_id in predictions]
            complete = bool(kept) and len(kept) == len(finished)
            forecasts = forecasts_if_alike(store, finished) if readout == "plain" else None
            if forecasts is not None and len(forecasts.run_ids) < len(finished):
                forecasts = None
            same = complete and len({p.predicted.shape for p in kept}) == 1
            made = Cell(
                task=task,
                method=method,
                regime=regime,
                readout=readout,
                factor=factor,
                level=level,
                group=np.array([run.link.group for run in cell]),
                replicate=np.array([run.link.replicate for run in cell]),
                values=np.array([_value(status, own.get(primary.name)) for status, own in ends]),
                status=tuple(status for status, _ in ends),
                metric=primary,
                predictions=np.stack([p.predicted.astype(np.int64) for p in kept]) if same else None,
                example_ids=[p.ids for p in kept] if same else None,
                forecasts=None if forecasts is None else forecasts.sample,
                truth=None if forecasts is None else forecasts.truth,
                sources=regime_sources(regime),
                unvaried=varied[task, regime, method].unvaried,
                distinct=varied[task, regime, method].distinct,
                alike=varied[task, regime, method].alike,
            )
            cells.append(made if forecasts is None else _with_difference(store, made, finished))
    return cells


def _primary(metric: Metric, task: str, runs: Sequence[StoredRun], name: str | None) -> Metric:
    """Return the metric of a task in the unit that its runs recorded; ``name`` is the same one on other data."""
    named = metric.on("test") if name is None else replace(metric, name=name)
    return as_recorded(named, (run.metrics.get(named.name) for run in runs if run.link.task == task))


def unread(store: Store, study: str, runs: Sequence[StoredRun]) -> list[str]:
    """Return a line for every readout of a study: how many runs are read out, pending or failed, and why.

    Args:
        store: the study's file.
        study: the study's name.
        runs: its runs.

    """
    wanted = per_run(store.studies()[study]["spec"].get("readouts", []))
    if not wanted:
        return []
    read, tags = store.readouts(), store.tags()
    lines = []
    for readout in wanted:
        counts: Counter[str] = Counter()
        errors: Counter[str] = Counter()
        for run_id in {run.run_id for run in runs if run.status == "finished"}:
            found = read.get((run_id, readout.name))
            if found is None and readout.snapshots and not snapshot_tags(tags.get(run_id, ())):
                continue
            counts["pending" if found is None else found.status] += 1
            if found is not None and found.error:
                errors[f"{found.status.replace('_', ' ')}: {found.error}"] += 1
        shown = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
        lines.append(f"readout {readout.name}: {shown or 'no finished run has it'}")
        lines += [f"  {count} {error}" for error, count in errors.most_common()]
    return lines


def tag_of(readout: str) -> str:
    """Return the tag under which the predictions of a readout are stored."""
    return FINAL if readout == "plain" else readout


def forecasts_if_alike(store: Store, finished: Sequence[str]) -> CellForecasts | None:
    """Return the forecasts of a cell if its runs have kept some, of the same windows or examples."""
    try:
        return forecasts_of(store, finished)
    except SeedwiseError:
        return None


def _with_difference(store: Store, cell: Cell, finished: Sequence[str]) -> Cell:
    def compute() -> Interval | str | None:
        return None if cell.forecasts is None else forecast_difference_of(cell)

    return replace(cell, forecast_difference=store.recall(Query("forecast difference", {}, finished), compute))


def _end(
    run: StoredRun, readout: str, read: Mapping[tuple[str, str], StoredReadout], metric: str
) -> tuple[str, Mapping[str, float | None]]:
    """Return how a run ended for a readout, and its metrics.

    One of the built-in trainer that lacks the metric is older than that, and pending: it did not fail.
    """
    found = run if readout == "plain" or run.status != "finished" else read.get((run.run_id, readout))
    if found is None or (
        found.status == "finished" and metric not in found.metrics and is_builtin(run.content["function"])
    ):
        return "pending", {}
    return found.status, found.metrics


def _value(status: str, value: float | None) -> float:
    return float("nan") if value is None or status != "finished" else value
