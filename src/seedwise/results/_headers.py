"""Which line of a CSV file is its header, where it stands in a comment or is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.results._cells import factorized
from seedwise.results._numbers import plainly

if TYPE_CHECKING:
    import pandas as pd

_DECIMAL: Final = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


def is_comment(row: list[str]) -> bool:
    """Return whether a row is a comment, or empty."""
    first = row[0].lstrip()
    return first.startswith("#") or (not first and not any(cell.strip() for cell in row))


def header_in_comment(rows: list[list[str]]) -> list[list[str]]:
    """Return the header that stands behind a ``#``, as numpy writes it; none where the first other row is the header.

    Args:
        rows: all rows of the file, comments included.

    Example:
        >>> header_in_comment([["# made by hand"], ["# seed", "base"], ["0", "0.91"]])
        [['seed', 'base']]
        >>> header_in_comment([["# made by", " hand"], ["seed", "base"], ["0", "0.91"]])
        []

    """
    first = next((k for k, row in enumerate(rows) if not is_comment(row)), 0)
    before, row = rows[first - 1], rows[first]
    is_header = first > 0 and len(before) == len(row) > 1 and before[0].lstrip().startswith("#")
    if not is_header or any(map(_is_number, before)) or not any(map(_is_number, row)):
        return []
    return [[before[0].lstrip().lstrip("#").strip() or "#", *before[1:]]]


def run_as_header_is_refused(data: pd.DataFrame, path: Path) -> None:
    """Refuse a file whose first line is a run: its decimal numbers are of the size of those below.

    Raises:
        SeedwiseError: if it is one.

    """
    titles = [column for column in data.columns if _DECIMAL.fullmatch(column)]
    columns = [plainly(factorized(data[column])[1]) for column in titles]
    if titles and all(_is_among(float(title), values) for title, values in zip(titles, columns, strict=True)):
        raise SeedwiseError(f"{path}: the first line seems to be a run ('{titles[0]}'): it needs a header")


def _is_among(value: float, others: NDArray[np.float64] | None) -> bool:
    if others is None or not np.isfinite(others).any():
        return False
    low, high = float(np.nanmin(others)), float(np.nanmax(others))
    return 2 * low - high <= value <= 2 * high - low


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
