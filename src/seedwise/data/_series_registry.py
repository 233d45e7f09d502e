"""Time series by name, and from a CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from seedwise.data._folder import data_dir, locate, read
from seedwise.data._registry import PUBLISHED, series_of
from seedwise.data._series import Series, make_series
from seedwise.data._table import Table, read_table, table_of
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    import pandas as pd

Split = tuple[float, float, float]
SHARES: Final = (0.7, 0.1, 0.2)


def load_series(name: str, device: str = "cpu", *, target: Sequence[str] | None = None) -> Series:
    """Return a published series on a device.

    A worker that trains many runs loads it once.

    Args:
        name: a key of ``SERIES``.
        device: where it is to lie.
        target: columns that are forecast and scored; by default all.

    Raises:
        MissingDataError: if its file is not in ``data_dir()``.
        StorageError: if that is damaged.
        SeedwiseError: if there is no such column.

    Source: Zhou et al. 2021 (arXiv 2012.07436).

    """
    return _load(name, device, None if target is None else tuple(target), data_dir())


@lru_cache(maxsize=4)
def _load(name: str, device: str, target: tuple[str, ...] | None, folder: Path) -> Series:
    (file,) = PUBLISHED[name].files
    path = locate(name, folder)[file]
    read(name, file, path)  # for the checksum
    return make_series(name, read_table(path), series_of(name).splits, target).to(device)


def read_series(
    path: str | Path,
    *,
    time: str | None = None,
    target: Sequence[str] | None = None,
    split: Split = SHARES,
) -> Series:
    """Return the series in a CSV.

    Args:
        path: a CSV with a time column and numeric columns.
        time: name of the time column; by default the first column of text that begins with a date.
        target: columns that are forecast and scored; by default all.
        split: shares of the rows for training, validation and test, in this order of time; they add up to 1. Those of
            training and test are rounded down, as published.

    Raises:
        SeedwiseError: as ``read_table``, or if there is no such column, or if the shares are none.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = Path(folder.name) / "power.csv"
        >>> rows = [f"2024-01-{day:02},{day}.0" for day in range(1, 31)]
        >>> _ = path.write_text("\\n".join(["date,load", *rows]))
        >>> series = read_series(path)
        >>> [len(rows) for rows in series.splits.values()]
        [21, 3, 6]
        >>> folder.cleanup()

    """
    return _split_in_time(str(path), lambda: read_table(path, time), split, target)


def series_from(frame: pd.DataFrame, name: str, split: Split = SHARES, target: Sequence[str] | None = None) -> Series:
    """Return the series in a data frame, as ``read_series`` does with a CSV.

    Args:
        frame: one row per time, which is its index, and a numeric column per variable.
        name: what messages call it.
        split: shares of the rows for training, validation and test.
        target: columns that are forecast and scored; by default all.

    Raises:
        SeedwiseError: as ``read_series``.

    """
    return _split_in_time(name, lambda: table_of(frame, name), split, target)


def _split_in_time(name: str, read: Callable[[], Table], split: Split, target: Sequence[str] | None) -> Series:
    if len(split) != 3 or min(split) <= 0 or abs(sum(split) - 1) > 1e-9:
        raise SeedwiseError(f"split {list(split)}: give three shares above 0 that add up to 1, such as [.7, .1, .2]")
    table = read()
    rows = len(table.values)
    # A share of .7 of 10 rows is 7.000000000000001 or 6.999999999999999 of them, according to how it was written.
    train, test = (int(rows * share + 1e-9) for share in (split[0], split[2]))
    splits = {"train": range(train), "validation": range(train, rows - test), "test": range(rows - test, rows)}
    return make_series(name, table, splits, target)
