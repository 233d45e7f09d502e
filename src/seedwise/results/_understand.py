"""What one run is, in a table from anywhere: which method, task, seed and value; and what is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results import _names
from seedwise.results._layout import Long, Notes, cleaned, is_numeric, long_of, means_are_refused, text_of
from seedwise.results._numbers import NotANumberError, Numbers, is_missing, read_numbers
from seedwise.results._read import Frame
from seedwise.results._roles import Roles, known, listed
from seedwise.statistics import SHARE, Metric
from seedwise.statistics.metric import inferred

if TYPE_CHECKING:
    import pandas as pd

_ONE_TASK: Final = "results"


@dataclass(frozen=True)
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

    task: NDArray[np.object_]
    method: NDArray[np.object_]
    seed: NDArray[np.object_] | None
    fold: NDArray[np.object_] | None
    values: dict[str, NDArray[np.float64]]
    metrics: tuple[Metric, ...]
    seed_name: str = "seed"
    read_as: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = field(default=())

    @property
    def methods(self) -> list[str]:
        """The methods, in the order of the table."""
        return list(dict.fromkeys(self.method))

    @property
    def lines(self) -> list[str]:
        """What was understood, in two lines."""
        methods, tasks = len(self.methods), len(set(self.task))
        parts = [_count(methods, "method"), *([_count(tasks, "task")] if tasks > 1 else []), self._seeds()]
        metrics = "; ".join(
            f"metric {metric.name}{_unit(metric)}, {'higher' if metric.higher_is_better else 'lower'} is better"
            for metric in self.metrics
        )
        said = [" x ".join(parts) + ", " + metrics]
        rest = [f"read as {listed(self.read_as)}"] if self.read_as else []
        rest += [f"set aside: {listed(self.set_aside)}"] if self.set_aside else []
        return said + (["; ".join(rest)] if rest else [])

    def _seeds(self) -> str:
        pairs = list(zip(self.task, self.method, strict=True))
        counts = sorted({pairs.count(pair) for pair in dict.fromkeys(pairs)}) if len(pairs) < 5000 else _sizes(pairs)
        what = "seed" if self.seed is not None else "run"
        if len(counts) == 1:
            return _count(counts[0], what)
        return f"{counts[0]} to {counts[-1]} {what}s"


def understand(frames: Sequence[Frame], roles: Roles) -> Runs:
    """Decide what one run is.

    Args:
        frames: one table, or several that are read as one; a table without a column of methods is a method then.
        roles: what the user says about the columns.

    Raises:
        SeedwiseError: one line, for what is ambiguous, with the option that decides it, and for what holds no runs.

    """
    import pandas as pd

    notes = Notes(set_aside=[phrase for frame in frames for phrase in frame.set_aside])
    parts = []
    for frame in frames:
        data = cleaned(frame.data, roles, notes)
        if data.empty:
            raise SeedwiseError(f"{frame.name}: no rows are left: it needs a row per run")
        parts.append(long_of(data, roles, notes, frame.name if len(frames) > 1 else None))
    if len(parts) > 1:
        shared = [part.data.rename(columns={part.method: "method"}) for part in parts]
        first = Long(pd.concat(shared, ignore_index=True), "method", parts[0].seed, parts[0].metric)
    else:
        (first,) = parts
    notes.read_as = list(dict.fromkeys(notes.read_as))
    notes.set_aside = list(dict.fromkeys(notes.set_aside))
    return _runs(first, roles, notes)


def _runs(table: Long, roles: Roles, notes: Notes) -> Runs:
    data, method = table.data, table.method
    if roles.methods:
        names = data[method].map(text_of)
        for name in roles.methods:
            known("method", name, dict.fromkeys(names))
        data = data[names.isin(roles.methods)].reset_index(drop=True)
    empty = data[method].map(text_of) == ""
    if empty.any():
        raise SeedwiseError(f"the column '{method}' is empty in row {_row(empty)}: every run needs a method")
    data = _without_summaries(data, method, notes)
    seeds = _seed_columns(data, table, roles, notes)
    data = _without_statistics_of_seeds(data, seeds, notes)
    task = _column(data, roles.task, _names.TASKS, {method, *seeds}, "task", notes, varies=True)
    fold = _column(data, roles.fold, _names.FOLDS, {method, *seeds}, "fold", notes, varies=True)
    taken = {method, *seeds, *(name for name in (task, fold) if name)}
    metrics = _metric_columns(data, table, roles, taken, notes)
    data, failed = _states(data, taken | set(metrics), notes)
    names = np.asarray(data[method].map(text_of), dtype=object)
    tasks = np.asarray(data[task].map(text_of), dtype=object) if task else np.full(len(data), _ONE_TASK, dtype=object)
    keys = _keys(data, seeds)
    folds = np.asarray(data[fold].map(text_of), dtype=object) if fold else None
    code = _codes([tasks, names, *([] if keys is None else [keys]), *([] if folds is None else [folds])])
    numbers = {name: _numbers(data, name, method, roles) for name in metrics}
    step = _step_column(data, roles, taken | set(metrics), code, keys is not None, notes)
    if step is not None:
        rows, cut = _ends(data, step, code, tasks, numbers, roles, notes)
        failed = (failed | cut)[rows]
        names, tasks, code = names[rows], tasks[rows], code[rows]
        keys = None if keys is None else keys[rows]
        folds = None if folds is None else folds[rows]
        numbers = {
            name: Numbers(found.values[rows], found.missing[rows], found.percent) for name, found in numbers.items()
        }
        data = data.iloc[rows].reset_index(drop=True)
    if keys is not None:
        _repeats_are_refused(data, code, names, keys, taken | set(metrics), ", ".join(seeds))
    measured = tuple(_metric(name, numbers[name], names, roles) for name in metrics)
    values = {name: np.where(failed, np.nan, numbers[name].values) for name in metrics}
    return Runs(
        tasks, names, keys, folds, values, measured, ", ".join(seeds), tuple(notes.read_as), tuple(notes.set_aside)
    )


def _without_summaries(data: pd.DataFrame, method: str, notes: Notes) -> pd.DataFrame:
    """Leave out rows that every method has under the name of a statistic."""
    methods = data[method].map(text_of)
    for column in data.columns:
        if column == method:
            continue
        summary = data[column].map(lambda cell: isinstance(cell, str) and cell.strip().lower() in _names.STATISTICS)
        if (
            summary.any()
            and not summary.all()
            and set(methods[summary]) == set(methods)
            and _is_label(data, column, summary)
        ):
            _say_rows(notes, data[column][summary], column)
            return data[~summary].reset_index(drop=True)
    return data


def _is_label(data: pd.DataFrame, column: str, summary: pd.Series[bool]) -> bool:
    return not _names.one_of(column, _names.SEEDS)


def _without_statistics_of_seeds(data: pd.DataFrame, seeds: list[str], notes: Notes) -> pd.DataFrame:
    for column in seeds:
        summary = data[column].map(lambda cell: isinstance(cell, str) and cell.strip().lower() in _names.STATISTICS)
        if summary.any():
            _say_rows(notes, data[column][summary], column)
            data = data[~summary].reset_index(drop=True)
    if data.empty:
        raise SeedwiseError(f"the column '{seeds[0]}' holds statistics alone: what is compared are runs, a row each")
    return data


def _say_rows(notes: Notes, cells: pd.Series[Any], column: str) -> None:
    kinds = dict.fromkeys(str(cell).strip().lower() for cell in cells)
    notes.set_aside.append(f"{len(cells)} summary row{'s' if len(cells) > 1 else ''} ({column} {listed(kinds)})")


def _seed_columns(data: pd.DataFrame, table: Long, roles: Roles, notes: Notes) -> list[str]:
    """Return the columns that say which runs belong together: those named, or the one that is called so."""
    if roles.seed:
        return [known("column", column, data.columns) for column in roles.seed]
    if table.seed is not None:
        if table.seed == "row":
            notes.read_as.append("seed: the number of the row")
        return [table.seed]
    found = [
        c
        for c in data.columns
        if c != table.method
        and _names.one_of(c, _names.SEEDS)
        and c not in roles.metric
        and (_names.words(c)[-1] == "seed" or _seeds_in(data, c))
    ]
    varying = [c for c in found if data[c].map(text_of).nunique() > 1] or found[:1]
    called = [c for c in varying if _names.one_of(c, ("seed",))]
    if len(varying) > 1 and not called:
        raise SeedwiseError(
            f"which column is the seed: {listed(map(repr, varying))}? Pass --seed '{varying[0]}', or several with commas"
        )
    chosen = called[:1] or varying[:1]
    notes.read_as += [f"seed: column '{column}'" for column in chosen]
    return chosen


def _seeds_in(data: pd.DataFrame, column: str) -> bool:
    values = {text_of(cell) for cell in data[column]}
    return all(_names.is_seed_like(value) or value.lower() in _names.STATISTICS for value in values if value)


def _column(
    data: pd.DataFrame,
    given: str | None,
    called: Sequence[str],
    taken: set[str],
    what: str,
    notes: Notes,
    *,
    varies: bool,
) -> str | None:
    """Return the column that the user names, or the one that is called so and varies."""
    if given is not None:
        return known("column", given, data.columns)
    found = [c for c in data.columns if c not in taken and _names.one_of(c, called)]
    found = [c for c in found if not varies or data[c].map(text_of).nunique() > 1]
    if len(found) > 1:
        raise SeedwiseError(f"which column is the {what}: {listed(map(repr, found))}? Pass --{what} '{found[0]}'")
    notes.read_as += [f"{what}: column '{column}'" for column in found]
    return found[0] if found else None


def _metric_columns(data: pd.DataFrame, table: Long, roles: Roles, taken: set[str], notes: Notes) -> list[str]:
    """Return the columns of the metrics: those named, or the only one of numbers that could be one."""
    if table.metric is not None:
        return [table.metric]
    if roles.metric:
        for column in roles.metric:
            known("column", column, data.columns)
        return list(roles.metric)
    means_are_refused(data, [column for column in data.columns if column not in taken])
    numeric = [c for c in data.columns if c not in taken and c not in _where(roles) and is_numeric(data[c])]
    aside = [c for c in numeric if _is_no_metric(c) or c == roles.step]
    left = [c for c in numeric if c not in aside]
    found = left
    if len(left) > 1:  # a setting that is the same in every run is no result
        found = [c for c in left if data[c].map(text_of).nunique() > 1] or left
    if len(found) != 1:
        columns = listed(map(repr, found or data.columns))
        asked = (
            f"which column is the metric: {columns}?" if found else f"no column of numbers is the metric: {columns}."
        )
        example = found[0] if found else "COLUMN"
        raise SeedwiseError(f"{asked} Pass --metric '{example}' (metric='{example}')")
    costs = [c for c in aside if _names.is_cost(c)]
    if costs:
        notes.set_aside.append(f"column{'s' if len(costs) > 1 else ''} {listed(costs)}")
    return found


def _where(roles: Roles) -> set[str]:
    return {column for column, _ in roles.where}


def _is_no_metric(column: str) -> bool:
    kinds = (_names.SEEDS, _names.STEPS, _names.FOLDS, _names.STATES)
    return not column or any(_names.one_of(column, kind) for kind in kinds) or _names.is_cost(column)


def _states(data: pd.DataFrame, taken: set[str], notes: Notes) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Leave out runs that still go on, and return which failed."""
    for column in data.columns:
        if column in taken or not _names.one_of(column, _names.STATES):
            continue
        states = data[column].map(lambda cell: text_of(cell).lower())
        if set(states) <= _names.FINISHED | _names.GOING | _names.FAILED:
            going = states.isin(_names.GOING)
            if going.any():
                notes.set_aside.append(f"{going.sum()} run{'s' if going.sum() > 1 else ''} that still go on")
            failed = states.isin(_names.FAILED)[~going]
            return data[~going].reset_index(drop=True), np.asarray(failed, dtype=bool)
    return data, np.zeros(len(data), dtype=bool)


