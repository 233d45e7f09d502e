"""Where a table has means and SDs: in one cell, or in two columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import different, texts
from seedwise.results._layout import are_numbers, by_task, is_numeric
from seedwise.results._long import OF_COLUMN, Notes
from seedwise.results._numbers import (
    NotANumberError,
    Numbers,
    is_concise,
    is_missing,
    mean_and_sd,
    numbers_of,
    read_numbers,
)
from seedwise.results._roles import Roles, known

if TYPE_CHECKING:
    import pandas as pd

_INTERVALS: Final = frozenset({"ci", "ci95", "confidence", "interval"})
_ERRORS: Final = _names.STANDARD_ERROR | {"se"}


@dataclass(frozen=True)
class MeanColumns:
    """Where means and SDs of a metric stand.

    Attributes:
        name: of the metric.
        mean: the column of the means, or of means with their SDs.
        sd: the column of the SDs or standard errors, None where they stand behind the means.

    """

    name: str
    mean: str
    sd: str | None


def mean_columns(data: pd.DataFrame, roles: Roles, count: int | str | None) -> list[MeanColumns]:
    """Return where there are means with SDs: in one cell, or in two columns.

    Args:
        data: the table.
        roles: what the user says about the columns.
        count: the column of the numbers of runs, if the user names it.

    Raises:
        SeedwiseError: if there are none.

    """
    found = [MeanColumns(column, column, None) for column in data.columns if _holds_both(data[column])]
    numeric = [column for column in data.columns if is_numeric(data[column])]
    # A cell of an SD that is no number is refused when it is read.
    spreads = [column for column in data.columns if _names.SPREAD & set(_names.words(column))]
    numeric += [column for column in spreads if column not in numeric and are_numbers(data[column])]
    rest = {column: tuple(w for w in _names.words(column) if w not in _names.MEAN) for column in numeric}
    unnamed = []
    for column in numeric:
        own = tuple(word for word in rest[column] if word not in _names.SPREAD)
        if own == rest[column]:
            continue
        mean = next((c for c in numeric if rest[c] == own), None)
        if mean is not None:
            found.append(MeanColumns("_".join(own) or "value", mean, column))
        elif not own:
            unnamed.append(column)
    if not found and len(unnamed) == 1:
        means = [column for column in numeric if _could_be_mean(column) and column not in (count, roles.by, roles.task)]
        means = [column for column in means if column in roles.metric] if roles.metric else means
        found = [MeanColumns(means[0], means[0], unnamed[0])] if len(means) == 1 else []
    if not found:
        raise SeedwiseError(
            "no column holds means with SDs, such as '87.1 \u00b1 0.2', and no two hold a mean and a std, such as "
            "'acc_mean' and 'acc_std', or one metric 'acc' and its 'std': if the rows are runs, leave out --summary "
            "(summary=True)"
        )
    return found


def _could_be_mean(column: str) -> bool:
    kinds = (_names.COUNTS, _names.TASKS, _names.SEEDS, _names.STEPS, _names.FOLDS, _names.STATISTICS)
    if _names.is_cost(column) or any(_names.one_of(column, kind) for kind in kinds):
        return False
    return not _names.SPREAD & set(_names.words(column))


def chosen_columns(
    data: pd.DataFrame, found: list[MeanColumns], roles: Roles, notes: Notes
) -> tuple[pd.DataFrame, list[MeanColumns], Roles]:
    """Return the metrics that are asked for; columns of means of which none is asked for are tasks of one metric.

    Raises:
        SeedwiseError: if it is not clear which is the metric.

    """
    if roles.metric and not roles.tasks:
        by_name = {name: one for one in found for name in (one.mean, one.name)}
        return data, [by_name[known("metric", name, by_name)] for name in roles.metric], roles
    if roles.tasks:
        by_mean = {one.mean: one for one in found}
        chosen = [by_mean[known("column of means", name, by_mean)] for name in roles.tasks]
        return _by_task(data, found, chosen, roles)
    aside = [one.mean for one in found if _is_no_task(one.mean)]
    left = [one for one in found if one.mean not in aside] or found
    if len(left) < len(found):
        notes.set_aside.append(f"column{'s' if len(aside) > 1 else ''} {listed(aside)}")
    if len(left) == 1:
        return data.drop(columns=[one.mean for one in found if one not in left]), left, roles
    lower = {_names.is_lower_better(one.mean) for one in left}
    has_tasks = any(_names.one_of(column, _names.TASKS) for column in data.columns) or roles.task is not None
    if has_tasks or any(one.sd is not None for one in left) or (roles.higher_is_better is None and len(lower) > 1):
        names = [one.name for one in left]
        raise SeedwiseError(
            f"which column is the metric: {listed(map(repr, names))}? Pass --metric '{names[0]}', or several by "
            "commas (metric=...)"
        )
    notes.read_as.append(f"tasks of one metric: columns {listed(repr(one.mean) for one in left)}")
    return _by_task(data, found, left, roles)


def _by_task(
    data: pd.DataFrame, found: list[MeanColumns], chosen: list[MeanColumns], roles: Roles
) -> tuple[pd.DataFrame, list[MeanColumns], Roles]:
    """Return a row for each of the columns of means that are tasks; the other columns of means are left out."""
    columns = [one.mean for one in chosen]
    data = data.drop(columns=[one.mean for one in found if one.mean not in columns])
    data, roles = by_task(data, replace(roles, tasks=tuple(columns)))
    return data, [MeanColumns(roles.metric[0], roles.metric[0], None)], roles


def _is_no_task(column: str) -> bool:
    """Return whether a column among those of tasks is their average, or what a method cost."""
    own = _names.words(column)
    return _names.is_cost(column) or (bool(own) and set(own) <= _names.STATISTICS)


def _holds_both(column: pd.Series[str]) -> bool:
    """Return whether at least half of the different cells of a column are means with SDs."""
    written = [text for text in different(column) if not is_missing(text)]
    found = sum(_is_mean_with_sd(text) for text in written)
    return found > 0 and 2 * found >= len(written)


def _is_mean_with_sd(text: str) -> bool:
    parts = mean_and_sd(text)
    return parts is not None and any(not is_missing(part) for part in parts) and all(map(_is_number, parts))


def _is_number(text: str) -> bool:
    for decimal in (".", ","):
        try:
            read_numbers([text.rstrip("% ")], decimal)
        except SeedwiseError:
            continue
        return True
    return False


def means_and_sds(
    data: pd.DataFrame, columns: MeanColumns, names: Iterable[str], roles: Roles, notes: Notes
) -> tuple[Numbers, NDArray[np.float64]]:
    """Return the means and SDs of a metric, in the order of the rows; NaN where there is none.

    Args:
        data: the table.
        columns: where they stand.
        names: the method of each row.
        roles: what the user says about the columns.
        notes: where is said what was found.

    Raises:
        SeedwiseError: for a cell that is neither a mean with its SD, nor a mean, nor empty.

    """
    if columns.sd is not None:
        notes.read_as.append(f"SD: column '{columns.sd}'")
        return numbers_of(data, columns.mean, roles.decimal), numbers_of(data, columns.sd, roles.decimal).values
    where = "" if roles.task == OF_COLUMN else f" in '{columns.mean}'"
    title = set(_names.words(columns.mean))
    if title & _INTERVALS:
        raise SeedwiseError(
            f"'{columns.mean}' says that its cells hold confidence intervals, which are no SDs: write SDs, or standard "
            "errors in a column of their own, 'sem'"
        )
    if title & _ERRORS:
        raise SeedwiseError(
            f"'{columns.mean}' says that its cells hold standard errors, which are no SDs: write these into a column "
            "of their own, 'sem'"
        )
    notes.read_as.append(f"SD: behind the mean{where}, and no standard error")
    cells = []
    for text, name in zip(texts(data[columns.mean]), names, strict=True):
        if is_concise(text):
            raise SeedwiseError(
                f"is the SD in '{text}' (method {name}{where}) in units of the last digit, or as it stands? Write it "
                "out, such as '90.12 \u00b1 0.34'"
            )
        cell = ("", "") if is_missing(text) else mean_and_sd(text) or (text, "")
        if not all(map(_is_number, cell)):
            raise SeedwiseError(
                f"'{text}' (method {name}{where}) is no mean with its SD, such as '87.1 \u00b1 0.2': leave it empty if "
                "there is none"
            )
        cells.append(cell)
    percent = any("%" in part for cell in cells for part in cell)
    try:
        means, sds = (
            read_numbers(np.array([part.rstrip("\\% ") for part in column], dtype=object), roles.decimal)
            for column in zip(*cells, strict=True)
        )
    except NotANumberError as error:
        raise SeedwiseError(f"{error} with the decimal sign of the other means{where}: write one sign") from None
    return Numbers(means.values, means.missing, percent), sds.values
