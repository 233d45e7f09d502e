"""From a store to the results that a report is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.execution import StudyFolder
from seedwise.run import Link
from seedwise.statistics import Cell, ScoreSpread, score_spread
from seedwise.statistics.cells.pairing import is_base
from seedwise.store import Query, Store, StoredRun
from seedwise.study._cells import cells_of, forecasts_if_alike
from seedwise.study._costs import cost_of
from seedwise.study._description import description_of, is_attribution
from seedwise.study._extensions import is_search
from seedwise.study._fans import fans_of
from seedwise.study._pools import Ensembles, Pool, Recall, ensembles_of, pool_of
from seedwise.study._provenance import provenance_of
from seedwise.study._results import CellResults, Network, StudyResults
from seedwise.study._tasks import Task, is_builtin, task_of
from seedwise.study._weights import similarity_of


def study_results(store: Store, only: str | None = None) -> list[StudyResults]:
    """Return the results of every study in a store, or of ``only`` one; for attributions there is
    ``attribution_results``, for searches ``seedwise.tuning.search_results``.
    """
    return [
        _study_results(store, name, described)
        for name, described in store.studies().items()
        if only in (None, name) and not (is_attribution(described) or is_search(described))
    ]


def _recall(store: Store, run_ids: Sequence[str], compared_with: Sequence[str] = ()) -> Recall:
    return lambda statistic, arguments, compute: store.recall(
        Query(statistic, arguments, run_ids, compared_with), compute
    )


def _study_results(store: Store, name: str, stored: Mapping[str, Any]) -> StudyResults:
    runs = store.runs(name)
    observed, series = store.observed(run.run_id for run in runs), store.series(run.run_id for run in runs)
    cells = cells_of(store, name, runs=runs, observed=observed, series=series)
    description = description_of(name, stored)
    base = description.base or (cells[0].method if cells else "")
    by_place: dict[tuple[str, str, str], list[StoredRun]] = {}
    for run in runs:
        by_place.setdefault(_place(run.link), []).append(run)
    members = [by_place[_place(cell)] for cell in cells]
    # The status of a run in its cell: one that is not read out yet has left nothing to show.
    finished = [
        [run.run_id for run, status in zip(own, cell.status, strict=True) if status == "finished"]
        for own, cell in zip(members, cells, strict=True)
    ]
    plain = {(c.task, c.regime): (c, ids) for c, ids in zip(cells, finished, strict=True) if is_base(c, base)}
    of_base = {at: by_place.get((*at, base), []) for at in plain}
    truth = store.predictions([cell[0] for cell in finished if cell], logits=False)
    readouts = store.readouts()
    costs = {i: seen.cost for i, seen in observed.items() if seen.cost is not None}
    folder = StudyFolder.of_store(store.path)
    # Of a study that keeps none, nobody asks: it would be recorded in a compact store.
    keeps_weights = (stored["spec"].get("keep") or {}).get("weights", "none") != "none"
    parts: list[CellResults] = []
    ensembles: list[Ensembles] = []
    for cell, own, run_ids in zip(cells, members, finished, strict=True):
        pool = cache(partial(pool_of, store, cell, run_ids))  # one at a time: logits are large
        task = _task(own[0])
        scores = _scores(store, cell, run_ids, pool) if task.score == "accuracy" else None
        compared, compared_ids = plain.get((cell.task, cell.regime), (None, []))
        recall = _recall(store, run_ids, compared_ids)
        ensembles += ensembles_of(cell, compared, pool, description.readouts, recall, score=task.score)
        # Readouts share the training of their runs, which is shown once.
        is_plain = cell.readout == "plain"
        epochs, curves = _curves([series.get(run_id, []) for run_id in run_ids] if is_plain else [])
        parts.append(
            CellResults(
                cell=cell,
                labels=truth[run_ids[0]].labels if run_ids and run_ids[0] in truth else None,
                curves=curves,
                epochs=epochs,
                metrics=_metrics(
                    [run.metrics for run in own if run.run_id in set(run_ids)]
                    if is_plain
                    else [readouts[run_id, cell.readout].metrics for run_id in run_ids]
                ),
                network=_network(own[0], task),
                forecasts=forecasts_if_alike(store, run_ids) if is_plain else None,
                scores=scores,
                similarity=recall("weights", {}, partial(similarity_of, folder, cell, run_ids))
                if is_plain and keeps_weights
                else None,
                cost=cost_of(cell, own, of_base.get((cell.task, cell.regime), []), readouts, costs),
                seeds=tuple(run.content["seeds"] for run in own),
            )
        )
    forecasts = [part.forecasts for part in parts]
    fans = fans_of(cells, forecasts, base, lambda found: _recall(store, found.run_ids))
    again = None if description.is_loop else f"seedwise run {name}.yaml"
    return StudyResults(
        replace(description, base=base),
        tuple(parts),
        provenance_of(
            store, runs, _with_configs(stored["spec"], runs) if description.is_loop else stored["spec"], again
        ),
        ensembles=tuple(ensembles),
        fans=tuple(fans),
    )


def _with_configs(spec: Mapping[str, Any], runs: Sequence[StoredRun]) -> dict[str, Any]:
    """Return what is kept of a loop, with the config of each of its methods."""
    return {**spec, "methods": {run.link.method: run.content["config"] for run in runs}}


def _place(at: Cell | Link) -> tuple[str, str, str]:
    return at.task, at.regime, at.method


def _curves(runs: list[list[dict[str, float]]]) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Return the epochs that all runs logged, since one may have stopped early, and what was logged in them.

    A number that some run did not log in an epoch is NaN there; one that no epoch has of all runs is left out.
    """
    by_epoch = [{row["epoch"]: row for row in run} for run in runs]
    epochs = sorted(set.intersection(*map(set, by_epoch))) if by_epoch else []
    names = dict.fromkeys(name for run in by_epoch for epoch in epochs for name in run[epoch] if name != "epoch")
    logged = {
        name: np.array([[run[epoch].get(name, np.nan) for epoch in epochs] for run in by_epoch]) for name in names
    }
    whole = {name: values for name, values in logged.items() if (~np.isnan(values)).all(0).any()}
    return np.array(epochs, dtype=np.int64), whole


