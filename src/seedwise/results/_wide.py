"""Tables with a column per method."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import counts_rows, varies
from seedwise.results._long import ROW, Long, Notes, name_of_values
from seedwise.results._numbers import read_numbers
from seedwise.results._roles import Roles

if TYPE_CHECKING:
    import pandas as pd

_LEAST_ROWS: Final = 3
_MOST_COMPARED: Final = 12
_ROUNDED: Final = 0.1
"""Of the range of a column: how far a difference of rounded numbers may be off at most."""
_MOST_DECIMALS: Final = 10


def wide(data: pd.DataFrame, methods: list[str], roles: Roles) -> Long:
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


def wide_or_file(data: pd.DataFrame, numeric: list[str], roles: Roles, notes: Notes, name: str | None) -> Long:
    """Return a table without a column of methods as a long one: its columns are methods, or its file is one.

    Args:
        data: the table.
        numeric: its columns of numbers.
        roles: what the user says.
        notes: where is said what was found.
        name: of the file, where a file may be a method.

    Raises:
        SeedwiseError: if its columns may be something else than methods.

    """
    aside = [c for c in numeric if _is_no_method(c) or c in roles.named]
    left_out = set(aside)
    methods = [column for column in numeric if column not in left_out]
    results = [column for column in methods if _names.is_result(column)]
    if name is not None and (len(methods) == 1 or set(roles.metric) & set(numeric) or results):
        return Long(data.assign(method=name), "method", of_file=True)
    if len(methods) > 1 and results:
        raise SeedwiseError(
            f"no column names the method, and '{results[0]}' is called like a metric: pass --by COLUMN (by=...), or "
            "name the columns that are methods, --methods A,B (methods=[...])"
        )
    groups = [column for column in methods if _names.one_of(column, _names.GROUPS)]
    if groups and len(methods) > 2:
        raise SeedwiseError(
            f"what is '{groups[0]}' in a table with a column per method? Pass --task '{groups[0]}' if it is a dataset, "
            f"--seed '{groups[0]}' if it tells runs apart, or --fold '{groups[0]}' if it is a fold"
        )
    _two_metrics_are_refused(methods)
    keys = (*_names.SEEDS, *_names.TASKS)
    made = [c for c in aside if (_names.is_cost(c) or _names.is_derived(c)) and not _names.one_of(c, keys)]
    made += [] if len(methods) < 3 else _no_results(data, methods)
    methods = [column for column in methods if column not in made]
    if len(methods) < 2:
        raise SeedwiseError(
            f"no column names the method: there are {listed(map(repr, data.columns))}. Pass --by COLUMN (by=...), or a "
            "file per method"
        )
    if made:
        notes.set_aside.append(f"column{'s' if len(made) > 1 else ''} {listed(made)}")
    notes.read_as.append(f"methods: columns {listed(map(repr, methods))}")
    return wide(data.drop(columns=made), methods, roles)


def _no_results(data: pd.DataFrame, methods: list[str]) -> list[str]:
    """Return columns among those of methods that number the rows, or are the difference of two others.

    Raises:
        SeedwiseError: for whole numbers next to results that are none: they may count something.

    """
    if len(data) < _LEAST_ROWS or len(methods) > _MOST_COMPARED:
        return []
    numbers = {column: values for column in methods if (values := _finite(data, column)) is not None}
    found = [column for column in numbers if counts_rows(data[column])]
    for column, own in numbers.items():
        others = [values for other, values in numbers.items() if other != column and other not in found]
        if np.ptp(own) > 0 and any(_is_difference(own, *pair) for pair in itertools.permutations(others, 2)):
            found.append(column)
    left = {column: values for column, values in numbers.items() if column not in found}
    whole = [column for column, values in left.items() if np.all(values == np.round(values))]
    rest = [column for column in methods if column not in (*found, *whole)]
    if whole and len(rest) > 1:
        raise SeedwiseError(
            f"is '{whole[0]}' a method? It holds whole numbers, and {listed(map(repr, rest), 3)} do not: name the "
            f"methods, --methods '{','.join(rest)}' (methods=[...])"
        )
    return found


def _is_difference(own: NDArray[np.float64], one: NDArray[np.float64], two: NDArray[np.float64]) -> bool:
    """Return whether numbers are the differences of two larger ones, as far as all of them are written out."""
    if np.abs(own).mean() >= min(np.abs(one).mean(), np.abs(two).mean()):
        return False
    rounded = min(sum(map(_last_digit, (own, one, two))) / 2, _ROUNDED * float(np.ptp(own)))
    return bool(np.abs(own - (one - two)).max() <= 1.01 * rounded)


def _last_digit(values: NDArray[np.float64]) -> float:
    """Return the unit of the last digit of numbers that are written with equally many decimals."""
    return next((10.0**-k for k in range(_MOST_DECIMALS) if np.allclose(values, np.round(values, k), atol=1e-12)), 0.0)


def _finite(data: pd.DataFrame, column: str) -> NDArray[np.float64] | None:
    """Return the numbers of a column; None if one is missing."""
    try:
        values = read_numbers(data[column]).values
    except SeedwiseError:  # refused where the column is read
        return None
    return values if np.all(np.isfinite(values)) else None


def _two_metrics_are_refused(columns: list[str]) -> None:
    """Refuse columns such as ``base acc`` and ``base loss``, or ``base train`` and ``base test``: no two methods."""
    of: dict[tuple[str, ...], dict[tuple[str, ...], str]] = {}
    for column in columns:
        method, kind = _names.measured(column)
        if kind:
            of.setdefault(method, {}).setdefault(kind, column)
    for method, own in of.items():
        if method and len(own) > 1:
            raise SeedwiseError(
                f"the columns {listed(map(repr, own.values()), 4)} seem to be metrics of one method: name those of one "
                f"metric, --methods '{next(iter(own.values()))},...' (methods=[...])"
            )


def _is_no_method(column: str) -> bool:
    kinds = (_names.SEEDS, _names.STEPS, _names.FOLDS, _names.TASKS)
    if not column or _names.is_cost(column) or _names.is_seed(column) or _names.is_derived(column):
        return True
    return any(_names.one_of(column, kind) for kind in kinds)
