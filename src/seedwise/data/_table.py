"""A CSV with a time column and numeric columns, read and checked; needs no torch."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError


@dataclass(frozen=True)
class Table:
    """What a CSV holds.

    Attributes:
        times: (rows,) datetime64, ascending and evenly spaced (months and years count as even).
        columns: names of the numeric columns, in the order of the file.
        values: (rows, columns) float64, finite.

    """

    times: NDArray[np.datetime64]
    columns: tuple[str, ...]
    values: NDArray[np.float64]


_NAME_IT = "name the column with 'time:'; rows that are examples and no series are a task with a 'kind:'"


def read_table(path: str | Path, time: str | None = None) -> Table:
    """Read a CSV of one time column and numeric columns, one row per time.

    Args:
        path: the file; its first line names the columns.
        time: name of the time column; by default the first column of text that begins with a date.

    Returns:
        The table, every column but the time's.

    Raises:
        SeedwiseError: if the file is not there or no CSV, if it has no time column or no other, if times are missing,
            unsorted, repeated or uneven, or if a value is missing, infinite or text.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = Path(folder.name) / "power.csv"
        >>> _ = path.write_text("date,load\\n2024-01-01,1.5\\n2024-01-02,2.5\\n2024-01-03,2.0\\n")
        >>> read_table(path).values.tolist()
        [[1.5], [2.5], [2.0]]
        >>> folder.cleanup()

    """
    return _table(read_csv(Path(path)), Place(str(path), "line", 2, _NAME_IT), time)


def table_of(frame: pd.DataFrame, name: str) -> Table:
    """Return the table of a data frame: its index, or the first column of text that begins with a date, is the time.

    Args:
        frame: one row per time, a numeric column per variable; not changed.
        name: what messages call it.

    Raises:
        SeedwiseError: as ``read_table``.

    Example:
        >>> days = pd.date_range("2024-01-01", periods=3)
        >>> table_of(pd.DataFrame({"load": [1.5, 2.5, 2.0]}, index=days), "power").columns
        ('load',)

    """
    place = Place(name, "row", 1, "make them the index")
    if not isinstance(frame.index, pd.DatetimeIndex):
        return _table(frame.copy(), place, None)
    if frame.index.name is not None and frame.index.name in frame:
        raise SeedwiseError(
            f"{name} has a column '{frame.index.name}' next to the index of that name: drop one of them"
        )
    _check_shape(frame, place)
    return _of_times(pd.Series(frame.index, name=frame.index.name or "time"), frame, place)


@dataclass(frozen=True)
class Place:
    """Where a table comes from, how its rows are counted, and what to do if nothing looks like times."""

    name: str
    unit: str
    first: int
    advice: str

    def __str__(self) -> str:
        return self.name

    def at(self, row: int) -> str:
        return f"{self.name} {self.unit} {row + self.first}"


def _table(frame: pd.DataFrame, place: Place, time: Any) -> Table:
    _check_shape(frame, place)
    if time is None:
        time = next((name for name in frame if _begins_with_a_date(frame[name])), None)
        if time is None:
            raise SeedwiseError(
                f"{place} has no time column among {', '.join(map(str, frame))}: write times as 2016-07-01 13:00, "
                f"or {place.advice}"
            )
    elif time not in frame:
        raise SeedwiseError(f"{place} has no column '{time}': its columns are {', '.join(map(str, frame))}")
    return _of_times(frame.pop(time), frame, place)


def _of_times(column: pd.Series[Any], frame: pd.DataFrame, place: Place) -> Table:
    times = _times(column, place)
    _check_spacing(times, place)
    if frame.empty:
        raise SeedwiseError(f"{place} has no column but the times in '{column.name}': there is nothing to forecast")
    values = np.column_stack([_numbers(frame[name], place) for name in frame])
    return Table(times.to_numpy(), tuple(map(str, frame)), values)


def _check_shape(frame: pd.DataFrame, place: Place) -> None:
    if len(frame) < 2:
        raise SeedwiseError(f"{place} has {len(frame)} rows: at least 2 are needed to see their spacing")
    twice = next((name for name, count in Counter(map(str, frame)).items() if count > 1), None)
    if twice is not None:
        raise SeedwiseError(f"{place} has more than one column '{twice}': rename or drop the others")


def read_csv(path: Path) -> pd.DataFrame:
    """Return what a CSV holds.

    Raises:
        SeedwiseError: if there is none.

    """
    if not path.is_file():
        raise SeedwiseError(f"no file {path}: name a CSV with 'csv:'")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, index_col=False)
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SeedwiseError(f"{path} is no CSV ({str(error).splitlines()[0]}): correct it or name another") from error


def _dates(column: pd.Series[Any]) -> pd.Series[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a format could not be guessed: what is no date is looked for below
        try:
            dates = pd.to_datetime(column, errors="coerce")
            return dates.dt.tz_localize(None)
        except (ValueError, TypeError, AttributeError):  # several time zones in one column
            return pd.Series(pd.NaT, index=column.index)


def _begins_with_a_date(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and bool(_dates(column.iloc[:1]).notna().all())


def _times(column: pd.Series[Any], place: Place) -> pd.DatetimeIndex:
    dates = pd.Series(pd.NaT, index=column.index) if pd.api.types.is_numeric_dtype(column) else _dates(column)
    if dates.isna().any():
        row = int(dates.isna().to_numpy().argmax())
        what = "is missing" if pd.isna(column.iloc[row]) else f"'{column.iloc[row]}' is no time"
        raise SeedwiseError(f"{place.at(row)}: {column.name} {what}: write it as 2016-07-01 13:00")
    return pd.DatetimeIndex(dates)


def _check_spacing(times: pd.DatetimeIndex, place: Place) -> None:
    steps = np.diff(times.to_numpy())
    zero = np.timedelta64(0)
    for wrong, what in (
        (steps < zero, "comes before the time in the line above: sort the rows by time"),
        (steps == zero, "is there twice: keep one row per time"),
    ):
        if wrong.any():
            row = int(wrong.argmax()) + 1
            raise SeedwiseError(f"{place.at(row)}: {times[row]} {what}")
    if np.median(steps) >= np.timedelta64(28, "D"):
        # By months, which are not of one length; a day on, for data of the last day of each month.
        steps = np.diff((times + pd.Timedelta(days=int(times[0].day > 28))).to_numpy().astype("datetime64[M]"))
    kinds, counts = np.unique(steps, return_counts=True)
    if len(kinds) == 1:
        return
    usual = kinds[counts.argmax()]
    row = int((steps != usual).argmax()) + 1
    apart = usual if usual.dtype == "timedelta64[M]" else pd.Timedelta(usual)
    raise SeedwiseError(
        f"{place.at(row)}: {times[row]} follows {times[row - 1]}, while most rows are {apart} apart: "
        "fill the gap, or cut it there"
    )


def _numbers(column: pd.Series[Any], place: Place) -> NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(column):
        raise SeedwiseError(f"{place}: column {column.name} holds times: drop it, or make it the index")
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers)
    if not wrong.any():
        return numbers
    text = wrong & column.notna().to_numpy() & ~np.isinf(numbers)
    row = int((text if text.any() else wrong).argmax())
    if text.any():
        raise SeedwiseError(
            f"{place.at(row)}: column {column.name} holds text ('{column.iloc[row]}'): give numbers, or remove it"
        )
    what = "is infinite" if np.isinf(numbers[row]) else "is missing"
    raise SeedwiseError(f"{place.at(row)}: column {column.name} {what}: fill it, or cut it there")