def _metrics(runs: Sequence[Mapping[str, float | None]]) -> dict[str, NDArray[np.float64]]:
    """Return the metrics that all finished runs of a cell have, such as ``test/mae`` or ``naive/mse``."""
    names = [name for name in runs[0] if all(run.get(name) is not None for run in runs)] if runs else []
    return {name: np.array([run[name] for run in runs], dtype=np.float64) for name in names}


def _task(run: StoredRun) -> Task:
    # The config of a function of the user's holds whatever it likes.
    function = run.content["function"]
    return task_of(function, run.content["config"]["task"] if is_builtin(function) else {})


def _network(run: StoredRun, task: Task) -> Network | None:
    """Return the series with its horizon, and the network, of a run of the built-in trainer that forecasts."""
    return Network(task.name, run.content["config"]["model"]["name"]) if task.forecasts else None


def _scores(
    store: Store, cell: Cell, run_ids: Sequence[str], pool: Callable[[], Pool | str | None]
) -> ScoreSpread | str | None:
    """Compare the logits of the runs of a cell, if there are enough of them."""
    # Runs at other values of the fixed seeds differ for that reason too.
    if len(run_ids) < 3 or len(set(cell.group.tolist())) > 1:
        return None

    def compute() -> ScoreSpread | str | None:
        found = pool()
        if not isinstance(found, Pool):
            return found
        try:
            return score_spread(found.logits, found.labels, example_ids=cell.example_ids)
        except ValueError as error:
            return str(error)

    scores: ScoreSpread | str | None = store.recall(Query("scores", {"readout": cell.readout}, run_ids), compute)
    return scores
