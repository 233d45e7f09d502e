"""From the layouts in which tables come to one: a row per run, or per step of a run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import by_value, counts_rows, different, factorized, text_of, texts
from seedwise.results._long import OF_COLUMN, Long, Notes, name_of_values
from seedwise.results._marks import plain_name
from seedwise.results._numbers import NotANumberError, is_missing, plainly, read_numbers
from seedwise.results._roles import Roles, known
from seedwise.results._run_columns import RunColumns, melt_runs, runs_in_columns
from seedwise.results._wide import wide, wide_or_file

if TYPE_CHECKING:
    import pandas as pd

_MARKED: Final = re.compile(r"^[^\S\n]*[*`$\\<]", re.MULTILINE)
_RANGES: Final = ("__MIN", "__MAX")


def cleaned(data: pd.DataFrame, roles: Roles, notes: Notes) -> pd.DataFrame:
    """Return the rows that are asked for of a table as ``titled``, without columns that are empty or count the rows."""
    data = data.copy()
    for name in ("", *(c for c in data.columns if re.fullmatch(r"Unnamed: \d+", c))):
        if name in data.columns and (_is_empty(data[name]) or counts_rows(data[name])):
            notes.set_aside += ["the column without a name"] if not _is_empty(data[name]) else []
            data = data.drop(columns=name)
    for column, value in roles.where:
        known("column", column, data.columns)
        chosen = np.array([_same(text, value) for text in texts(data[column])], dtype=bool)
        if not chosen.any():
            raise SeedwiseError(f"no row has {column}={value}: the values are {listed(different(data[column]))}")
        data = data[chosen]
    return data.reset_index(drop=True)


def is_numeric(column: pd.Series[str]) -> bool:
    """Return whether every cell of a column is a number or empty, and not all of them are empty."""
    cells = factorized(column)[1]
    if plainly(cells) is not None:
        return True
    unique = [cell for cell in cells if not is_missing(cell)]
    try:
        return bool(unique) and not read_numbers(unique, ".").missing.all()
    except (NotANumberError, SeedwiseError):
        pass
    try:
        return not read_numbers(unique, ",").missing.all() if unique else False
    except NotANumberError:
        return False
    except SeedwiseError:  # a percent sign here and there: numbers, to be refused when they are read
        return True


def are_numbers(column: pd.Series[str]) -> bool:
    """Return whether most of the different cells of a column are numbers: the others are then mistakes."""
    unique = [cell for cell in factorized(column)[1] if not is_missing(cell)][:1000]
    return 2 * sum(_is_number(cell) for cell in unique) > len(unique)


def _is_number(cell: object) -> bool:
    try:
        read_numbers(np.array([cell], dtype=object), ".")
    except (NotANumberError, SeedwiseError):
        return False
    return True


def long_of(data: pd.DataFrame, roles: Roles, notes: Notes, name: str | None) -> Long:
    """Return a table as a long one.

    Args:
        data: as ``cleaned``.
        roles: what the user says.
        notes: where is said what was found.
        name: of the file, where a file may be a method.

    Raises:
        SeedwiseError: if it does not say which column is the method.

    """
    columns = list(data.columns)
    if roles.by is not None:
        known("column", roles.by, columns)
        return _named_runs(data, roles.by, roles, notes) if roles.name else Long(data, roles.by)
    if _is_chart(columns):
        return _chart(data, roles, notes)
    if roles.methods and set(roles.methods) <= set(columns):
        return wide(data, list(roles.methods), roles)
    own = next((column for column in columns if _names.one_of(column, ("method",))), None)
    if name is not None and own is not None:
        return Long(data, own)
    return _guessed(data, roles, notes, name)


def _guessed(data: pd.DataFrame, roles: Roles, notes: Notes, name: str | None) -> Long:
    """Find the column of the method, or a layout without one, by names and values."""
    columns = list(data.columns)
    numeric = [column for column in columns if is_numeric(data[column])]
    candidates = method_candidates(data, numeric, roles)
    by_run = runs_in_columns(numeric, roles) if candidates else None
    if by_run is not None:
        return _transposed(data, by_run, roles, notes)
    means_are_refused(data, columns)
    method = method_column(data, candidates, roles)
    named = [c for c in columns if c not in numeric] if roles.name else [] if method else candidates
    run = next((column for column in named if _is_run_name(data, column, roles)), None)
    if run is not None:
        return _named_runs(data, run, roles, notes)
    if method is not None or len(candidates) == 1:
        notes.read_as.append(f"method: column '{method or candidates[0]}'")
        return Long(data, method or candidates[0])
    if len(candidates) > 1:
        raise SeedwiseError(which_method(candidates))
    return wide_or_file(data, numeric, roles, notes, name)


def which_method(columns: list[str]) -> str:
    return f"which column names the method: {listed(map(repr, columns))}? Pass --by '{columns[0]}' (by='{columns[0]}')"


def means_are_refused(data: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a table of means and SDs.

    Raises:
        SeedwiseError: if cells are like ``87.1 ± 0.2``, or a column of means stands beside one of SDs.

    """
    rest = {
        column: tuple(w for w in _names.words(column) if w not in _names.MEAN | _names.SPREAD) for column in columns
    }
    spreads = {rest[c] for c in columns if _names.SPREAD & set(_names.words(c))}
    for column in columns:
        cells = factorized(data[column])[1]
        cell = next((one for one in cells if isinstance(one, str) and not is_missing(one)), "")
        try:
            read_numbers([cell], ".")
            means = bool(_names.MEAN & set(_names.words(column))) and rest[column] in spreads
        except NotANumberError as error:
            means = error.is_mean
        except SeedwiseError:
            means = False
        if means:
            shown = f"'{cell}' in the column '{column}'" if "mean" not in column else f"the column '{column}'"
            raise SeedwiseError(
                f"{shown}: these are means with their spread; what is compared are runs. Pass a table with a row per "
                "run, or --summary with --n (summary=True, n=...)"
            )


