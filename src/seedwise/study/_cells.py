"""From stored runs to cells."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.statistics import Cell
from seedwise.study._store import Store, StoredRun


def cells_of(store: Store, study: str) -> list[Cell]:
    """Return one cell per task, method and regime of a study, with the task's primary metric.

    Raises:
        SeedwiseError: if the file holds no such study.

    """
    description = store.studies().get(study)
    if description is None:
        raise SeedwiseError(f"{store.path} holds no study '{study}', only {', '.join(store.studies()) or 'none'}")
    runs = store.runs(study)

    def place(run: StoredRun) -> tuple[str, str, str]:
        return run.link.task, run.link.regime, run.link.method

    order = {key: k for k, key in enumerate(dict.fromkeys(map(place, runs)))}
    cells = []
    for (task, regime, method), members in groupby(sorted(runs, key=lambda run: order[place(run)]), key=place):
        cell = list(members)
        primary = description["metrics"][task][0]
        metric = primary["name"] if "/" in primary["name"] else f"test/{primary['name']}"
        finished = [run.run_id for run in cell if run.status == "finished"]
        predictions = store.predictions(finished, logits=False)
        kept = [predictions[run_id] for run_id in finished if run_id in predictions]
        complete = bool(kept) and len(kept) == len(finished)
        same = complete and len({p.predicted.shape for p in kept}) == 1
        cells.append(
            Cell(
                task=task,
                method=method,
                regime=regime,
                group=np.array([run.link.group for run in cell]),
                replicate=np.array([run.link.replicate for run in cell]),
                values=np.array([_value(run, metric) for run in cell]),
                status=tuple(run.status for run in cell),
                metric=metric,
                higher_is_better=primary["higher_is_better"],
                chance=primary["chance"],
                predictions=np.stack([p.predicted.astype(np.int64) for p in kept]) if same else None,
                example_ids=[p.ids for p in kept] if same else None,
            )
        )
    return cells


def _value(run: StoredRun, metric: str) -> float:
    value = run.metrics.get(metric) if run.status == "finished" else None
    return float("nan") if value is None else value
