"""Runs as the package rliable takes them: for each method an array of runs by tasks."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results._understand import Names, Runs, folds_are_refused
from seedwise.statistics import Metric


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of one metric.

    Attributes:
        by_method: shape (runs, tasks) by method, in the unit of the data.
        tasks: the tasks, in the order of the columns.
        notes: sentences on what was left out, and on the direction.

    """

    by_method: dict[str, NDArray[np.float64]]
    tasks: tuple[str, ...]
    notes: tuple[str, ...]

    def to_npz(self) -> bytes:
        """Return a file of numpy that holds an array for each method: ``dict(numpy.load(path))`` is the dictionary."""
        buffer = io.BytesIO()
        # numpy.savez takes the names as those of its parameters, two of which it has itself.
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for method, scores in self.by_method.items():
                with archive.open(f"{method}.npy", "w") as file:
                    np.lib.format.write_array(file, scores)
        return buffer.getvalue()


def scores_of(runs: Runs, metric: Metric, chance: float | None = None) -> Scores:
    """Return the scores of runs, the same number on every task for each method.

    Where the seeds are known, a row holds the runs of one seed. Where a method has more runs on one task than on
    another, the smaller number is taken: first the seeds that it has on every task, then the others in their order. The
    runs that are left out are named. Methods may have different numbers of runs.

    Args:
        runs: the runs.
        metric: which of their metrics.
        chance: the score of a failed run; None: a failed run is refused.

    Raises:
        SeedwiseError: one line, for a method that lacks a task, a run that failed, or folds.

    """
    folds_are_refused(runs, "keep one fold (--where)")
    values = runs.values[metric.name]
    failed = np.flatnonzero(~np.isfinite(values))
    if failed.size and chance is None:
        raise SeedwiseError(
            f"{failed.size} of {values.size} runs failed, such as {_named(runs, int(failed[0]))}, and rliable knows no "
            "failed runs: pass --chance, the score to count them with (chance=...)"
        )
    values = np.where(np.isfinite(values), values, np.nan if chance is None else chance)
    tasks = list(dict.fromkeys(runs.task))
    by_method, left_out = {}, []
    for method in runs.methods:
        on = [np.flatnonzero((runs.method == method) & (runs.task == task)) for task in tasks]
        lacking = [task for task, own in zip(tasks, on, strict=True) if not own.size]
        if lacking:
            raise SeedwiseError(
                f"{method} has no run on {listed(lacking)}, and rliable needs every method on every task: leave out "
                "the task (--where) or the method (--methods)"
            )
        ordered = [own[_order(runs.seed, own, on)] for own in on]
        n = min(own.size for own in on)
        by_method[method] = np.stack([values[own[:n]] for own in ordered], axis=1).astype(np.float64)
        left_out += [_named(runs, int(k)) for own in ordered for k in own[n:]]
    notes = []
    if left_out:
        few = "method has more runs on one task than on another"
        notes.append(f"left out, since a {few}: {listed(left_out)}")
    if not metric.higher_is_better:
        notes.append(f"of {metric.name} lower is better, and rliable takes higher as better: pass it the negative")
    return Scores(by_method, tuple(tasks), tuple(notes))


def _order(seed: Names | None, own: NDArray[np.int64], on: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the order in which the runs of a method on a task are taken: seeds of all tasks first, in one order."""
    if seed is None:
        return np.arange(own.size)
    shared = set.intersection(*(set(seed[one]) for one in on))
    rank = {name: k for k, name in enumerate(name for name in seed[on[0]] if name in shared)}
    return np.argsort([rank.get(name, len(rank)) for name in seed[own]], kind="stable")


def _named(runs: Runs, k: int) -> str:
    where = f" on {runs.task[k]}" if len(set(runs.task)) > 1 else ""
    return f"{runs.method[k]}{where}" + ("" if runs.seed is None else f", {runs.seed_name} {runs.seed[k]}")