def _keys(data: pd.DataFrame, seeds: list[str]) -> NDArray[np.object_] | None:
    """Return the seeds in one spelling."""
    if not seeds:
        return None
    columns = []
    for column in seeds:
        cells = data[column].map(text_of)
        if (cells == "").any():
            raise SeedwiseError(f"the column '{column}' is empty in row {_row(cells == '')}: every run needs a seed")
        columns.append(cells.map({text: _names.seed_key(text) for text in cells.unique()}))
    keys = columns[0]
    for other in columns[1:]:
        keys = keys + ", " + other
    return np.asarray(keys, dtype=object)


def _codes(columns: Sequence[NDArray[np.object_]]) -> NDArray[np.int64]:
    """Return one number per combination of values."""
    import pandas as pd

    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        one, values = pd.factorize(column)
        code = pd.factorize(code * max(len(values), 1) + one)[0].astype(np.int64)
    return code


def _numbers(data: pd.DataFrame, column: str, method: str, roles: Roles) -> Numbers:
    try:
        return read_numbers(list(data[column]), roles.decimal)
    except NotANumberError as error:
        if error.is_mean:
            means_are_refused(data, [column])
        bad = data[column].map(text_of) == error.text
        where = f"method {data[method][bad].iloc[0]}" if bad.any() else f"column {column}"
        raise SeedwiseError(
            f"'{error.text}' in the column '{column}' ({where}) is not a number: leave the value of a failed run empty"
        ) from None
    except SeedwiseError as error:
        raise SeedwiseError(f"the column '{column}': {error}") from None


