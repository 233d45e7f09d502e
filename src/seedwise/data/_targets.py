"""What is predicted of the rows of a table: classes, labels or values, from its columns; needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seedwise.data._rows import Rows, numbers_of
from seedwise.errors import SeedwiseError, listed, shown


def class_column(rows: Rows, kind: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the classes (rows,) of the only target, text or whole numbers, and what they stand for, in their order.

    Args:
        rows: of the table.
        kind: how a message names the kind of task.

    Raises:
        SeedwiseError: for several targets, or numbers that are not whole.

    """
    columns = list(rows.targets)
    if len(columns) > 1:
        raise SeedwiseError(
            f"{rows.place}: kind: {kind} has one column as its target, not {listed(columns)}: several columns of "
            "0 and 1 are kind: multilabel"
        )
    column = rows.targets[columns[0]]
    numbers = numbers_of(column)
    if numbers is not None and np.isfinite(numbers).all():
        wrong = numbers != np.round(numbers)
        if wrong.any():
            row = int(wrong.argmax())
            raise SeedwiseError(
                f"{rows.place.at(row)}: column {column.name} is {numbers[row]:g}: classes are text or whole "
                "numbers, and kind: regression predicts numbers"
            )
        values, index = np.unique(numbers, return_inverse=True)
        return index.astype(np.int64), tuple(f"{value:g}" for value in values)
    texts, index = np.unique(column.astype(str).to_numpy(dtype=str), return_inverse=True)
    return index.astype(np.int64), tuple(map(str, texts))


def label_columns(rows: Rows) -> NDArray[np.float64]:
    """Return the targets (rows, labels), each 0 or 1.

    Raises:
        SeedwiseError: if one is something else.

    """
    return _checked(rows, lambda numbers: np.isin(numbers, (0, 1)), "the columns of kind: multilabel hold 0 or 1")


def value_columns(rows: Rows) -> NDArray[np.float64]:
    """Return the targets (rows, targets), finite.

    Raises:
        SeedwiseError: if one is something else, such as text.

    """
    return _checked(rows, np.isfinite, "kind: regression predicts finite numbers, and kind: classification text")


def _checked(rows: Rows, is_right: Callable[[NDArray[Any]], NDArray[np.bool_]], wanted: str) -> NDArray[np.float64]:
    columns = []
    for name in rows.targets:
        numbers = pd.to_numeric(rows.targets[name], errors="coerce").to_numpy(dtype=np.float64)
        right = is_right(numbers)
        if not right.all():
            row = int((~right).argmax())
            given = str(rows.targets[name].iloc[row])
            raise SeedwiseError(f"{rows.place.at(row)}: column {name} is {shown(given)}: {wanted}")
        columns.append(numbers)
    return np.column_stack(columns)
