"""Columns that divide the runs of a method: a setting, a dataset or a fold that is no role would be pooled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, listed
from seedwise.results import _names
from seedwise.results._cells import factorized, text_of
from seedwise.results._columns import Columns
from seedwise.results._curves import Rows
from seedwise.results._layout import is_numeric
from seedwise.results._roles import Roles
from seedwise.results._states import says_failed

if TYPE_CHECKING:
    import pandas as pd

_MOST_PHASES: Final = 5
_OF_NO_MATTER: Final = frozenset({
    "gpu", "host", "hostname", "node", "machine", "device", "worker", "user", "pid", "port", "commit", "git", "hash",
    "notes", "note", "comment",
})  # fmt: skip


def groups_are_refused(data: pd.DataFrame, columns: Columns, rows: Rows, roles: Roles) -> list[str]:
    """Refuse to pool runs that another column divides, where nothing says that it is no dataset, setting or fold.

    Without seeds that is any column of text with equal values, and one of numbers that divides the runs of every
    method alike. With seeds it is a column of text that divides every method alike; one of numbers, or one that the
    user passes over by naming the seed, is doubted.

    Args:
        data: the table.
        columns: what its columns are.
        rows: a row per run.
        roles: what the user says.

    Returns:
        Doubts, a phrase each.

    Raises:
        SeedwiseError: one line, with the options that decide it.

    """
    doubts = []
    for column, shown, alike in _dividing(data, columns, rows):
        numeric = is_numeric(data[column])
        if rows.seed is None and rows.fold is None and (alike or not numeric):
            raise SeedwiseError(
                f"no column names the seed, and the rows differ in '{column}' ({shown}): pass --task '{column}' if it "
                f"is a dataset, --seed '{column}' if it tells runs apart, --fold '{column}' if it is a fold, or keep "
                "one value (--where)"
            )
        if not alike or _OF_NO_MATTER & set(_names.words(column)):
            continue
        if not numeric and not roles.seed:
            raise SeedwiseError(
                f"the runs of every method differ in '{column}' ({shown}): pass --task '{column}' if it is a dataset, "
                f"--seed '{', '.join(columns.seed)}' if it is of no importance, or keep one value (--where)"
            )
        doubts.append(f"the runs of a method differ in {column} ({shown}), and are taken for runs of one kind")
    return doubts


def phases_are_refused(data: pd.DataFrame, columns: Columns, rows: Rows) -> None:
    """Refuse curves in which a column of a few texts, such as ``train`` and ``eval``, divides the steps of a run.

    Raises:
        SeedwiseError: one line, with the option that decides it.

    """
    for column in data.columns:
        if not column or column in columns.all or _OF_NO_MATTER & set(_names.words(column)):
            continue
        code, values = factorized(data[column])
        if 1 < len(values) <= _MOST_PHASES and _times(code[rows.place], rows.run).astype(bool).sum(axis=1).max() > 1:
            shown = [text for text in map(text_of, values) if text]
            if len(shown) == len(values) and not is_numeric(data[column]):
                raise SeedwiseError(
                    f"the steps of a run differ in '{column}' ({listed(shown, 3)}): keep one value (--where "
                    f"'{column}={shown[-1]}')"
                )


def _dividing(data: pd.DataFrame, columns: Columns, rows: Rows) -> Iterator[tuple[str, str, bool]]:
    """Yield columns in which runs of a method differ, some values, and whether they divide all methods alike."""
    number: dict[tuple[object, object], int] = {}
    cell = np.array([number.setdefault(one, len(number)) for one in zip(rows.task, rows.method, strict=True)])
    smallest = np.bincount(cell).min()
    has_seeds = rows.seed is not None or rows.fold is not None
    for column in data.columns:
        if not column or column in columns.all or says_failed(data, column):
            continue
        code, values = factorized(data[column])
        code = code[rows.place]
        there = np.unique(code)
        if there.size < 2 or there.size >= len(cell) or (has_seeds and there.size >= smallest):
            continue
        times = _times(code, cell)
        if np.all(np.sum(times > 0, axis=1) < 2):
            continue
        alike = there.size <= smallest and len(number) > 1 and _are_alike(times, numeric=is_numeric(data[column]))
        yield column, listed([text_of(values[k]) for k in there], 3), alike


def _times(code: NDArray[np.int64], cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each cell has each value, shape (cells, values)."""
    there, own = np.unique(code, return_inverse=True)
    times = np.zeros((int(cell.max()) + 1, there.size), dtype=np.int64)
    np.add.at(times, (cell, own), 1)
    return times


def _are_alike(times: NDArray[np.int64], *, numeric: bool) -> bool:
    """Return whether all methods have the same values: numbers equally often, texts more than once."""
    equal = np.all(times == times[0])
    return bool(np.all(times == times[0, 0]) if numeric else equal or np.all(times > 1))
