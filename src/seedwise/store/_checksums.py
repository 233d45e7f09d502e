"""Checksums: made when a row is written, verified when it is read.

- A row of a table that has a column ``checksum`` is verified by it. How many such rows there are, and the sum of their
  checksums, stands in the table ``sets``, changed in the same transaction: a row that is missing or doubled is seen.
  Links have a set for each study.
- What an attempt at a run left besides its own row is listed there, in the column ``left``: the key of each row, its
  checksum and that of each of its blobs, so that a blob may stay unread. Whatever an index says, what is found must be
  what is listed.

A checksum tells accidents. It does not keep out somebody who computes a new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Column, Table

from seedwise.store import _tables as tables

Row = dict[str, Any]

_BITS: Final = 62
"""Of a checksum: the sum of two is still an integer of sqlite."""
_MODULUS: Final = 1 << _BITS
_AT_ONCE: Final = 1000
"""Rows that are fetched together."""


class DamageError(ValueError):
    """What is in a store is not what was written."""


def is_sealed(db: sa.Connection) -> bool:
    """Return whether the rows of a store have checksums; those of stores from before there were any have none."""
    return bool(db.info.get("sealed"))


def set_sealed(db: sa.Connection, sealed: bool) -> None:
    """Remember, for this connection, whether the rows have checksums."""
    db.info["sealed"] = sealed


# Rows as they are kept


def own_columns(table: Table) -> list[Column[Any]]:
    """Return the columns that a checksum is made of."""
    return [column for column in table.c if column.name != "checksum"]


def raw_columns(table: Table, *, sealed: bool, without: Collection[str] = ()) -> list[sa.ColumnElement[Any]]:
    """Return what is selected to read the values of a table as they are kept; NULL for those that stay where they are.

    Args:
        table: the table.
        sealed: whether the store has the columns that came with checksums.
        without: names of columns that are not read.

    """
    return [
        (sa.null() if name in without else sa.type_coerce(table.c[name], sa.types.NullType())).label(name)
        for name in kept_names(table, sealed=sealed)
    ]


def kept_names(table: Table, *, sealed: bool) -> list[str]:
    """Return the names of the columns that a store has of a table; see ``raw_columns``."""
    return [column.name for column in table.c if sealed or column.name not in tables.OF_CHECKSUMS]


def encoded(table: Table, values: Mapping[str, Any]) -> Row:
    """Return values as they are kept, NULL where there is none."""
    return {name: encode(values.get(name)) for name, encode, _ in _codecs(table)}


def decoded(table: Table, raw: Mapping[str, Any]) -> Row:
    """Return values of what is kept."""
    return {name: decode(raw[name]) for name, _, decode in _codecs(table) if name in raw}


@cache
def _codecs(table: Table) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
    return [(column.name, *_codec(column.type)) for column in own_columns(table)]


def _codec(kind: sa.types.TypeEngine[Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if isinstance(kind, tables.Coded):
        return _unless_null(type(kind).encode), _unless_null(type(kind).decode)
    if isinstance(kind, sa.Boolean):
        return _unless_null(int), _unless_null(bool)
    if isinstance(kind, sa.Integer):
        return _unless_null(int), _same
    if isinstance(kind, sa.Float):
        return _unless_null(float), _same
    return _same, _same


def _same(value: Any) -> Any:
    return value


def _unless_null(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def checksum_of(table: Table, raw: Mapping[str, Any]) -> int:
    """Return the checksum of a row: of all its columns, of blobs in a table without a column ``checksum`` apart."""
    return _checksum(table.name, _summed(table)(raw))


def _checksum(name: str, values: tuple[Any, ...]) -> int:
    if bytes in map(type, values):
        values = tuple(blob_checksum(value) if isinstance(value, bytes) else value for value in values)
    return blob_checksum(repr((name, *values)).encode())


@cache
def _summed(table: Table) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return how the columns of a checksum are taken from a row."""
    names = [c.name for c in own_columns(table) if _has_checksum(table) or not _is_blob(c)]
    return itemgetter(*names)  # at least two, its key


def blob_checksum(blob: object) -> int:
    """Return the checksum of bytes; -1, which none has, for what a damaged file has in their place."""
    if not isinstance(blob, bytes):
        return -1
    return int.from_bytes(hashlib.sha256(blob).digest()[:8], "big") >> (64 - _BITS)


def _has_checksum(table: Table) -> bool:
    return "checksum" in table.c


