"""Foreign runs as cells, the runs of different methods lined up by seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results._long import ROW
from seedwise.results._understand import Runs
from seedwise.statistics import Cell, Metric
from seedwise.statistics.cells.cell import AS_GIVEN

_BY_CHANCE: Final = 0.02


@dataclass(frozen=True)
class Arranged:
    """Runs as cells.

    Attributes:
        cells: of each task and method, the base first.
        places: for each cell, where its first runs stand among all runs; partners that are missing stand behind them.
        notes: sentences on how runs were paired, and on what does not vary.

    """

    cells: tuple[Cell, ...]
    places: tuple[NDArray[np.int64], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Keys:
    """The runs of a task, numbered.

    Attributes:
        codes: for each run its number; equal seeds of a fold have the same one.
        folds: for each number its fold, counted from 0.
        lacks: by method the numbers that it has no run of.
        notes: on pairing.

    """

    codes: NDArray[np.int64]
    folds: NDArray[np.int64]
    lacks: dict[str, NDArray[np.int64]]
    notes: list[str]


def arranged(runs: Runs, metric: Metric, base: str, *, unpaired: bool) -> Arranged:
    """Return runs as cells.

    Args:
        runs: the runs.
        metric: which of their metrics.
        base: the method that the others are compared with.
        unpaired: whether to ignore that seeds correspond.

    Raises:
        SeedwiseError: if a task has no run of the base.

    """
    values = runs.values[metric.name]
    if not unpaired:
        _sorted_rows_are_refused(runs, values)
    order = [base, *(method for method in runs.methods if method != base)]
    tasks = list(dict.fromkeys(runs.task))
    cells: list[Cell] = []
    places: list[NDArray[np.int64]] = []
    notes: list[str] = []
    for task in tasks:
        here = runs.task == task
        methods = [method for method in order if np.any(here & (runs.method == method))]
        if base not in methods:
            raise SeedwiseError(f"the base '{base}' has no run on the task '{task}': keep the others (--where)")
        keys = _unpaired(int(here.sum())) if unpaired or _nothing_pairs(runs) else _paired(runs, here, methods)
        where = f"{task}: " if len(tasks) > 1 else ""
        notes += [where + sentence for sentence in keys.notes]
        for method in methods:
            chosen = here & (runs.method == method)
            own, absent = values[chosen], keys.lacks.get(method, np.array([], dtype=np.int64))
            status = ["finished" if ok else "crashed" for ok in np.isfinite(own)] + ["pending"] * absent.size
            finite = own[np.isfinite(own)]
            if finite.size > 2 and np.all(finite == finite[0]):
                notes.append(
                    f"{where}all {finite.size} values of {method} are {finite[0]:g}: it is deterministic, or the seed "
                    "has no effect on it"
                )
            codes = np.concatenate([keys.codes[chosen[here]], absent])
            places.append(np.flatnonzero(chosen))
            cells.append(
                Cell(
                    task=task,
                    method=method,
                    regime=AS_GIVEN,
                    group=keys.folds[codes],
                    replicate=codes,
                    values=np.concatenate([own, np.full(absent.size, np.nan)]),
                    status=tuple(status),
                    metric=metric,
                    folds=runs.folds.get(task),
                )
            )
    return Arranged(tuple(cells), tuple(places), tuple(notes))


def _sorted_rows_are_refused(runs: Runs, values: NDArray[np.float64]) -> None:
    """Refuse to pair the rows of a table without seeds in which every method rises, or falls, from row to row."""
    if runs.seed_name != ROW:
        return
    cells = list(dict.fromkeys(zip(runs.task, runs.method, strict=True)))
    steps = [np.diff(values[(runs.task == task) & (runs.method == method)]) for task, method in cells]
    if all(np.all(own >= 0) for own in steps) or all(np.all(own <= 0) for own in steps):
        by_chance = 2 * math.prod(1 / math.factorial(own.size + 1) for own in steps)
        if by_chance < _BY_CHANCE and any(np.any(own != 0) for own in steps):
            raise SeedwiseError(
                "no column names the seed, and the results of every method rise or fall from row to row: are the rows "
                "steps of a run? If they are runs that were sorted, pass --unpaired (unpaired=True)"
            )


def _nothing_pairs(runs: Runs) -> bool:
    return runs.seed is None and runs.fold is None


def _unpaired(count: int) -> _Keys:
    """Give every run a number of its own."""
    return _Keys(np.arange(count), np.zeros(count, dtype=np.int64), {}, [])


def _paired(runs: Runs, here: NDArray[np.bool_], methods: list[str]) -> _Keys:
    """Number the runs of a task, equal seeds alike."""
    names = runs.method[here]
    parts = [part[here].astype(str) for part in (runs.fold, runs.seed) if part is not None]
    keys, codes = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)
    codes, folds = codes.reshape(-1).astype(np.int64), np.zeros(len(keys), dtype=np.int64)
    if runs.fold is not None:
        folds = np.unique(keys[:, 0], return_inverse=True)[1].astype(np.int64)
    seeds = np.array([", ".join(key) for key in keys])
    named = ["fold"] * (runs.fold is not None) + [runs.seed_name] * (runs.seed is not None)
    what = ", ".join(named)
    have = {method: np.unique(codes[names == method]) for method in methods}
    lacks = {m: np.setdiff1d(np.arange(seeds.size), own) for m, own in have.items() if own.size < seeds.size}
    if not lacks:
        return _Keys(codes, folds, {}, [])
    shared = seeds.size - np.unique(np.concatenate(list(lacks.values()))).size
    if 2 * shared < seeds.size:
        few = f"only {shared} of {seeds.size} seeds are" if shared else "no seed is"
        advice = ", too few to keep to them: leave out the rows of the others to compare pairs" if shared else ""
        return _Keys(codes, folds, {}, [f"not paired: {few} in every method (column {what}){advice}"])
    lacking: dict[str, list[str]] = {}
    for method, absent in lacks.items():
        lacking.setdefault(listed(seeds[absent], 5), []).append(method)
    gaps = listed(
        (f"{listed(own)} {'has' if len(own) == 1 else 'have'} no {what} {gap}" for gap, own in lacking.items()),
        separator="; ",
    )
    note = (
        f"{gaps}: a comparison leaves out runs without a partner. Add the missing rows (an empty value is a failed run)"
    )
    if runs.fold is None:
        note += ", or compare all runs as independent: unpaired=True (--unpaired)"
    return _Keys(codes, folds, lacks, [note])
