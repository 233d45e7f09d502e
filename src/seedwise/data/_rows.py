"""A CSV whose rows are examples: what is learned from, and what is predicted; needs no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seedwise.data._table import Place, read_csv
from seedwise.errors import SeedwiseError, did_you_mean, listed

SPLITS: Final = ("train", "validation", "test")
"""What a column that splits the rows may say of each."""

CATEGORIES: Final = 20
"""A column of text with more different values is no column of categories."""


@dataclass(frozen=True)
class Rows:
    """What a CSV of examples holds.

    Attributes:
        place: what messages call it and its rows.
        columns: names of the features; ``color=red`` for a category of a column of text.
        features: (rows, features) float64, finite; a category is 0 or 1.
        targets: the columns that are predicted, as they are in the file; none is missing.
        split: (rows,) one of ``SPLITS`` each, or None where no column says.
        notes: a line for every column of text, which says what was made of it.

    """

    place: Place
    columns: tuple[str, ...]
    features: NDArray[np.float64]
    targets: pd.DataFrame
    split: NDArray[np.object_] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.features)


def read_rows(path: str | Path, target: Sequence[str], *, split: str | None = None, ignore: Sequence[str] = ()) -> Rows:
    """Read a CSV of one example per row; a file that was read before is not read again.

    Columns of numbers, and of true and false, are taken as they are. One of text with at most ``CATEGORIES`` different
    values becomes one column for each, 1 where the row has it and 0 elsewhere.

    Args:
        path: the file; its first line names the columns.
        target: columns that are predicted; all others are learned from.
        split: a column that says ``train``, ``validation`` or ``test`` of every row.
        ignore: columns that are left out.

    Raises:
        SeedwiseError: if the file is not there or no CSV, if it has no such column or none to learn from, if a value is
            missing or infinite, or if a column of text has too many different values, or a single text among numbers.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = Path(folder.name) / "houses.csv"
        >>> _ = path.write_text("rooms,heating,price\\n3,gas,200\\n5,oil,310\\n4,gas,250\\n")
        >>> rows = read_rows(path, ["price"])
        >>> rows.columns, rows.features.tolist()
        (('rooms', 'heating=gas', 'heating=oil'), [[3.0, 1.0, 0.0], [5.0, 0.0, 1.0], [4.0, 1.0, 0.0]])
        >>> rows.notes
        ('houses.csv: column heating holds text: 2 categories, one column of 0 and 1 each',)
        >>> folder.cleanup()

    """
    at = Path(path)
    stamp = at.stat().st_mtime_ns if at.is_file() else 0
    return _read(str(path), stamp, tuple(target), split, tuple(ignore))


@lru_cache(maxsize=8)
def _read(path: str, _stamp: int, target: tuple[str, ...], split: str | None, ignore: tuple[str, ...]) -> Rows:
    return rows_of(read_csv(Path(path)), Place(path, "line", 2, ""), target, split=split, ignore=ignore)


def rows_of(
    frame: pd.DataFrame, place: Place, target: Sequence[str], *, split: str | None = None, ignore: Sequence[str] = ()
) -> Rows:
    """Return the rows of a data frame; see ``read_rows``.

    Args:
        frame: one example per row; its index counts nothing.
        place: what messages call it and its rows.
        target, split, ignore: as of ``read_rows``.

    """
    known = list(map(str, frame))
    frame = frame.set_axis(known, axis=1)
    twice = next((name for name, count in Counter(known).items() if count > 1), None)
    if twice is not None:
        raise SeedwiseError(f"{place} has more than one column '{twice}': rename or drop the others")
    used = [*target, *([] if split is None else [split]), *ignore]
    for column in used:
        if column not in known:
            raise SeedwiseError(
                f"{place} has no column '{column}': {did_you_mean(column, known)}its columns are {listed(known, None)}"
            )
    again = next((column for column, count in Counter(used).items() if count > 1), None)
    if again is not None:
        raise SeedwiseError(f"{place}: column {again} is named twice among target, split and ignore: name it once")
    features = [column for column in known if column not in used]
    if not features:
        raise SeedwiseError(f"{place} has no column to learn from besides {listed(used)}: add one")
    columns: dict[str, NDArray[np.float64]] = {}
    notes = []
    for column in features:
        made = _feature(frame[column], place)
        columns |= made
        if list(made) != [column]:
            what = f"column {column} holds text: {len(made)} categories, one column of 0 and 1 each"
            notes.append(f"{Path(place.name).name}: {what}")
    for column in target:
        _check_missing(frame[column], place)
    return Rows(
        place,
        tuple(columns),
        np.column_stack(list(columns.values())),
        frame[list(target)],
        None if split is None else _split(frame[split], place),
        tuple(notes),
    )


def numbers_of(column: pd.Series[Any]) -> NDArray[np.float64] | None:
    """Return a column as numbers, NaN where it holds text; None if it holds nothing else."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    return None if np.isnan(numbers).all() else numbers


def _feature(column: pd.Series[Any], place: Place) -> dict[str, NDArray[np.float64]]:
    name = str(column.name)
    _check_missing(column, place)
    numbers = numbers_of(column)
    if numbers is None:
        return _categories(column.astype(str), place)
    if not np.isfinite(numbers).all():
        row = int((~np.isfinite(numbers)).argmax())
        what = "is infinite" if np.isinf(numbers[row]) else f"holds text ('{column.iloc[row]}') among numbers"
        raise SeedwiseError(f"{place.at(row)}: column {name} {what}: {_remedy(name)}")
    return {name: numbers}


def _categories(column: pd.Series[Any], place: Place) -> dict[str, NDArray[np.float64]]:
    name, values = str(column.name), sorted(set(column))
    if len(values) > CATEGORIES:
        raise SeedwiseError(
            f"{place}: column {name} holds text with {len(values)} different values ('{values[0]}', ...), more than "
            f"{CATEGORIES} categories: leave it out with ignore: [{name}], or make numbers of it"
        )
    return {f"{name}={value}": (column == value).to_numpy(dtype=np.float64) for value in values}


def _check_missing(column: pd.Series[Any], place: Place) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        row, name = int(missing.argmax()), str(column.name)
        more = f" (and in {missing.sum() - 1} further rows)" if missing.sum() > 1 else ""
        raise SeedwiseError(f"{place.at(row)}: column {name} is missing{more}: {_remedy(name)}")


def _remedy(name: str) -> str:
    return f"correct it or drop the row, or leave the column out with ignore: [{name}]"


def _split(column: pd.Series[Any], place: Place) -> NDArray[np.object_]:
    _check_missing(column, place)
    said = column.astype(str).to_numpy(dtype=object)
    wrong = ~np.isin(said.astype(str), SPLITS)
    if wrong.any():
        row = int(wrong.argmax())
        raise SeedwiseError(
            f"{place.at(row)}: column {column.name} splits the rows and says '{said[row]}': write "
            f"{', '.join(SPLITS[:-1])} or {SPLITS[-1]}"
        )
    for needed in ("train", "test"):
        if needed not in said:
            raise SeedwiseError(f"{place}: column {column.name} says '{needed}' of no row: some are needed")
    return said
