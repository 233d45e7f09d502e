"""Tables of means and SDs, as papers print them, in the place of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._base import base_of
from seedwise.results._cells import different, texts
from seedwise.results._layout import (
    cleaned,
    is_numeric,
    method_candidates,
    method_column,
    titled,
    which_method,
)
from seedwise.results._long import Notes, name_of_values
from seedwise.results._marks import differ_in_marks
from seedwise.results._means import MeanColumns, chosen_columns, mean_columns, means_and_sds
from seedwise.results._metrics import counted, described, metric_of, mixed_on_tasks
from seedwise.results._numbers import NotANumberError, is_missing, read_numbers
from seedwise.results._read import Frame
from seedwise.results._roles import Roles, known
from seedwise.results._understand import ONE_TASK
from seedwise.statistics import (
    AcrossTasks,
    Answer,
    ComparisonRow,
    Metric,
    Question,
    SummarizedCell,
    Summary,
    across_tasks_of_summaries,
    answer_summaries,
    compare_study_summaries,
)
from seedwise.statistics.core._checks import MINIMUM_RUNS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Summaries:
    """What a table says of methods: means, SDs and numbers of runs.

    Attributes:
        cells: by metric, of each task and method.
        lacks: by metric, what has no value there, a phrase each.
        read_as: what was found by name, a phrase each.
        set_aside: what was left out, a phrase each.
        doubts: what may be a mistake in the table, a phrase each.

    """

    cells: dict[Metric, tuple[SummarizedCell, ...]]
    lacks: dict[Metric, tuple[str, ...]]
    read_as: tuple[str, ...]
    set_aside: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def methods(self) -> list[str]:
        """The methods, in the order of the table."""
        return list(dict.fromkeys(cell.method for cells in self.cells.values() for cell in cells))

    @property
    def lines(self) -> list[str]:
        """What was understood, in one to three lines."""
        tasks = len({cell.task for cells in self.cells.values() for cell in cells})
        sizes = sorted({cell.summary.n for cells in self.cells.values() for cell in cells})
        runs = f"{sizes[0]} runs" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} runs"
        parts = [counted(len(self.methods), "method"), *([counted(tasks, "task")] if tasks > 1 else [])]
        first = f"{' x '.join(parts)}, means and SDs of {runs}, {described(tuple(self.cells))}"
        rest = [f"read as {listed(self.read_as, 12)}"] if self.read_as else []
        rest += [f"set aside: {listed(self.set_aside)}"] if self.set_aside else []
        doubts = [f"is this meant? {listed(self.doubts, 3, '; ')}"] if self.doubts else []
        return [first, *(["; ".join(rest)] if rest else []), *doubts]


def understand_summaries(frames: Sequence[Frame], roles: Roles, n: int | str | None) -> Summaries:
    """Read means and SDs of methods.

    Args:
        frames: one table, or several with the same columns.
        roles: what the user says about the columns.
        n: the number of runs behind each mean, or the column that says it; None: the column that is called so.

    Raises:
        SeedwiseError: one line, for what is ambiguous, with the option that decides it, and for what holds no means.

    """
    import pandas as pd

    notes = Notes(set_aside=[phrase for frame in frames for phrase in frame.set_aside])
    tables = [titled(frame.data) for frame in frames]
    roles = roles.in_titles(dict.fromkeys(column for table in tables for column in table.columns))
    data = pd.concat([cleaned(table, roles, notes) for table in tables], ignore_index=True)
    data = _long(data, roles)
    found = mean_columns(data, roles, n)
    data, chosen, roles = chosen_columns(data, found, roles, notes)
    taken = {column for one in (*found, *chosen) for column in (one.mean, one.sd)}
    count = _count_column(data, n, taken)
    free = data.drop(columns=[column for column in data.columns if column in taken | {count}])
    task = _task(free, roles, notes)
    method = _method(free.drop(columns=task or []), roles, notes)
    names = texts(data[method])
    chosen_rows = np.isin(names.astype(str), roles.methods) if roles.methods else names != ""
    data, names = data[chosen_rows].reset_index(drop=True), names[chosen_rows]
    tasks = texts(data[task]) if task else np.full(len(data), ONE_TASK, dtype=object)
    _repeats_are_refused(tasks, names)
    runs = _runs(data, n, count)
    cells: dict[Metric, tuple[SummarizedCell, ...]] = {}
    lacks: dict[Metric, tuple[str, ...]] = {}
    doubts = differ_in_marks(names)
    for columns in chosen:
        means, sds = means_and_sds(data, columns, names, roles, notes)
        written = texts(data[columns.mean])
        if columns.sd is not None and _names.STANDARD_ERROR & set(_names.words(columns.sd)):
            sds = sds * np.sqrt(runs)
            notes.read_as.append(f"SD: column '{columns.sd}' times the root of n")
        metric = metric_of(columns.name, means, names, roles)
        doubts += mixed_on_tasks(columns.name, means.values, tasks, names)
        negative = np.flatnonzero(sds < 0)
        if negative.size:
            raise SeedwiseError(
                f"the SD of {names[negative[0]]} is {sds[negative[0]]:g} ({columns.name}): an SD is 0 or more"
            )
        there = np.isfinite(means.values) & np.isfinite(sds)
        if not there.any():
            raise SeedwiseError(f"the column '{columns.mean}' holds no mean with an SD: name another one (--metric)")
        cells[metric] = tuple(
            SummarizedCell(tasks[k], names[k], metric, Summary(float(means.values[k]), float(sds[k]), int(runs[k])))
            for k in np.flatnonzero(there)
        )
        where = [f" on {name}" if task else "" for name in tasks]
        lacks[metric] = tuple(
            f"{names[k]} has no {_lacking(columns, means.values[k])}{where[k]}"
            + ("" if is_missing(written[k]) else f" ('{written[k]}')")
            for k in np.flatnonzero(~there)
        )
    return Summaries(
        cells, lacks, tuple(dict.fromkeys(notes.read_as)), tuple(dict.fromkeys(notes.set_aside)), tuple(doubts)
    )


def _long(data: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """Return a table with a column per method, if the methods named are such, as one with a row per method."""
    if data.empty:
        raise SeedwiseError("the table holds no rows: it needs a row per method")
    if not roles.methods or not set(roles.methods) <= set(data.columns):
        return data
    keys = [column for column in data.columns if column not in roles.methods]
    value = name_of_values(roles, data.columns)
    return data.melt(id_vars=keys, value_vars=list(roles.methods), var_name="method", value_name=value)


def _lacking(columns: MeanColumns, mean: float) -> str:
    return f"SD of {columns.name}" if np.isfinite(mean) else columns.name


def _count_column(data: pd.DataFrame, n: int | str | None, taken: set[str | None]) -> str | None:
    if n is not None:
        return None if isinstance(n, int) else known("column", n, data.columns)
    found = [column for column in data.columns if column not in taken and _names.one_of(column, _names.COUNTS)]
    if len(found) != 1:
        which = f" ({listed(map(repr, found))}?)" if found else ""
        raise SeedwiseError(f"of how many runs is each mean{which}? Pass --n 5, or the column that says it (n=...)")
    return found[0]


def _runs(data: pd.DataFrame, n: int | str | None, count: str | None) -> NDArray[np.float64]:
    """Return the number of runs of each row."""
    if count is None:
        assert isinstance(n, int)
        runs = np.full(len(data), float(n))
    else:
        try:
            runs = read_numbers(data[count], ".").values
        except NotANumberError as error:
            raise SeedwiseError(f"'{error.text}' in the column '{count}' is no number of runs") from None
    bad = runs[~((runs >= MINIMUM_RUNS) & (runs == np.round(runs)))]
    if bad.size:
        raise SeedwiseError(
            f"a mean of {bad[0]:g} runs cannot be compared: it takes at least {MINIMUM_RUNS} (--n, n=...)"
        )
    return runs


def _task(free: pd.DataFrame, roles: Roles, notes: Notes) -> str | None:
    if roles.task is not None:
        return known("column", roles.task, free.columns)
    found = next((c for c in free.columns if _names.one_of(c, _names.TASKS) and len(different(free[c])) > 1), None)
    notes.read_as += [f"task: column '{found}'"] if found else []
    return found


def _method(free: pd.DataFrame, roles: Roles, notes: Notes) -> str:
    if roles.by is not None:
        return known("column", roles.by, free.columns)
    could = method_candidates(free, [column for column in free.columns if is_numeric(free[column])], roles)
    found = method_column(free, could, roles) or (could[0] if len(could) == 1 else None)
    if found is None:
        raise SeedwiseError(which_method(could or list(free.columns)))
    notes.read_as.append(f"method: column '{found}'")
    return found


def _repeats_are_refused(tasks: NDArray[np.object_], names: NDArray[np.object_]) -> None:
    (task, name), times = Counter(zip(tasks, names, strict=True)).most_common(1)[0]
    if times > 1:
        where = "" if task == ONE_TASK else f" on {task}"
        raise SeedwiseError(
            f"the method {name} has {times} means{where}: say what tells them apart (--task COLUMN), or keep one "
            "(--where COLUMN=VALUE)"
        )


@dataclass(frozen=True)
class ComparedSummaries:
    """Methods of which only means and SDs are known, compared with a base by one metric.

    Attributes:
        cells: what is known of each task and method.
        answer: the numbers of each, in the unit in which the metric is shown.
        base: the method that the others are compared with.
        question: what was asked.
        notes: what is missing.
        across: what holds over several tasks; None of one task.

    """

    cells: tuple[SummarizedCell, ...]
    answer: Answer
    base: str
    question: Question
    notes: tuple[str, ...]
    across: AcrossTasks | None

    @cached_property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """The numbers of each, in the unit of the data."""
        if self.cells[0].metric.scale == 1:
            return self.answer.rows
        asked = self.question
        return tuple(compare_study_summaries(self.cells, base=self.base, factor=asked.factor, margin=asked.margin))


def compare_summarized(summaries: Summaries, base: str | None, question: Question) -> tuple[ComparedSummaries, ...]:
    """Compare methods with one of them by their means and SDs; every metric is a family of its own.

    Args:
        summaries: what a table says.
        base: the method that the others are compared with; None: the one that is called base, baseline or the like.
        question: what is asked; its margin is in the unit of the metric.

    Raises:
        SeedwiseError: one line, for a base that is no method, one method alone, a task without the base, or a question
            out of its range.

    """
    lacks = [phrase for phrases in summaries.lacks.values() for phrase in phrases]
    left_out = f" (left out: {listed(lacks)})" if lacks else ""
    try:
        base = base_of(summaries.methods, base)
    except SeedwiseError as error:
        raise SeedwiseError(f"{error}{left_out}") from None
    if len(summaries.methods) < 2:
        raise SeedwiseError(f"there is one method, '{base}': a comparison needs two{left_out}")
    return tuple(
        _by_metric(cells, base, question, summaries.lacks[metric]) for metric, cells in summaries.cells.items()
    )


def _by_metric(
    cells: tuple[SummarizedCell, ...], base: str, question: Question, notes: tuple[str, ...]
) -> ComparedSummaries:
    try:
        found = answer_summaries(cells, base, question)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    across = across_tasks_of_summaries(cells, found.rows, base)
    return ComparedSummaries(cells, found, base, question, notes, across)