def _step_column(
    data: pd.DataFrame, roles: Roles, taken: set[str], code: NDArray[np.int64], has_seed: bool, notes: Notes
) -> str | None:
    """Return the column that counts the steps of curves, if the rows are steps."""
    if roles.step is not None:
        return known("column", roles.step, data.columns)
    repeated = len(np.unique(code)) < len(code)
    found = [
        c
        for c in data.columns
        if c not in taken
        and _names.one_of(c, _names.STEPS)
        and is_numeric(data[c])
        and data[c].map(text_of).nunique() > 1
    ]
    if not found or not repeated:
        return None
    steps = np.asarray(read_numbers(list(data[found[0]])).values)
    if len(set(zip(code.tolist(), steps.tolist(), strict=True))) < len(code) and has_seed:
        return None  # something else repeats, too
    if not has_seed:
        raise SeedwiseError(
            f"are the rows steps of a run (column '{found[0]}') or runs? Pass --seed COLUMN, and --step '{found[0]}' to take "
            "the last step of each run"
        )
    return found[0]


def _ends(
    data: pd.DataFrame,
    step: str,
    code: NDArray[np.int64],
    tasks: NDArray[np.object_],
    numbers: dict[str, Numbers],
    roles: Roles,
    notes: Notes,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the row of each run that counts, and which rows belong to runs whose curve ends before the others.

    The last row with a value counts, or that where the metric ``best`` is best.
    """
    steps = read_numbers(list(data[step])).values
    written = np.any([~found.missing for found in numbers.values()], axis=0)
    order = np.lexsort((np.arange(len(steps)), steps, written, code))
    last = np.append(np.diff(code[order]) != 0, True)
    ends = order[last]
    rows = ends
    if roles.best is not None:
        known("column", roles.best, data.columns)
        of = numbers.get(roles.best) or read_numbers(list(data[roles.best]), roles.decimal)
        sign = -1.0 if _lower(roles.best, roles) else 1.0
        score = np.where(np.isfinite(of.values) & written, sign * of.values, -np.inf)
        best = np.lexsort((-np.arange(len(steps)), score, code))
        rows = best[np.append(np.diff(code[best]) != 0, True)]
        words = set(_names.words(roles.best))
        optimistic = roles.best in numbers or not words & {"val", "valid", "validation", "dev"}
        note = ", which flatters every method: the best step was chosen by the result itself" if optimistic else ""
        notes.read_as.append(f"the step of each run where '{roles.best}' is best{note}")
    else:
        notes.read_as.append(f"the last '{step}' of each run")
    whole = {task: steps[ends][tasks[ends] == task].max() for task in dict.fromkeys(tasks[ends])}
    short = np.array([steps[k] < whole[tasks[k]] for k in ends], dtype=bool)
    cut = np.isin(code, code[ends[short]])
    if short.any():
        first = ends[short][0]
        notes.set_aside.append(
            f"{_count(int(short.sum()), 'curve')} that end{'s' if short.sum() == 1 else ''} before the others, counted as "
            f"failed (such as row {first + 1}, {step} {text_of(data[step].iloc[first])})"
        )
    return np.sort(rows), cut


def _repeats_are_refused(
    data: pd.DataFrame, code: NDArray[np.int64], names: Any, keys: Any, taken: set[str], seed: str
) -> None:
    unique, first, counts = np.unique(code, return_index=True, return_counts=True)
    if len(unique) == len(code):
        return
    k = first[np.argmax(counts > 1)]
    same = data[code == code[k]]
    differing = [c for c in data.columns if c not in taken and c and same[c].map(text_of).nunique() > 1]
    who = f"method {names[k]} has {seed} {keys[k]} {_times(int(counts[np.argmax(counts > 1)]))}: a run counts once"
    if not differing:
        raise SeedwiseError(f"{who}. Leave out the copies")
    column = differing[0]
    value = text_of(same[column].iloc[-1])
    raise SeedwiseError(
        f"{who}. The rows differ in {listed(map(repr, differing), 3)}: keep one value (--where '{column}={value}'), or say what "
        f"the column is (--task, --step, --by), or add it to the seed (--seed '{seed},{column}')"
    )


def _metric(name: str, numbers: Numbers, names: NDArray[np.object_], roles: Roles) -> Metric:
    _mixed_units_are_refused(name, numbers, names)
    higher = roles.higher_is_better
    if higher is None:
        higher = not _names.is_lower_better(name)
    if roles.unit is not None:
        return Metric(name, roles.unit, higher)
    if numbers.percent:
        return Metric(name, "%", higher)
    finite = np.abs(numbers.values[np.isfinite(numbers.values)])
    return inferred(name, float(finite.max(initial=0.0)), higher_is_better=higher)


def _lower(name: str, roles: Roles) -> bool:
    return _names.is_lower_better(name)


def _mixed_units_are_refused(name: str, numbers: Numbers, names: NDArray[np.object_]) -> None:
    """Refuse percent and fractions in one column: each method on one side of 1, and about 100 between them."""
    middles = {}
    for method in dict.fromkeys(names):
        own = np.abs(numbers.values[names == method])
        own = own[np.isfinite(own)]
        if not own.size:
            continue
        if own.max() > 1 >= own.min():
            return
        middles[method] = float(np.median(own))
    small = {method: value for method, value in middles.items() if value <= 1}
    large = {method: value for method, value in middles.items() if value > 1}
    if not small or not large:
        return
    ratio = np.median(list(large.values())) / max(float(np.median(list(small.values()))), 1e-300)
    if 50 < ratio < 200:
        raise SeedwiseError(
            f"the column '{name}' is in percent for {listed(large, 2)} (about {next(iter(large.values())):.4g}) and a fraction for "
            f"{listed(small, 2)} (about {next(iter(small.values())):.4g}): write both in one unit"
        )


def _unit(metric: Metric) -> str:
    return {SHARE: " (a fraction, shown in percent)", "%": " in percent", "": ""}.get(metric.unit, f" in {metric.unit}")


def _sizes(pairs: list[tuple[Any, Any]]) -> list[int]:
    import collections

    return sorted(set(collections.Counter(pairs).values()))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def _row(mask: Any) -> int:
    return int(np.flatnonzero(np.asarray(mask))[0]) + 1