def method_candidates(data: pd.DataFrame, numeric: list[str], roles: Roles) -> list[str]:
    """Return the columns of text that could name the method: neither constant nor something else by name."""
    others, numbers = {*roles.named, *(column for column, _ in roles.where)}, set(numeric)
    found = []
    for column in data.columns:
        if column in others or (column in numbers and not _names.one_of(column, ("method",))):
            continue
        if any(_names.one_of(column, kind) for kind in (_names.TASKS, _names.STEPS, _names.FOLDS, _names.STATES)):
            continue
        if _names.is_seed(column) or (_names.one_of(column, _names.SEEDS) and _all_seeds(data[column])):
            continue
        values = set(different(data[column]))
        called = any(_names.one_of(column, (one,)) for one in _names.METHODS)
        if not column or (values <= {*_names.STATISTICS, ""} and not called) or are_numbers(data[column]):
            continue
        if len(values) > 1:
            found.append(column)
    runs = _number_of_runs(data, numeric)
    several = [column for column in found if data[column].nunique() < runs]
    return several or found


def _number_of_runs(data: pd.DataFrame, numeric: list[str]) -> int:
    """Return how many rows there are, or where they are steps, how many of them differ in more than numbers."""
    if not any(_names.one_of(c, _names.STEPS) and data[c].nunique() > 1 for c in numeric):
        return len(data)
    numbers = set(numeric)
    keys = [c for c in data.columns if c not in numbers or _names.is_seed(c) or _names.one_of(c, _names.SEEDS)]
    return len(data[keys].drop_duplicates())


def method_column(data: pd.DataFrame, candidates: list[str], roles: Roles) -> str | None:
    """Return the column that is called like one that names the method."""
    if roles.methods:
        holding = [c for c in candidates if set(roles.methods) <= set(different(data[c]))]
        if len(holding) == 1:
            return holding[0]
        every = {text for column in candidates for text in different(data[column])} | set(data.columns)
        for method in roles.methods:
            known("method", method, sorted(every))
    called = [c for c in candidates if any(_names.one_of(c, (one,)) for one in _names.METHODS)]
    called = [c for c in called if not _is_run_name(data, c, roles)]
    first = next((c for c in data.columns if _names.one_of(c, ("method",)) and not _is_run_name(data, c, roles)), None)
    if first is not None:
        return first
    if len(called) > 1:
        same = data.drop_duplicates(called)
        if any(same[c].nunique() < len(same) for c in called):
            raise SeedwiseError(which_method(called))
    return called[0] if called else None


def _is_run_name(data: pd.DataFrame, column: str, roles: Roles) -> bool:
    others = [c for c in data.columns if c != column]
    if roles.name is None and any(_names.is_seed(c) or _names.one_of(c, _names.SEEDS) for c in others):
        return False
    pattern = _names.run_pattern(roles.name)
    return all(pattern.fullmatch(text) for text in different(data[column]))


def _named_runs(data: pd.DataFrame, column: str, roles: Roles, notes: Notes) -> Long:
    """Split the names of runs into their parts."""
    pattern = _names.run_pattern(roles.name)
    found = by_value(data[column], lambda cell: pattern.fullmatch(text_of(cell)))
    for cell, match in zip(data[column], found, strict=True):
        if match is None:
            raise SeedwiseError(f"'{cell}' in the column '{column}' is not named '{roles.name}'")
    parts = [match.groupdict() for match in found if match is not None]
    named = list(parts[0]) if parts else []
    if "method" not in named:
        raise SeedwiseError(f"the name '{roles.name}' needs {{method}}, such as '{{method}}-s{{seed}}'")
    data = data.drop(columns=column)
    for part in named:
        data[part] = np.array([one[part] for one in parts], dtype=object)
    example = parts[0]
    notes.read_as.append(f"{', '.join(f'{part} {example[part]}' for part in named)} in '{found[0][0]}'")
    return Long(data, "method", "seed" if "seed" in named else None)


def _is_chart(columns: list[str]) -> bool:
    """Return whether a chart was exported: with the range of each run, or with steps and 'RUN - METRIC' alone."""
    if any(column.endswith(_RANGES) for column in columns):
        return True
    others = [column for column in columns if " - " not in column]
    return 1 == len(others) < len(columns) - 1 and (_names.one_of(others[0], _names.STEPS) or _is_time(others[0]))


