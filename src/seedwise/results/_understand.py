"""What one run is, in a table from anywhere: which method, task, seed and value; and what is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results import _names
from seedwise.results._cells import by_value, different, text_of, texts
from seedwise.results._columns import Columns, columns_of, seed_columns
from seedwise.results._curves import Rows, best, ends, everywhere
from seedwise.results._layout import Long, Notes, cleaned, is_numeric, long_of, means_are_refused
from seedwise.results._numbers import NotANumberError, Numbers, read_numbers
from seedwise.results._read import Frame
from seedwise.results._roles import Roles, known, listed
from seedwise.statistics import SHARE, Metric
from seedwise.statistics.cells.metric import inferred

if TYPE_CHECKING:
    import pandas as pd

Names = NDArray[np.object_]

_ONE_TASK: Final = "results"
_LARGEST: Final = 1e100
"""Beyond it the squares that an SD adds up overflow."""
_MOST_METHODS: Final = 1000


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs from anywhere, as arrays along one axis.

    Attributes:
        task, method: names, shape (runs,).
        seed: seeds in one spelling, shape (runs,), or None where nothing says which runs belong together.
        fold: folds of a cross-validation, shape (runs,), or None.
        values: by metric, shape (runs,); NaN where a run failed.
        metrics: with unit and direction, in the order asked for.
        seed_name: the column of the seeds.
        read_as: what was found by name, a phrase each.
        set_aside: what was left out, a phrase each.

    """

    task: Names
    method: Names
    seed: Names | None
    fold: Names | None
    values: dict[str, NDArray[np.float64]]
    metrics: tuple[Metric, ...]
    seed_name: str
    read_as: tuple[str, ...]
    set_aside: tuple[str, ...]

    @property
    def methods(self) -> list[str]:
        """The methods, in the order of the table."""
        return list(dict.fromkeys(self.method))

    @property
    def lines(self) -> list[str]:
        """What was understood, in one or two lines."""
        tasks = len(set(self.task))
        sizes = sorted(set(Counter(zip(self.task, self.method, strict=True)).values()))
        what = "run" if self.seed is None else "seed"
        runs = _count(sizes[0], what) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} {what}s"
        parts = [_count(len(self.methods), "method"), *([_count(tasks, "task")] if tasks > 1 else []), runs]
        metrics = [f"metric {metric.name}{_unit(metric)}, {_direction(metric)} is better" for metric in self.metrics]
        rest = [f"read as {listed(self.read_as)}"] if self.read_as else []
        rest += [f"set aside: {listed(self.set_aside)}"] if self.set_aside else []
        return [f"{' x '.join(parts)}, {'; '.join(metrics)}", *(["; ".join(rest)] if rest else [])]


def understand(frames: Sequence[Frame], roles: Roles, *, one_may_be_a_method: bool = False) -> Runs:
    """Decide what one run is.

    Args:
        frames: one table, or several that are read as one; a table without a column of methods is a method then.
        roles: what the user says about the columns.
        one_may_be_a_method: whether that holds for a single table, too.

    Raises:
        SeedwiseError: one line, for what is ambiguous, with the option that decides it, and for what holds no runs.

    """
    import pandas as pd

    notes = Notes(set_aside=[phrase for frame in frames for phrase in frame.set_aside])
    parts = []
    named = one_may_be_a_method or len(frames) > 1
    for frame in frames:
        data = cleaned(frame.data, roles, notes)
        if data.empty:
            raise SeedwiseError(f"{frame.name} holds no rows: it needs a row per run")
        parts.append(long_of(data, roles, notes, frame.name if named else None))
    table = parts[0]
    if len(parts) > 1:
        renamed = [part.data.rename(columns={part.method: "method"}) for part in parts]
        table = Long(pd.concat(renamed, ignore_index=True), "method", table.seed, table.metric)
    notes.read_as = list(dict.fromkeys(notes.read_as))
    notes.set_aside = list(dict.fromkeys(notes.set_aside))
    return _runs(_with_methods(table, roles), roles, notes)


def _with_methods(table: Long, roles: Roles) -> Long:
    """Return the rows of the methods that are asked for."""
    names = texts(table.data[table.method])
    empty = np.flatnonzero(names == "")
    if empty.size and not roles.methods:
        raise SeedwiseError(f"the column '{table.method}' is empty in row {empty[0] + 1}: every run needs a method")
    found = dict.fromkeys(names[names != ""])
    for name in roles.methods:
        known("method", name, found)
    if len(roles.methods or found) > _MOST_METHODS:
        raise SeedwiseError(
            f"the column '{table.method}' holds {len(found)} methods, and a comparison has at most {_MOST_METHODS}: is "
            "it the method's (--by)? Or name those to compare (--methods)"
        )
    if not roles.methods:
        return table
    return Long(
        table.data[np.isin(names.astype(str), roles.methods)].reset_index(drop=True),
        table.method,
        table.seed,
        table.metric,
    )


