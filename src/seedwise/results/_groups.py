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


def _dividing(data: pd.DataFrame, columns: Columns, rows: Rows) -> Iterator[tuple[str, str, bool]]:
    """Yield columns in which runs of a method differ, some values, and whether all methods have them equally often."""
    cells = list(dict.fromkeys(zip(rows.task, rows.method, strict=True)))
    number = {cell: k for k, cell in enumerate(cells)}
    cell = np.array([number[one] for one in zip(rows.task, rows.method, strict=True)], dtype=np.int64)
    sizes = np.bincount(cell, minlength=len(cells))
    has_seeds = rows.seed is not None or rows.fold is not None
    for column in data.columns:
        if not column or column in columns.all or says_failed(data, column):
            continue
        code, values = factorized(data[column])
        code = code[rows.place]
        there = np.unique(code)
        if there.size < 2 or there.size >= len(cell):
            continue
        if there.size > sizes.min() - has_seeds or len(cells) < 2:
            alike = False
        else:
            alike = _is_alike(code, cell, len(cells), balanced=is_numeric(data[column]))
        if alike or not has_seeds:
            yield column, listed([text_of(values[k]) for k in there], 3), alike


def _is_alike(code: NDArray[np.int64], cell: NDArray[np.int64], cells: int, *, balanced: bool) -> bool:
    """Return whether all methods have each value equally often; balanced: and every value as often as the others."""
    there, own = np.unique(code, return_inverse=True)
    times = np.zeros((cells, there.size), dtype=np.int64)
    np.add.at(times, (cell, own), 1)
    return bool(np.all(times == (times[0, 0] if balanced else times[0])))