def _is_time(column: str) -> bool:
    return "time" in _names.words(column)


def _chart(data: pd.DataFrame, roles: Roles, notes: Notes) -> Long:
    """Return a chart that was exported: a column per run, a row per step."""
    columns = [column for column in data.columns if not column.endswith(_RANGES)]
    runs = [column for column in columns if " - " in column]
    steps = [column for column in columns if column not in runs]
    every = list(dict.fromkeys(column.rpartition(" - ")[2] for column in runs))
    metrics = [metric for metric in every if not metric.startswith("_")] or every
    if not runs or len(steps) != 1:
        raise SeedwiseError("a chart needs a column of steps and a column per run, named 'RUN - METRIC'")
    if _is_time(steps[0]):
        raise SeedwiseError(f"this is a chart over '{steps[0]}', where runs end anywhere: export it over steps")
    if len(metrics) > 1 and len(roles.metric) != 1:
        raise SeedwiseError(f"which metric: {listed(metrics)}? Pass --metric '{metrics[0]}'")
    metric = roles.metric[0] if roles.metric else metrics[0]
    known("metric", metric, metrics)
    notes.set_aside += ["the columns __MIN and __MAX"] if len(columns) < len(data.columns) else []
    chosen = [column for column in runs if column.endswith(f" - {metric}")]
    melted = data.melt(id_vars=steps, value_vars=chosen, var_name="run", value_name=metric)
    melted["run"] = melted["run"].map(lambda name: name.rpartition(" - ")[0])
    pattern = _names.run_pattern(roles.name)
    odd = next((name for name in melted["run"].unique() if not pattern.fullmatch(name)), None)
    if odd is not None:
        raise SeedwiseError(
            f"what is the method and what the seed in the name '{odd}'? Pass --name, such as '{{method}}-s{{seed}}'"
        )
    long = _named_runs(melted, "run", roles, notes)
    return Long(long.data, long.method, long.seed, metric, steps[0])


def _transposed(data: pd.DataFrame, by_run: RunColumns, roles: Roles, notes: Notes) -> Long:
    """Return a table with a column per seed or fold as a long one."""
    melted, by_run, keys = melt_runs(data, by_run, roles, notes)
    candidates = method_candidates(melted.drop(columns=[by_run.column, by_run.metric]), [], roles)
    method = method_column(melted, candidates, roles) or (candidates[0] if len(candidates) == 1 else None)
    if method is None:
        raise SeedwiseError(which_method(candidates or [column for column in keys if column in data.columns][:1]))
    notes.read_as.insert(-1, f"method: column '{method}'")
    return Long(melted, method, None if by_run.are_folds else by_run.column, by_run.metric)


def by_task(data: pd.DataFrame, roles: Roles) -> tuple[pd.DataFrame, Roles]:
    """Return a table with a row for each of the tasks that are columns, if the user says so, and what is what then.

    Raises:
        SeedwiseError: if one of them is no column.

    """
    if not roles.tasks:
        return data, roles
    columns = [known("column", column, data.columns) for column in roles.tasks]
    keys = [column for column in data.columns if column not in columns]
    value = name_of_values(roles, keys)
    lower = {_names.is_lower_better(column) for column in columns}
    higher = not lower.pop() if roles.higher_is_better is None and not roles.metric and len(lower) == 1 else None
    data = data.melt(id_vars=keys, value_vars=columns, var_name=OF_COLUMN, value_name=value)
    higher = roles.higher_is_better if higher is None else higher
    return data, replace(roles, tasks=(), task=OF_COLUMN, metric=(value,), higher_is_better=higher)


def _all_seeds(column: pd.Series[str]) -> bool:
    values = different(column)
    return all(_names.is_seed_like(value) or value.lower() in _names.STATISTICS for value in values)


def titled(data: pd.DataFrame) -> pd.DataFrame:
    """Return a table with titles and texts without marks around them.

    Raises:
        SeedwiseError: if two titles are then one.

    """
    titles = [plain_name(str(column)) for column in data.columns]
    twice = next((title for title, times in Counter(titles).items() if title and times > 1), None)
    if twice is not None:
        marks = " but for their marks" if len(set(map(str, data.columns))) == len(titles) else ""
        raise SeedwiseError(f"two columns are named '{twice}'{marks}: give each a name of its own")
    data = data.copy()
    data.columns = titles
    for k in range(len(titles)):
        column = data.iloc[:, k]
        if column.dtype == object and any(isinstance(cell, list | dict | set | np.ndarray) for cell in column):
            column = column.map(str)
            data.isetitem(k, column.array)
        if _MARKED.search("\n".join(cell for cell in factorized(column)[1] if isinstance(cell, str))):
            data.isetitem(k, by_value(column, lambda cell: plain_name(cell) if isinstance(cell, str) else cell))
    return data


def _is_empty(column: pd.Series[str]) -> bool:
    return all(is_missing(cell) for cell in factorized(column)[1])


def _same(text: str, value: str) -> bool:
    if text == value.strip():
        return True
    try:
        return float(text) == float(value)
    except ValueError:
        return False
