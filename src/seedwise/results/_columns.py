"""Which column of a long table is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import by_value, different, text_of, varies
from seedwise.results._layout import are_numbers, is_numeric, means_are_refused
from seedwise.results._long import ROW, Long, Notes
from seedwise.results._roles import Roles, known
from seedwise.results._states import are_states, says_failed

if TYPE_CHECKING:
    import pandas as pd

_LONGEST: Final = 100


@dataclass(frozen=True)
class Columns:
    """The names of the columns, None for what there is none of.

    Attributes:
        method: names the method.
        seed: together they name the seed; empty if nothing says which runs belong together.
        task, step, state: the task, the step of a curve, how a run ended.
        fold: together they name the fold of a cross-validation, its repeat first; empty without one.
        item: the example of a row.
        metrics: in the order asked for.

    """

    method: str
    seed: tuple[str, ...]
    task: str | None
    fold: tuple[str, ...]
    step: str | None
    state: str | None
    item: str | None
    metrics: tuple[str, ...]

    @property
    def all(self) -> set[str]:
        """All of them."""
        named = (self.method, self.task, self.step, self.state, self.item, *self.fold, *self.seed, *self.metrics)
        return {name for name in named if name is not None}


def seed_columns(table: Long, roles: Roles, notes: Notes) -> tuple[str, ...]:
    """Return the columns that say which runs belong together: those named, or the one that is called so.

    Raises:
        SeedwiseError: if several could be it.

    """
    data = table.data
    if roles.seed:
        return tuple(known("column", column, data.columns) for column in roles.seed)
    if table.seed is not None:
        notes.read_as += ["seed: the number of the row"] if table.seed == ROW else []
        return (table.seed,)
    found = [
        column
        for column in data.columns
        if column not in (table.method, *roles.metric, *roles.fold, roles.item)
        and (_names.is_seed(column) or (_names.one_of(column, _names.SEEDS) and _are_seeds(data[column])))
    ]
    varying = [column for column in found if varies(data[column])] or found[:1]
    if not found:
        return _seeds_in_names(table, roles, notes)
    called = [column for column in varying if _names.one_of(column, ("seed",))]
    if len(varying) > 1 and not called:
        raise SeedwiseError(
            f"which column is the seed: {listed(map(repr, varying))}? Pass --seed '{varying[0]}', or several by commas"
        )
    chosen = called[:1] or varying[:1]
    notes.read_as += [f"seed: column '{column}'" for column in chosen]
    return tuple(chosen)


def _seeds_in_names(table: Long, roles: Roles, notes: Notes) -> tuple[str, ...]:
    """Add the seeds that the names of runs end with, as in ``relu-seed3``; return their column, none without them."""
    data, pattern = table.data, _names.run_pattern(None)
    for column in [c for c in data.columns if c not in (table.method, *roles.metric, *roles.named)]:
        cells = different(data[column])
        if cells and all(map(pattern.fullmatch, cells)):
            seeds = by_value(data[column], lambda cell: pattern.fullmatch(text_of(cell)))
            data["seed"] = np.array([match["seed"] for match in seeds], dtype=object)
            notes.read_as.append(f"seed {data['seed'].iloc[0]} in '{data[column].iloc[0]}'")
            return ("seed",)
    return ()


def columns_of(data: pd.DataFrame, table: Long, seed: tuple[str, ...], roles: Roles, notes: Notes) -> Columns:
    """Return which column is what.

    Args:
        data: the rows that are runs, or steps of runs.
        table: where the rows come from.
        seed: the columns of the seed.
        roles: what the user says.
        notes: where is said what was found.

    Raises:
        SeedwiseError: if several columns could be one thing, or none is the metric.

    """
    item = None if roles.item is None else known("column", roles.item, data.columns)
    taken = (table.method, *seed, item, *roles.bounds, *roles.metric)
    free = [column for column in data.columns if column not in taken]
    task = _called(data, roles.task, _names.TASKS, free, "task")
    fold = tuple(known("column", column, data.columns) for column in roles.fold)
    if not fold:
        found = _called(data, None, _names.FOLDS, free, "fold")
        fold = (found,) if found else ()
    _is_no_repeat(fold, seed, roles)
    notes.read_as += [f"task: column '{task}'"] if task and not roles.task else []
    notes.read_as += [f"fold: column '{fold[0]}'"] if fold and not roles.fold else []
    free = [column for column in free if column not in (task, *fold)]
    step = _called(data, roles.step or table.step, _names.STEPS, [c for c in free if is_numeric(data[c])], "step")
    state = next((c for c in free if _names.one_of(c, _names.STATES) and are_states(data[c])), None)
    known_columns = Columns(table.method, seed, task, fold, step, state, item, ())
    metrics = _metrics(data, table, roles, known_columns, notes)
    return Columns(table.method, seed, task, fold, step, state, item, metrics)


def _is_no_repeat(fold: tuple[str, ...], seed: tuple[str, ...], roles: Roles) -> None:
    """Ask whether a column that is called repeat counts seeds within a fold, or further cuts into folds."""
    repeat = next((column for column in seed if _names.one_of(column, _names.REPEATS)), None)
    if fold and repeat is not None and not roles.seed:
        raise SeedwiseError(
            f"does '{repeat}' count seeds within a fold, or cuts into new folds? Pass --seed '{repeat}', or "
            f"--fold '{repeat},{fold[-1]}' (fold=['{repeat}', '{fold[-1]}'])"
        )


def _called(
    data: pd.DataFrame, given: str | None, called: tuple[str, ...], free: Sequence[str], what: str
) -> str | None:
    """Return the column that the user names, or the one that is called so and varies."""
    if given is not None:
        return known("column", given, data.columns)
    found = [column for column in free if _names.one_of(column, called) and varies(data[column])]
    if len(found) > 1 and what != "step":
        raise SeedwiseError(f"which column is the {what}: {listed(map(repr, found))}? Pass --{what} '{found[0]}'")
    return found[0] if found else None


def _metrics(data: pd.DataFrame, table: Long, roles: Roles, columns: Columns, notes: Notes) -> tuple[str, ...]:
    """Return the columns of the metrics: those named, or the only one of numbers that could be one."""
    if table.metric is not None:
        return (table.metric,)
    if roles.metric:
        return tuple(known("column", column, data.columns) for column in roles.metric)
    taken = columns.all | {*roles.bounds, *(column for column, _ in roles.where)}
    free, task = [c for c in data.columns if c not in taken], columns.task
    means_are_refused(data, free)
    numeric = [c for c in free if is_numeric(data[c])] or [c for c in free if are_numbers(data[c])]
    aside = {column: None for column in numeric if _is_no_metric(column) or says_failed(data, column)}
    left = [column for column in numeric if column not in aside]
    # What is the same in every run is a setting and no result, unless there is nothing else.
    found = left if len(left) < 2 else [column for column in left if varies(data[column])] or left
    if len(found) != 1:
        shown = listed(map(repr, found or data.columns))
        asked = f"which column is the metric: {shown}?" if found else f"no column of numbers is a metric: {shown}."
        example = found[0] if found else "COLUMN"
        several = "" if task or len(found) < 2 else f", or {_as_tasks(found)} if these are tasks of one metric"
        raise SeedwiseError(f"{asked} Pass --metric '{example}' (metric='{example}'){several}")
    costs = [column for column in aside if _names.is_cost(column)]
    notes.set_aside += [f"column{'s' if len(costs) > 1 else ''} {listed(costs)}"] if costs else []
    return tuple(found)


def _as_tasks(columns: Sequence[str]) -> str:
    """Return the option by which columns are tasks, in full where it is short and can be typed."""
    named = ",".join(columns)
    can_be_typed = len(named) <= _LONGEST and named.count(",") == len(columns) - 1
    return f"--tasks '{named}' (tasks=[...])" if can_be_typed else "--tasks COLUMN,COLUMN,... (tasks=[...])"


def _is_no_metric(column: str) -> bool:
    kinds = (_names.SEEDS, _names.STEPS, _names.FOLDS, _names.STATES)
    is_other = _names.is_cost(column) or _names.is_seed(column)
    return not column or is_other or any(_names.one_of(column, kind) for kind in kinds)


def _are_seeds(column: pd.Series[str]) -> bool:
    values = set(different(column)) - {""}
    return all(_names.is_seed_like(value) or _names.is_statistic(value) for value in values)
