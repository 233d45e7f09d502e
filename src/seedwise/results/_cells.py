"""Cells as text; what is asked of a column is asked once of equal cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd


def text_of(cell: object) -> str:
    """Return a cell as text: whole numbers without a decimal point, missing ones empty.

    Example:
        >>> [text_of(cell) for cell in (3.0, "3.0", " a ", None, float("nan"), 0.5)]
        ['3', '3.0', 'a', '', '', '0.5']

    """
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def by_value(column: ArrayLike, made: Callable[[Any], Any]) -> NDArray[np.object_]:
    """Return what is made of each cell."""
    code, unique = factorized(column)
    found = np.empty(len(unique), dtype=object)
    found[:] = [made(cell) for cell in unique]
    return found[code]


def factorized(column: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return for each cell the place of its value among the different ones, and these in order of appearance.

    None becomes an empty text, and so does what is missing in a categorical column.

    Example:
        >>> factorized(["a", None, float("nan"), "a"])
        (array([0, 1, 2, 0]), array(['a', '', nan], dtype=object))

    """
    import pandas as pd

    if isinstance(column, pd.Series) and isinstance(column.dtype, pd.CategoricalDtype):
        categorical: Any = column.array
        kinds, places = categorical.categories.to_numpy(dtype=object), categorical.codes
        if places.min(initial=0) < 0:
            # A missing cell has the code -1: it is an empty text, which is the last kind unless it is one already.
            empty = np.flatnonzero(kinds == "")
            places = np.where(places < 0, empty[0] if empty.size else len(kinds), places)
            kinds = np.append(kinds, "")
        # Rows may have been left out since, and with them values.
        code, there = pd.factorize(places)
        return code.astype(np.int64), kinds[there]
    if isinstance(column, pd.Series) and isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        code, numbers = pd.factorize(column.to_numpy(), use_na_sentinel=False)
        return code.astype(np.int64), numbers.astype(object)
    cells = np.array(column, dtype=object)
    # pandas would take what is missing for a number that is none.
    cells[[cell is None for cell in cells]] = ""
    code, unique = pd.factorize(cells, use_na_sentinel=False)
    return code.astype(np.int64), unique


def as_column(column: ArrayLike, made: Callable[[str], str]) -> pd.Categorical:
    """Return a column of texts as one that knows where equal cells are.

    Args:
        column: texts.
        made: what becomes of each text; different ones may become equal.

    """
    import pandas as pd

    code, unique = pd.factorize(np.asarray(column, dtype=object))
    own, kinds = pd.factorize(np.array([*map(made, unique), ""], dtype=object)[:-1])
    return pd.Categorical.from_codes(own[code], pd.Index(kinds, dtype=object))


def texts(column: ArrayLike) -> NDArray[np.object_]:
    """Return the cells of a column as text."""
    return by_value(column, text_of)


def varies(column: ArrayLike) -> bool:
    """Return whether a column has different texts."""
    _, unique = factorized(column)
    return any(text_of(cell) != text_of(unique[0]) for cell in unique[1:])


def different(column: ArrayLike) -> list[str]:
    """Return the different texts of a column, in order of appearance."""
    return list(dict.fromkeys(text_of(cell) for cell in factorized(column)[1]))


def counts_rows(column: ArrayLike) -> bool:
    """Return whether a column numbers the rows, from 0 or from 1."""
    own = texts(column).tolist()
    return own in ([str(k) for k in range(b, len(own) + b)] for b in (0, 1))