def _runs(table: Long, roles: Roles, notes: Notes) -> Runs:
    seed = seed_columns(table, roles, notes)
    data = _without_summaries(table.data, table.method, seed, notes)
    columns = columns_of(data, table, seed, roles, notes)
    data, finished, failed = _states(data, columns.state, notes)
    rows = _rows(data, columns, (finished, failed), roles)
    if roles.step is not None or _are_steps(data, columns, rows):
        rows = _one_row_each(data, columns, rows, roles, notes)
    if rows.seed is not None:
        _repeats_are_refused(data, columns, rows)
    else:
        _other_groups_are_refused(data, columns)
    metrics = tuple(_metric(name, found, rows.method, roles) for name, found in rows.numbers.items())
    values = {name: np.where(rows.failed, np.nan, found.values) for name, found in rows.numbers.items()}
    said = (tuple(notes.read_as), tuple(notes.set_aside))
    return Runs(rows.task, rows.method, rows.seed, rows.fold, values, metrics, ", ".join(seed) or "seed", *said)


def _without_summaries(data: pd.DataFrame, method: str, seed: Sequence[str], notes: Notes) -> pd.DataFrame:
    """Leave out rows whose seed is a statistic, or that every method has under the name of one."""
    for column in data.columns:
        summary = by_value(data[column], _names.is_statistic).astype(bool)
        if column == method or not summary.any():
            continue
        if column in seed or (not summary.all() and set(data[method][summary]) == set(data[method])):
            kinds = dict.fromkeys(str(cell).strip().lower() for cell in data[column][summary])
            notes.set_aside.append(f"{_count(int(summary.sum()), 'summary row')} ({column} {listed(kinds)})")
            data = data[~summary].reset_index(drop=True)
            if data.empty:
                raise SeedwiseError(f"the column '{column}' holds statistics alone: it needs runs, a row each")
    return data


def _states(
    data: pd.DataFrame, column: str | None, notes: Notes
) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.bool_]]:
    """Leave out runs that still go on, and return which of the others are known to have finished, and failed."""
    if column is None:
        return data, np.zeros(len(data), dtype=bool), np.zeros(len(data), dtype=bool)
    states = [text.lower() for text in texts(data[column])]
    going = np.array([state in _names.GOING for state in states], dtype=bool)
    if going.any():
        notes.set_aside.append(f"{_count(int(going.sum()), 'row')} of runs that still go on")
    finished, failed = (
        np.array([state in ended for state in states], dtype=bool)[~going] for ended in (_names.FINISHED, _names.FAILED)
    )
    return data[~going].reset_index(drop=True), finished, failed


def _rows(
    data: pd.DataFrame, columns: Columns, ended: tuple[NDArray[np.bool_], NDArray[np.bool_]], roles: Roles
) -> Rows:
    def names(column: str) -> Names:
        return texts(data[column])

    seed = None
    for column in columns.seed:
        cells = names(column)
        empty = np.flatnonzero(cells == "")
        if empty.size:
            raise SeedwiseError(f"the column '{column}' is empty in row {empty[0] + 1}: every run needs a seed")
        keys = by_value(cells, _names.seed_key)
        seed = keys if seed is None else seed + ", " + keys
    return Rows(
        names(columns.task) if columns.task else np.full(len(data), _ONE_TASK, dtype=object),
        names(columns.method),
        seed,
        names(columns.fold) if columns.fold else None,
        {name: _numbers(data, name, columns.method, roles) for name in columns.metrics},
        *ended,
        np.arange(len(data)),
    )


def _numbers(data: pd.DataFrame, column: str, method: str, roles: Roles) -> Numbers:
    try:
        return read_numbers(data[column], roles.decimal)
    except NotANumberError as error:
        means_are_refused(data, [column])
        bad = np.flatnonzero(texts(data[column]) == error.text)
        where = f"method {data[method].iloc[bad[0]]}" if bad.size else "see there"
        raise SeedwiseError(
            f"'{error.text}' in the column '{column}' ({where}) is not a number: leave the value of a failed run empty"
        ) from None
    except SeedwiseError as error:
        raise SeedwiseError(f"the column '{column}': {error}") from None


def _are_steps(data: pd.DataFrame, columns: Columns, rows: Rows) -> bool:
    """Return whether rows of one run differ in their step alone."""
    run = rows.run
    if columns.step is None or len(np.unique(run)) == len(run):
        return False
    if rows.seed is None:
        raise SeedwiseError(f"are the rows runs, or steps of a run (column '{columns.step}')? Pass --seed COLUMN")
    step = read_numbers(data[columns.step]).values
    return len(np.unique(np.stack([run, step], axis=1), axis=0)) == len(run)