def _is_blob(column: Column[Any]) -> bool:
    return isinstance(getattr(column.type, "impl_instance", column.type), sa.LargeBinary)


# Rows with a checksum, and their sets


def insert(db: sa.Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store rows, given as values."""
    insert_raw(db, table, [encoded(table, row) for row in rows])


def insert_raw(db: sa.Connection, table: Table, rows: Sequence[Row]) -> None:
    """Store rows, given as they are kept; with checksums and in their set, if the table has such."""
    if not rows:
        return
    names = [column.name for column in table.c]
    if _has_checksum(table):
        for row in rows:
            row["checksum"] = checksum_of(table, row)
        note_set(db, table, *rows)
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    db.exec_driver_sql(
        f"INSERT INTO {table.name} ({columns}) VALUES ({places})",
        [tuple(row[name] for name in names) for row in rows],
    )


def delete(db: sa.Connection, table: Table, *where: sa.ColumnElement[bool]) -> list[Row]:
    """Delete rows of a table that has checksums, and return them as they were kept."""
    gone = [_verified(table, dict(row)) for row in db.execute(_select(table).where(*where)).mappings()]
    db.execute(table.delete().where(*where))
    note_set(db, table, *gone, sign=-1)
    return gone


def _select(table: Table) -> sa.Select[Any]:
    return sa.select(*raw_columns(table, sealed=True)).select_from(table)


def note_set(db: sa.Connection, table: Table, *rows: Row, sign: int = 1) -> None:
    """Note that rows were added to the set of a table, or with ``sign=-1`` taken from it."""
    counts = {} if table is tables.links else {"": (0, 0)}
    for row in rows:
        scope = str(row["study"]) if table is tables.links else ""
        count, total = counts.get(scope, (0, 0))
        counts[scope] = count + sign, (total + sign * row["checksum"]) % _MODULUS
    for scope, (count, total) in counts.items():
        db.exec_driver_sql(
            f'INSERT INTO "{tables.sets.name}" VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET '
            f'"rows" = "rows" + excluded."rows", "total" = ("total" + excluded."total") & {_MODULUS - 1}',
            (short(table), scope, count, total),
        )


def short(table: Table) -> str:
    """Return the name of a table without its prefix."""
    return table.name.removeprefix("seedwise_")


def verified(db: sa.Connection, table: Table, row: Row) -> Row:
    """Return a row of a table that has checksums, if it is what was written; of a store without them, as it is.

    Raises:
        DamageError: if it is not.

    """
    return _verified(table, row) if is_sealed(db) else row


def _verified(table: Table, row: Row) -> Row:
    if row["checksum"] != checksum_of(table, row):
        raise _not_as_written(table, row)
    return row


def _not_as_written(table: Table, row: Mapping[str, Any]) -> DamageError:
    return DamageError(f"{named(table, row)} is not what was written")


def named(table: Table, row: Mapping[str, Any]) -> str:
    """Return what a row is called in a message."""
    key = ", ".join(str(row[column.name])[:80] for column in table.primary_key)
    return f"the row ({key}) of '{short(table)}'"


def read(db: sa.Connection, table: Table, scope: str = "") -> list[Row]:
    """Return all rows of a table that has checksums; see ``rows_of``."""
    return list(rows_of(db, table, scope))


def rows_of(db: sa.Connection, table: Table, scope: str = "") -> Iterator[Row]:
    """Yield all rows of a table that has checksums, as they are kept: every one verified, and their number and sum.

    Args:
        db: the store.
        table: the table.
        scope: the study, of links.

    Raises:
        DamageError: if a row is not what was written, is missing, or is there twice.

    """
    names = kept_names(table, sealed=is_sealed(db))
    for values in values_of(db, table, scope):
        yield dict(zip(names, values, strict=True))


def values_of(db: sa.Connection, table: Table, scope: str = "") -> Iterator[Sequence[Any]]:
    """Yield the values of all rows, in the order of the columns, where dicts would take too long; see ``rows_of``."""
    sealed = is_sealed(db)
    query = sa.select(*raw_columns(table, sealed=sealed)).select_from(table)
    if table is tables.links:
        query = query.where(table.c.study == scope)
    count = total = 0
    for row in _fetched(db.execute(query)):
        if sealed:
            if row[-1] != _checksum(table.name, row[:-1]):  # the last column is the checksum
                raise _not_as_written(table, dict(zip(kept_names(table, sealed=True), row, strict=True)))
            count, total = count + 1, total + row[-1]
        yield row
    if sealed:
        check_totals(db, table, count, total, scope)


def fetched(db: sa.Connection, query: sa.Select[Any], given: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows that a query finds, by the names of their columns; ``given`` are the values of its parameters."""
    result = db.execute(query, given)
    names = tuple(result.keys())
    for values in _fetched(result):
        yield dict(zip(names, values, strict=True))


def _fetched(result: sa.CursorResult[Any]) -> Iterator[sa.Row[Any]]:
    for part in result.partitions(_AT_ONCE):  # rows one at a time take twice as long
        yield from part


def read_one(db: sa.Connection, table: Table, **key: str) -> Row | None:
    """Return the row of this key as it is kept, verified, or None; that none is missing is not looked at.

    Raises:
        DamageError: if the row is not what was written.

    """
    sealed = is_sealed(db)
    query = sa.select(*raw_columns(table, sealed=sealed)).select_from(table)
    row = db.execute(query.where(*(table.c[name] == value for name, value in key.items()))).mappings().first()
    return None if row is None else verified(db, table, dict(row))


def check_totals(db: sa.Connection, table: Table, found: int, checksums: int, scope: str = "") -> None:
    """Raise ``DamageError`` unless these are the number and the sum of the checksums of all rows that were written."""
    sets = tables.sets.c
    query = sa.select(sets.rows, sets.total).where(sets.name == short(table), sets.scope == scope)
    count, total = db.execute(query).first() or (0, 0)
    if (count, total) != (found, checksums % _MODULUS):
        of = f" of the study '{scope}'" if scope else ""
        raise DamageError(f"the rows of '{short(table)}'{of} are {found} where {count} were written, or others")


# What attempts left


Left = dict[str, list[list[Any]]]
"""By table: the key of each row (besides run and attempt), its checksum, and that of each of its blobs."""


def left_of(listed: str) -> Left:
    """Return what an attempt left, of the column ``left`` of its row."""
    found: Left = json.loads(listed)
    return found


def entry_of(table: Table, raw: Mapping[str, Any]) -> list[Any]:
    """Return how a row is listed."""
    blobs = [raw[name] for name in blobs_of(table)]
    return [
        *(raw[name] for name in keys_of(table)),
        checksum_of(table, raw),
        *(None if blob is None else blob_checksum(blob) for blob in blobs),
    ]


@cache
def keys_of(table: Table) -> tuple[str, ...]:
    """Return the columns that tell the rows of one attempt apart."""
    return tuple(c.name for c in table.primary_key if c.name not in ("run_id", "attempt"))


@cache
def blobs_of(table: Table) -> tuple[str, ...]:
    """Return the columns that may stay unread."""
    return tuple(column.name for column in own_columns(table) if _is_blob(column))


def checked(
    table: Table,
    attempts: Iterable[tuple[Any, ...]],
    rows: Iterable[Row],
    *,
    without: Collection[str] = (),
    **where: str,
) -> Iterator[Row]:
    """Yield the rows of attempts, each if it is what was written, and fail at the end if one is missing.

    Args:
        table: the table.
        attempts: (run, attempt, what it left as it is listed) of those that the rows belong to.
        rows: what was found.
        without: columns that were not read.
        where: values of columns that all rows have.

    Raises:
        DamageError: if a row is not what was written, is missing, or was not written.

    """
    keys, blobs, name = keys_of(table), blobs_of(table), short(table)
    chosen = [(keys.index(column), value) for column, value in where.items()]
    expected = {
        (run_id, attempt, *entry[: len(keys)]): entry[len(keys) :]
        for run_id, attempt, listed in attempts
        for entry in left_of(listed).get(name, ())
        if not chosen or all(entry[k] == value for k, value in chosen)
    }
    for row in rows:
        entry = expected.pop((row["run_id"], row["attempt"], *(row[name] for name in keys)), None)
        if entry is None:
            raise DamageError(f"{named(table, row)} was not written, or twice")
        found = [row[name] for name in blobs]
        sums = [None if blob is None else blob_checksum(blob) for blob in found]
        kept = [name in without or own == given for name, own, given in zip(blobs, sums, entry[1:], strict=True)]
        if entry[0] != checksum_of(table, row) or not all(kept):
            raise DamageError(f"{named(table, row)} is not what was written")
        yield row
    for run_id, attempt, *key in expected:
        raise DamageError(f"the row ({', '.join(map(str, (run_id, attempt, *key)))}) of '{name}' is missing")
