"""A file of results as a data frame, its cells as they are written."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from seedwise.errors import SeedwiseError
from seedwise.results._cells import as_column
from seedwise.results._headers import header_in_comment, is_comment, run_as_header_is_refused

if TYPE_CHECKING:
    import pandas as pd

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS: Final = (",", ";", "\t")
_MOST_DIGITS: Final = 300
_MOST_COLUMNS: Final = 3000
LARGEST: Final = 1 << 30
"""Bytes of a file that are read at most."""


@dataclass(frozen=True)
class Frame:
    """What a file holds.

    Attributes:
        data: columns of text, or of what JSON and Parquet hold.
        name: of the file, without its ending.
        set_aside: what was left out, one phrase each.

    """

    data: pd.DataFrame
    name: str
    set_aside: list[str] = field(default_factory=list)


def read_table(path: Path) -> Frame:
    """Read a CSV, TSV, JSON, JSON-lines or Parquet file.

    Raises:
        SeedwiseError: one line, if it is missing, empty, too large or no table.

    """
    import pandas as pd

    if path.is_dir():
        raise SeedwiseError(f"{path} is a folder, and no program that seedwise knows wrote it: pass a file")
    if not path.exists():
        raise SeedwiseError(f"there is no file {path}")
    if not path.is_file():
        raise SeedwiseError(f"{path} is no regular file: pass a table of results")
    if path.stat().st_size > LARGEST:
        raise SeedwiseError(f"{path} has more than {LARGEST >> 30} GB: keep the columns that are to be compared")
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return Frame(_parquet(path), path.stem)
    text = _text(path)
    if not text.strip():
        raise SeedwiseError(f"{path} is empty: it needs a header and a row per run")
    if suffix in (".json", ".jsonl", ".ndjson"):
        return Frame(pd.json_normalize([_plain(record) for record in _records(text, path)]), path.stem)
    data, set_aside = _csv(text, path, "\t" if suffix == ".tsv" else None)
    run_as_header_is_refused(data, path)
    return Frame(data, path.stem, set_aside)


def wide_tables_are_refused(count: int, name: str) -> None:
    """Refuse a table of so many columns that only asking what each of them is takes long.

    Args:
        count: of its columns.
        name: of the table.

    Raises:
        SeedwiseError: if there are too many.

    """
    if count > _MOST_COLUMNS:
        raise SeedwiseError(
            f"{name} has {count} columns, and at most {_MOST_COLUMNS} are read: keep those of "
            "method, seed, task and metric"
        )


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError:
        raise SeedwiseError("reading Parquet needs pyarrow: pip install pyarrow, or write the results as CSV") from None
    except Exception as error:  # pyarrow has many
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SeedwiseError(f"cannot read {path} as a table: {reason}") from None


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SeedwiseError(f"cannot read {path}: {error.strerror}") from None
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("latin-1") if encoding == "utf-8" else ""
    if "\0" in text or (raw and not text):
        raise SeedwiseError(f"cannot read {path} as a table: it is no text")
    return text


def _records(text: str, path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(text, parse_int=_whole)
    except json.JSONDecodeError as whole:
        try:
            found = [json.loads(line, parse_int=_whole) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise SeedwiseError(f"cannot read {path} as JSON or JSON lines: {whole.msg}, line {whole.lineno}") from None
    except RecursionError:
        raise SeedwiseError(f"cannot read {path} as JSON: it is nested too deep") from None
    if isinstance(found, dict):
        lengths = {len(column) for column in found.values() if isinstance(column, list)}
        if found and len(lengths) == 1 and all(isinstance(column, list) for column in found.values()):
            return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        found = [found]
    if not isinstance(found, list) or not found or not all(isinstance(record, dict) for record in found):
        raise SeedwiseError(
            f'{path} is no list of results: one object per run, such as {{"method": "base", "seed": 0}}'
        )
    return found


def _whole(digits: str) -> float:
    """Return a number of JSON; one of more digits than a number has is infinite."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _plain(value: Any) -> Any:
    """Return a value of JSON as a table can hold it: a list is text, and no text has half signs."""
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return json.dumps(value)
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _csv(text: str, path: Path, separator: str | None) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells as text, without spaces around them, and what was left out."""
    import pandas as pd

    separator = separator or _separator(text)
    wide_tables_are_refused(text.partition("\n")[0].count(separator) + 1, path.name)
    plain = _plain_csv(text, separator)
    if plain is not None:
        _check_header(list(plain), path)
        return pd.DataFrame(plain), []
    try:
        every = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    except csv.Error as error:
        raise SeedwiseError(f"cannot read {path} as a table: {error}") from None
    lines = [row for row in every if not is_comment(row)]
    if not lines:
        raise SeedwiseError(f"{path} is empty: it needs a header and a row per run")
    lines = [*header_in_comment(every), *lines]
    header = [_written(name) for name in lines[0]]
    rows = lines[1:]
    while len(header) > 1 and not header[-1] and not any(row[len(header) - 1 : len(header)] > [""] for row in rows):
        header.pop()  # every line ends in a separator
    _check_header(header, path)
    width = len(header)
    for k, row in enumerate(rows):
        if len(row) != width:
            if any(cell.strip() for cell in row[width:]):
                raise SeedwiseError(
                    f"{path}: row {k + 1} has {len(row)} fields and the header {width}: a number with a comma in it "
                    "needs quotes"
                )
            rows[k] = row[:width] + [""] * (width - len(row))
    own = [row for row in rows if _written(row[0]) != header[0] or [_written(cell) for cell in row] != header]
    if not own:
        raise SeedwiseError(f"{path} has a header and no rows: it needs a row per run")
    repeated = len(rows) - len(own)
    aside = [f"{repeated} repeated header{'s' if repeated > 1 else ''}"] if repeated else []
    columns = {name: as_column(cells, _written) for name, cells in zip(header, zip(*own, strict=True), strict=True)}
    return pd.DataFrame(columns), aside


def _plain_csv(text: str, separator: str) -> dict[str, pd.Categorical] | None:
    """Return the columns of a table without quotes, comments, empty lines and ragged rows; None if it has one of these.

    Most large tables are such, and read by pandas' parser in a fifth of the time.
    """
    import pandas as pd

    if '"' in text or "#" in text:
        return None
    lines = text.replace("\r\n", "\n").rstrip("\n")
    head, _, body = lines.partition("\n")
    header = [_written(name) for name in head.split(separator)]
    if "\r" in lines or "" in header or len(set(header)) < len(header) or not _are_even(lines, separator, len(header)):
        return None
    read = pd.read_csv(
        io.StringIO(body),
        sep=separator,
        header=None,
        names=header,
        dtype=object,
        na_filter=False,
        quoting=csv.QUOTE_NONE,
        skip_blank_lines=False,
        low_memory=False,
    )
    made = _written if "'" in body else str.strip
    columns = {name: as_column(read[name], made) for name in header}
    first = columns[header[0]].categories
    return None if "" in first or header[0] in first else columns


def _are_even(lines: str, separator: str, width: int) -> bool:
    """Return whether there are rows, all of which have as many fields, and of a length that the csv module takes."""
    raw = np.frombuffer(lines.encode(), dtype=np.uint8)
    ends = np.append(np.flatnonzero(raw == ord("\n")), raw.size)
    separators = np.flatnonzero(raw == ord(separator))
    fields = np.diff(np.searchsorted(separators, ends), prepend=0)
    longest = np.max(np.diff(ends, prepend=-1), initial=0)
    return ends.size > 1 and bool(np.all(fields == width - 1)) and longest < csv.field_size_limit()


def _written(cell: str) -> str:
    """Return what stands in a cell, without the apostrophe that keeps a spreadsheet from computing it."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(("=", "+", "-", "@")) else text


def _check_header(header: list[str], path: Path) -> None:
    twice = next((name for name, times in Counter(header).items() if name and times > 1), None)
    if twice is not None:
        raise SeedwiseError(f"{path}: two columns are named '{twice}': give each a name of its own")
    if header.count("") > 1:
        raise SeedwiseError(f"{path}: two columns have no name: give each one; the header is the first line")


def _separator(text: str) -> str:
    """Return what separates the fields: with it the rows have the header's number of fields, and that is largest."""
    sample = [line for line in text.splitlines()[:200] if line.strip() and not line.lstrip().startswith("#")]
    best, score = ",", (0.0, 0)
    for separator in _SEPARATORS:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=separator)]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            fitting = sum(width == widths[0] for width in widths) / len(widths)
            best, score = max((best, score), (separator, (round(fitting, 1), widths[0])), key=lambda found: found[1])
    return best
