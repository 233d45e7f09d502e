"""From the layouts in which tables come to one: a row per run, or per step of a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import by_value, different, factorized, text_of, texts, varies
from seedwise.results._marks import plain_name
from seedwise.results._numbers import NotANumberError, is_missing, plainly, read_numbers
from seedwise.results._roles import Roles, known

if TYPE_CHECKING:
    import pandas as pd

ROW: Final = "row"
"""The column that numbers the rows of a wide table without seeds."""

OF_COLUMN: Final = "task of column"
"""The column of the task where tasks were columns."""

_MARKED: Final = re.compile(r"^[^\S\n]*[*`$\\<]", re.MULTILINE)
_RANGES: Final = ("__MIN", "__MAX")


@dataclass
class Notes:
    """What was found by name, and what was left out: a phrase each."""

    read_as: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Long:
    """A table with a row per run or step of a run.

    Attributes:
        data: its cells, as written.
        method: the column of the method.
        seed: the column of the seed where the layout says it.
        metric: the column of the metric where the layout says it.
        step: the column of the steps where the layout says it.

    """

    data: pd.DataFrame
    method: str
    seed: str | None = None
    metric: str | None = None
    step: str | None = None


def cleaned(data: pd.DataFrame, roles: Roles, notes: Notes) -> pd.DataFrame:
    """Return the rows that are asked for of a table as ``titled``, without columns that are empty or count the rows."""
    data = data.copy()
    for name in ("", *(c for c in data.columns if re.fullmatch(r"Unnamed: \d+", c))):
        if name in data.columns and (_is_empty(data[name]) or _counts(data[name])):
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
        return _wide(data, list(roles.methods), roles)
    own = next((column for column in columns if _names.one_of(column, ("method",))), None)
    if name is not None and own is not None:
        return Long(data, own)
    return _guessed(data, roles, notes, name)


def _guessed(data: pd.DataFrame, roles: Roles, notes: Notes, name: str | None) -> Long:
    """Find the column of the method, or a layout without one, by names and values."""
    columns = list(data.columns)
    numeric = [column for column in columns if is_numeric(data[column])]
    by_seed = [c for c in numeric if _names.is_seed_like(c) and c not in roles.seed] or _numbered_alike(numeric)
    candidates = method_candidates(data, numeric, roles)
    if len(by_seed) >= 2 and candidates:
        return _transposed(data, by_seed, roles, notes)
    means_are_refused(data, columns)
    method = method_column(data, candidates, roles)
    run = None if method else next((column for column in candidates if _is_run_name(data, column, roles)), None)
    if run is not None:
        return _named_runs(data, run, roles, notes)
    if method is not None or len(candidates) == 1:
        notes.read_as.append(f"method: column '{method or candidates[0]}'")
        return Long(data, method or candidates[0])
    if len(candidates) > 1:
        raise SeedwiseError(which_method(candidates))
    return _wide_or_file(data, numeric, roles, notes, name)


def _numbered_alike(columns: list[str]) -> list[str]:
    """Return the columns named after one metric and a seed, such as ``acc seed 0``; none if there are two metrics."""
    named = {column: found for column in columns if (found := _names.run_pattern(None).fullmatch(column))}
    seeds = {found["seed"] for found in named.values()}
    one_metric = len({found["method"] for found in named.values()}) == 1
    return list(named) if one_metric and len(seeds | set(columns)) == len(named) + len(columns) else []


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
        if _names.one_of(column, _names.SEEDS) and _all_seeds(data[column]):
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
    keys = [c for c in data.columns if c not in numbers or _names.one_of(c, _names.SEEDS)]
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
    if roles.name is None and any(_names.one_of(c, _names.SEEDS) and c != column for c in data.columns):
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
    return 1 == len(others) < len(columns) - 1 and _names.one_of(others[0], _names.STEPS)


def _chart(data: pd.DataFrame, roles: Roles, notes: Notes) -> Long:
    """Return a chart that was exported: a column per run, a row per step."""
    columns = [column for column in data.columns if not column.endswith(_RANGES)]
    runs = [column for column in columns if " - " in column]
    steps = [column for column in columns if column not in runs]
    metrics = list(dict.fromkeys(column.rpartition(" - ")[2] for column in runs))
    if not runs or len(steps) != 1:
        raise SeedwiseError("a chart needs a column of steps and a column per run, named 'RUN - METRIC'")
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


def _transposed(data: pd.DataFrame, by_seed: list[str], roles: Roles, notes: Notes) -> Long:
    """Return a table with a column per seed as a long one."""
    statistics = [c for c in data.columns if c.lower() in _names.STATISTICS]
    if statistics:
        notes.set_aside.append(f"column{'s' if len(statistics) > 1 else ''} {listed(statistics)}")
    keys = [column for column in data.columns if column not in (*by_seed, *statistics)]
    metric = name_of_values(roles, data.columns)
    notes.read_as.append(f"seed: columns {listed(by_seed, 3)}")
    named = {column: found for column in by_seed if (found := _names.run_pattern(None).fullmatch(column))}
    if len(named) == len(by_seed):
        metric = metric if roles.metric else named[by_seed[0]]["method"]
        data = data.rename(columns={column: found["seed"] for column, found in named.items()})
        by_seed = [found["seed"] for found in named.values()]
    melted = data.melt(id_vars=keys, value_vars=by_seed, var_name="seed of column", value_name=metric)
    candidates = method_candidates(melted.drop(columns=["seed of column", metric]), [], roles)
    method = method_column(melted, candidates, roles) or (candidates[0] if len(candidates) == 1 else None)
    if method is None:
        raise SeedwiseError(which_method(candidates or [column for column in keys if column in data.columns][:1]))
    notes.read_as.insert(-1, f"method: column '{method}'")
    return Long(melted, method, "seed of column", metric)


def name_of_values(roles: Roles, columns: Iterable[str]) -> str:
    """Return what the values are called of a table with a column per method or seed: the metric that the user names.

    Raises:
        SeedwiseError: if that is one of these columns.

    """
    name = roles.metric[0] if roles.metric else "value"
    if name in columns:
        raise SeedwiseError(
            f"'{name}' is a column: where each method or seed has one, --metric is a name for what they hold"
        )
    return name


def _wide(data: pd.DataFrame, methods: list[str], roles: Roles) -> Long:
    """Return a table with a column per method as a long one."""
    metric = name_of_values(roles, methods)
    named_methods = set(methods)
    keys = [column for column in data.columns if column not in named_methods]
    folds = [c for c in keys if c in roles.fold or (not roles.fold and _names.one_of(c, _names.FOLDS))]
    free = [c for c in keys if c not in folds]
    named = [c for c in free if c in roles.seed or (not roles.seed and _names.one_of(c, _names.SEEDS))]
    has_steps = any(_names.one_of(c, _names.STEPS) and varies(data[c]) for c in free)
    numbered = not named and not folds and not has_steps
    if numbered:
        data = data.assign(**{ROW: np.arange(len(data)).astype(str)})
        keys.append(ROW)
    taken = {"method": "method", metric: metric}
    clash = [column for column in keys if column in taken]
    data = data.rename(columns={column: f"{column} (column)" for column in clash})
    keys = [f"{column} (column)" if column in clash else column for column in keys]
    melted = data.melt(id_vars=keys, value_vars=methods, var_name="method", value_name=metric)
    return Long(melted, "method", ROW if numbered else None, metric)


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


def _wide_or_file(data: pd.DataFrame, numeric: list[str], roles: Roles, notes: Notes, name: str | None) -> Long:
    aside = [c for c in numeric if _is_no_method(c) or c in roles.named]
    left_out = set(aside)
    methods = [column for column in numeric if column not in left_out]
    if name is not None and (len(methods) == 1 or set(roles.metric) & set(numeric)):
        return Long(data.assign(method=name), "method")
    if len(methods) < 2:
        raise SeedwiseError(
            f"no column names the method: there are {listed(map(repr, data.columns))}. Pass --by COLUMN (by=...), or a "
            "file per method"
        )
    costs = [c for c in aside if _names.is_cost(c) and not _names.one_of(c, _names.SEEDS)]
    if costs:
        notes.set_aside.append(f"column{'s' if len(costs) > 1 else ''} {listed(costs)}")
    _two_metrics_are_refused(methods)
    notes.read_as.append(f"methods: columns {listed(map(repr, methods))}")
    return _wide(data.drop(columns=costs), methods, roles)


def _two_metrics_are_refused(columns: list[str]) -> None:
    """Refuse columns such as ``base acc`` and ``base loss``: they are two metrics of one method."""
    of: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        of.setdefault(_names.words(column)[:-1], []).append(column)
    for stem, own in of.items():
        if stem and len({_names.is_lower_better(column) for column in own}) > 1:
            raise SeedwiseError(
                f"the columns {listed(map(repr, own), 4)} seem to be metrics of one method: name those of one metric, "
                f"--methods '{own[0]},...' (methods=[...])"
            )


def _is_no_method(column: str) -> bool:
    kinds = (_names.SEEDS, _names.STEPS, _names.FOLDS, _names.TASKS)
    return not column or any(_names.one_of(column, kind) for kind in kinds) or _names.is_cost(column)


def _all_seeds(column: pd.Series[str]) -> bool:
    values = different(column)
    return all(_names.is_seed_like(value) or value.lower() in _names.STATISTICS for value in values)


def _counts(column: pd.Series[str]) -> bool:
    return texts(column).tolist() in ([str(k) for k in range(b, len(column) + b)] for b in (0, 1))


def titled(data: pd.DataFrame) -> pd.DataFrame:
    """Return a table with titles and texts without marks around them.

    Raises:
        SeedwiseError: if two titles are then one.

    """
    titles = [plain_name(str(column)) for column in data.columns]
    twice = next((title for title, times in Counter(titles).items() if title and times > 1), None)
    if twice is not None and len(set(map(str, data.columns))) == len(titles):
        raise SeedwiseError(f"two columns are named '{twice}' but for their marks: give each a name of its own")
    data = data.copy()
    data.columns = titles
    for k in range(len(titles)):
        column = data.iloc[:, k]
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
