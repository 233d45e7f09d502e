"""The logits of the runs of a cell, and the ensembles that a study asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.readouts import parse_readout
from seedwise.statistics import SHARE, Cell, EnsembleSpread, Metric, ensemble_spread
from seedwise.statistics.cells.pairing import partners
from seedwise.store import Store
from seedwise.study._cells import tag_of
from seedwise.study._tasks import Score

ACCURACY: Final = Metric("accuracy", SHARE)


@dataclass(frozen=True)
class Pool:
    """The logits of the finished runs of a cell, shape (runs, examples, classes), and the true classes.

    Of a regression the values (runs, examples, 1, targets) and the truth (examples, 1, targets).
    """

    logits: NDArray[Any]
    labels: NDArray[Any]


@dataclass(frozen=True)
class Ensembles:
    """Ensembles of one size from the runs of a cell, beside the plain runs of the base with the same seeds.

    ``found`` says why, where their spread is not known. ``of_first`` is the number of runs in the pool where these are
    not all of the cell, as the logits of the others were left out of a compact store or came later.
    """

    task: str
    regime: str
    method: str
    readout: str
    size: int
    found: EnsembleSpread | str
    of_first: int | None = None
    metric: Metric = ACCURACY


def pool_of(store: Store, cell: Cell, run_ids: Sequence[str]) -> Pool | str | None:
    """Return the pool of a cell, or why there is none; None where no logits were kept.

    The runs are read one by one, so that memory holds those of one cell.
    """
    if cell.forecasts is not None and cell.truth is not None:
        return Pool(cell.forecasts, cell.truth)
    left_out = "the logits of some runs were left out of this compact store" if store.left_out(run_ids) else None
    tag = tag_of(cell.readout)
    first = store.predictions(run_ids[:1], tag=tag).get(run_ids[0]) if run_ids else None
    if first is None or first.logits is None:
        return left_out
    logits = np.empty((len(run_ids), *first.logits.shape), first.logits.dtype)
    for k, run_id in enumerate(run_ids):
        kept = store.predictions([run_id], tag=tag).get(run_id)
        if kept is None or kept.logits is None:
            return left_out or "some runs kept no logits"
        if kept.logits.shape != first.logits.shape:
            return "the runs predicted different numbers of examples"
        logits[k] = kept.logits
    return Pool(logits, first.labels)


Recall = Callable[[str, Mapping[str, Any], Callable[[], Any]], Any]
"""(statistic, arguments, how it is computed) -> its result, perhaps recorded before."""


def computed(_statistic: str, _arguments: Mapping[str, Any], compute: Callable[[], Any]) -> Any:
    return compute()


def ensembles_of(
    cell: Cell,
    base: Cell | None,
    pool: Callable[[], Pool | str | None],
    readouts: Sequence[str],
    recall: Recall = computed,
    *,
    score: Score = "accuracy",
) -> list[Ensembles]:
    """Return the ensembles that a study's readouts ask for of the runs of a cell.

    Args:
        cell: the cell.
        base: the cell of the base's plain runs at the same place, if there is one.
        pool: how to read the cell's logits.
        readouts: the readouts of the study.
        recall: finds results whose logits are not kept any more.
        score: of the task.

    """
    parsed = [parse_readout(name) for name in readouts]
    metric = ACCURACY if score == "accuracy" else replace(cell.metric, name=cell.metric.title)
    found = []
    for size in [r.ensemble for r in parsed if r.ensemble and r.per_run.name == cell.readout]:
        asked = {"readout": cell.readout, "size": size}
        spread = _unfit(cell) or recall("ensembles", asked, partial(_spread, cell, base, pool, size, score))
        of_first = spread.n if isinstance(spread, EnsembleSpread) and spread.n < cell.finished else None
        found.append(Ensembles(cell.task, cell.regime, cell.method, cell.readout, size, spread, of_first, metric))
    return found


def _unfit(cell: Cell) -> str | None:
    if len(set(cell.group.tolist())) > 1:
        return "runs at several values of the fixed seeds are no pool of independent runs"
    if cell.failed:
        return f"{cell.failed} runs failed: ensembles of the others would look better than those of all"
    return None


def _spread(
    cell: Cell, base: Cell | None, logits: Callable[[], Pool | str | None], size: int, score: Score
) -> EnsembleSpread | str:
    pool = logits()
    if not isinstance(pool, Pool):
        return pool or "no logits were kept: set keep: {predictions: logits16}"
    try:
        of_base = None if base is None or base is cell else base.values[partners(cell, base)]
        by = score or "accuracy"
        return ensemble_spread(pool.logits, pool.labels, size, base=of_base, example_ids=cell.example_ids, score=by)
    except ValueError as error:
        return str(error)