def _one_row_each(data: pd.DataFrame, columns: Columns, rows: Rows, roles: Roles, notes: Notes) -> Rows:
    """Take the last step of each run, or that where the metric ``best`` is best; a metric of one step is no curve."""
    assert columns.step is not None
    step = read_numbers(data[columns.step]).values
    rows, once = everywhere(rows)
    last, short = ends(rows, step)
    chosen = last
    if once:
        short[:] = False
    elif roles.best is None:
        notes.read_as.append(f"the last '{columns.step}' of each run")
    else:
        known("column", roles.best, data.columns)
        score = rows.numbers.get(roles.best) or _numbers(data, roles.best, columns.method, roles)
        chosen = best(rows, step, score, higher=not _names.is_lower_better(roles.best))
        chose_itself = roles.best in rows.numbers or not _names.is_validation(roles.best)
        flattered = ", which flatters every method: a result chose its own step" if chose_itself else ""
        notes.read_as.append(f"the step of each run where '{roles.best}' is best{flattered}")
    if short.any():
        example = rows.take(last[short][:1])
        notes.set_aside.append(
            f"{_count(int(short.sum()), 'curve')} shorter than the others, counted as failed (such as "
            f"{example.method[0]}, which ends at {text_of(data[columns.step].iloc[example.place[0]])})"
        )
    found = rows.take(chosen)
    ordered = np.argsort(found.place, kind="stable")
    return Rows(
        found.task,
        found.method,
        found.seed,
        found.fold,
        found.numbers,
        found.finished,
        found.failed | short,
        found.place,
    ).take(ordered)


def _repeats_are_refused(data: pd.DataFrame, columns: Columns, rows: Rows) -> None:
    unique, first, counts = np.unique(rows.run, return_index=True, return_counts=True)
    if len(unique) == len(rows.place):
        return
    which = int(np.argmax(counts > 1))
    k = first[which]
    same = data.iloc[rows.place[rows.run == unique[which]]]
    seed = ", ".join(columns.seed)
    assert rows.seed is not None
    times = "twice" if counts[which] == 2 else f"{counts[which]} times"
    who = f"method {rows.method[k]} has {seed} {rows.seed[k]} {times}: a run counts once"
    taken = columns.all - {columns.step}
    differing = [c for c in data.columns if c and c not in taken and len(different(same[c])) > 1]
    if not differing:
        raise SeedwiseError(f"{who}. Leave out the copies")
    column, value = differing[0], text_of(same[differing[0]].iloc[-1])
    raise SeedwiseError(
        f"{who}. The rows differ in {listed(map(repr, differing), 3)}: keep one value (--where '{column}={value}'), or "
        f"say what the column is (--task, --step, --by), or add it to the seed (--seed '{seed},{column}')"
    )


def _other_groups_are_refused(data: pd.DataFrame, columns: Columns) -> None:
    """Refuse to pool rows that another column of text divides, where no seed tells runs from datasets."""
    for column in data.columns:
        values = different(data[column])
        if column and column not in columns.all and 1 < len(values) < len(data) and not is_numeric(data[column]):
            raise SeedwiseError(
                f"no column names the seed, and the rows differ in '{column}' ({listed(values, 3)}): pass --task "
                f"'{column}' if it is a dataset, --seed '{column}' if it tells runs apart, or keep one value (--where)"
            )


def _metric(name: str, numbers: Numbers, methods: Names, roles: Roles) -> Metric:
    large = np.abs(numbers.values) > _LARGEST
    if large.any():
        raise SeedwiseError(
            f"the column '{name}' holds {numbers.values[large][0]:g}: that is no result; leave the value of a "
            "failed run empty"
        )
    _mixed_units_are_refused(name, numbers, methods)
    higher = not _names.is_lower_better(name) if roles.higher_is_better is None else roles.higher_is_better
    if roles.unit is not None or numbers.percent:
        return Metric(name, roles.unit or "%", higher)
    finite = np.abs(numbers.values[np.isfinite(numbers.values)])
    return inferred(name, float(finite.max(initial=0.0)), higher_is_better=higher)


def _mixed_units_are_refused(name: str, numbers: Numbers, methods: Names) -> None:
    """Refuse percent and fractions in one column: each method on one side of 1, and about 100 between them."""
    fractions, percents = {}, {}
    for method in dict.fromkeys(methods):
        own = np.abs(numbers.values[methods == method])
        own = own[np.isfinite(own)]
        if own.size and own.max() <= 1:
            fractions[method] = float(np.median(own))
        elif own.size and own.min() > 1:
            percents[method] = float(np.median(own))
        elif own.size:
            return
    low, high = (float(np.median(list(found.values()))) if found else 0.0 for found in (fractions, percents))
    if are_fraction_and_percent(low, high):
        raise SeedwiseError(
            f"the column '{name}' is in percent for {listed(percents, 2)} (about {high:.4g}) and a fraction for "
            f"{listed(fractions, 2)} (about {low:.4g}): write both in one unit"
        )


def are_fraction_and_percent(low: float, high: float) -> bool:
    """Return whether two values seem to be one quantity, as a fraction and in percent.

    Example:
        >>> are_fraction_and_percent(0.91, 92.3), are_fraction_and_percent(0.91, 3.0)
        (True, False)

    """
    return 0 < low <= 1 < high and 50 < high / low < 200


def _unit(metric: Metric) -> str:
    if metric.unit == SHARE:
        return " (a fraction, shown in percent)"
    return {"%": " in percent", "": ""}.get(metric.unit, f" in {metric.unit}")


def _direction(metric: Metric) -> str:
    return "higher" if metric.higher_is_better else "lower"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
