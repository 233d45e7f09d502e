"""The forecasts of a cell as arrays over its runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.store import Store
from seedwise.study._cell_forecasts import CellForecasts


def forecasts(
    store: Store, method: str, regime: str = "all", *, study: str | None = None, task: str | None = None
) -> CellForecasts | None:
    """Return the forecasts of the finished runs of a cell, or None where none of them has any.

    Args:
        store: the study's file.
        method: name of the method.
        regime: which sources vary.
        study: name of the study; default: the only one in the file.
        task: name of the task; default: the only one of the study.

    Raises:
        SeedwiseError: if the file holds several studies or tasks and none is named, there is no such cell, or its runs
            forecast different windows.

    """
    known = list(store.studies())
    name = study or _only(known, "study")
    runs = [run for run in store.runs(name) if (run.link.method, run.link.regime) == (method, regime)]
    of_task = task or _only(list(dict.fromkeys(run.link.task for run in runs)), "task")
    members = [run for run in runs if run.link.task == of_task]
    if not members:
        raise SeedwiseError(f"{store.path} holds no cell of {name}, {of_task}, {method}, {regime}")
    return forecasts_of(store, [run.run_id for run in members if run.status == "finished"])


def forecasts_of(store: Store, run_ids: Sequence[str]) -> CellForecasts | None:
    """Return the forecasts of finished runs, in their order, or None where none of them has any."""
    kept = store.forecasts(run_ids)
    own = [kept[run_id] for run_id in run_ids if run_id in kept]
    if not own:
        return None
    first = own[0]
    if any(one.by_step.shape != first.by_step.shape or not np.array_equal(one.ids, first.ids) for one in own):
        raise SeedwiseError(
            f"the runs in {store.path} forecast different windows, and cannot be compared window by window"
        )
    samples = [one.sample for one in own if one.sample is not None]
    return CellForecasts(
        run_ids=tuple(run_id for run_id in run_ids if run_id in kept),
        by_step=np.stack([one.by_step for one in own]),
        by_variable=np.stack([one.by_variable for one in own]),
        window_errors=np.stack([one.errors[0] for one in own]),
        windows=first.ids,
        sampled=first.sampled,
        sample=np.stack(samples) if len(samples) == len(own) else None,
        truth=first.truth,
        history=first.history,
        variables=tuple(first.variables),
    )


def _only(names: Sequence[str], what: str) -> str:
    if len(names) != 1:
        raise SeedwiseError(f"name the {what}: there are {', '.join(names) or 'none'}")
    return names[0]
