"""What a report shows of a study besides its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from seedwise.statistics import Cell, ScoreSpread, score_spread
from seedwise.store import Store, StoredRun
from seedwise.study._attribute import is_attribution
from seedwise.study._cells import cells_of
from seedwise.study._costs import cost_of
from seedwise.study._fans import fans_of
from seedwise.study._forecasts import forecasts_of
from seedwise.study._pools import Ensembles, Pool, ensembles_of, pool_of
from seedwise.study._tuning import is_search
from seedwise.training import FUNCTION, is_forecasting, task_name


def report_sections(store: Store) -> list[dict[str, Any]]:
    """Return one section per study in a store; for attributions there is ``attribution_sections``,
    for searches ``tuning_sections``.

    Returns:
        Dicts with ``name``, ``description``, ``cells``, ``labels`` (true classes, by cell), ``curves`` (series by name,
        arrays (runs, epochs), by cell), ``metrics`` (values (runs,) by name of all metrics of the finished runs, by
        cell), ``networks`` (names of series and network, by cell; None where no series is forecast), ``forecasts``
        (``CellForecasts``, by cell; None where nothing was forecast), ``fans`` (which of them are drawn), ``scores``
        (how much the runs' logits differ, or why that is not said, by cell; None where no logits are kept),
        ``ensembles`` (those that the readouts ask for), ``costs`` (training and inference relative to the base, by
        cell), ``spec`` (YAML), ``again`` (the command that runs it, None for a loop), ``environments`` (text and number
        of runs), ``mixed`` (cells whose runs come from several environments or codes), ``failures`` and ``notes``
        (texts and counts), ``resumed`` (number of runs) and ``seconds`` (of all runs).

    """
    documents = store.documents()
    sections = []
    for study, description in store.studies().items():
        if is_attribution(description) or is_search(description):
            continue
        runs = store.runs(study)
        environments = Counter(run.environment for run in runs if run.environment)
        places: dict[str, set[tuple[str | None, str | None]]] = {}
        for run in runs:
            if run.status == "finished":
                place = f"{run.link.method} ({run.link.regime})"
                places.setdefault(place, set()).add((run.environment, run.code))
        spec = description["spec"]
        cells = cells_of(store, study)
        base = description.get("base") or (cells[0].method if cells else "")
        members = [
            [r for r in runs if (r.link.task, r.link.regime, r.link.method) == (c.task, c.regime, c.method)]
            for c in cells
        ]
        # The status of a run in its cell: one that is not read out yet has left nothing to show.
        finished = [
            [r.run_id for r, status in zip(own, cell.status, strict=True) if status == "finished"]
            for own, cell in zip(members, cells, strict=True)
        ]
        series = store.series(r.run_id for r in runs)
        truth = store.predictions([cell[0] for cell in finished if cell], logits=False)
        scores: list[ScoreSpread | str | None] = []
        ensembles: list[Ensembles] = []
        for cell, run_ids in zip(cells, finished, strict=True):
            pool = cache(partial(pool_of, store, cell, run_ids))  # one at a time: logits are large
            scores.append(_scores(store, cell, run_ids, pool))
            plain, of_plain = next(
                (
                    (c, ids)
                    for c, ids in zip(cells, finished, strict=True)
                    if _place(c) == _place(cell) and (c.method, c.readout) == (base, "plain")
                ),
                (None, []),
            )
            recall = partial(store.recall, run_ids=run_ids, compared_with=of_plain)
            ensembles += ensembles_of(cell, plain, pool, spec.get("readouts", []), recall)
        readouts = store.readouts()
        forecasts = [
            forecasts_of(store, run_ids) if cell.readout == "plain" else None
            for cell, run_ids in zip(cells, finished, strict=True)
        ]
        sections.append(
            {
                "name": study,
                "description": description,
                "cells": cells,
                "labels": [truth[cell[0]].labels if cell and cell[0] in truth else None for cell in finished],
                # Readouts share the training of their runs, which is shown once.
                "curves": [
                    _curves([series.get(run_id, []) for run_id in run_ids]) if cell.readout == "plain" else {}
                    for cell, run_ids in zip(cells, finished, strict=True)
                ],
                "metrics": [
                    _metrics([r for r in own if r.run_id in set(run_ids)]) if cell.readout == "plain" else {}
                    for cell, own, run_ids in zip(cells, members, finished, strict=True)
                ],
                "networks": [_network(own[0]) for own in members],
                "forecasts": forecasts,
                "fans": fans_of(cells, forecasts, base, lambda found: partial(store.recall, run_ids=found.run_ids)),
                "scores": scores,
                "ensembles": ensembles,
                "costs": [
                    cost_of(
                        cell,
                        own,
                        [
                            r
                            for r in runs
                            if (r.link.task, r.link.regime, r.link.method) == (cell.task, cell.regime, base)
                        ],
                        readouts,
                    )
                    for cell, own in zip(cells, members, strict=True)
                ],
                "spec": yaml.safe_dump(spec, sort_keys=False, default_flow_style=None, width=100),
                # A loop over seedwise.replicates is run by its own script.
                "again": None
                if spec["train"].get("function", "").endswith(":replicates")
                else f"seedwise run {study}.yaml",
                "environments": [
                    (", ".join(f"{k} {v}" for k, v in documents[digest].items()), count)
                    for digest, count in environments.most_common()
                ],
                "mixed": [place for place, found in places.items() if len(found) > 1],
                "failures": Counter(
                    f"{run.link.method}, {run.status.replace('_', ' ')}: {run.error}" for run in runs if run.error
                ).most_common(),
                "notes": Counter(f"{run.link.method}: {note}" for run in runs for note in run.notes).most_common(),
                "resumed": sum(bool(run.resumed_from) for run in runs),
                "seconds": sum(run.seconds or 0.0 for run in runs),
            }
        )
    return sections


def _place(cell: Cell) -> tuple[str, str]:
    return cell.task, cell.regime


def _curves(runs: list[list[dict[str, float]]]) -> dict[str, NDArray[np.float64]]:
    """Return the series that all runs logged, in the epochs that all of them have: one may have stopped early."""
    shortest = min(map(len, runs), default=0)
    runs = [run[:shortest] for run in runs]
    if not shortest or any([row["epoch"] for row in run] != [row["epoch"] for row in runs[0]] for run in runs):
        return {}
    names = [name for name in runs[0][0] if name != "epoch"]
    complete = [name for name in names if all(name in row for run in runs for row in run)]
    return {name: np.array([[row[name] for row in run] for run in runs]) for name in complete}


def _metrics(runs: list[StoredRun]) -> dict[str, NDArray[np.float64]]:
    """Return the metrics that all runs have, such as ``test/mae`` or ``naive/mse``."""
    names = [name for name in runs[0].metrics if all(r.metrics.get(name) is not None for r in runs)] if runs else []
    return {name: np.array([run.metrics[name] for run in runs], dtype=np.float64) for name in names}


def _network(run: StoredRun) -> tuple[str, str] | None:
    """Return the series with its horizon, and the network, of a run of the built-in trainer that forecasts."""
    if run.content["function"] != FUNCTION or not is_forecasting(run.content["config"]["task"]):
        return None
    return task_name(run.content["config"]["task"]), run.content["config"]["model"]["name"]


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

    scores: ScoreSpread | str | None = store.recall("scores", {"readout": cell.readout}, compute, run_ids=run_ids)
    return scores
