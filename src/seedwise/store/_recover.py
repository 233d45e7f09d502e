"""Save what is intact of a damaged store into a new one."""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table

from seedwise.errors import SeedwiseError, StorageError
from seedwise.store import _tables as tables
from seedwise.store._checksums import Row, checksum_of, decoded, entry_of, keys_of, left_of, short
from seedwise.store._engine import engine_of
from seedwise.store._new_file import whole_or_not_there
from seedwise.store._seal import VERSION, refuse_newer, seal_copy
from seedwise.store._store import Store

_Key = tuple[Any, ...]

_SHARED: Final = {tables.predictions: ("examples", tables.examples), tables.forecasts: ("windows", tables.windows)}
"""Which column of a table refers to which other one."""

_UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError)
"""What sqlite raises of a damaged file; the second where its message cites what is damaged."""

_MISSES: Final = 10_000
"""Rows that cannot be read, one after the other, after which no other is looked for."""


@dataclass
class Recovered:
    """What was saved.

    Attributes:
        had_checksums: whether the store had checksums; else what can be read is taken as it is.
        saved: number of rows by table.
        lost: what is not intact, a line each.
        unchecked: tables of others, which are copied as they are, a line each.

    """

    had_checksums: bool
    saved: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def recover(store: Path, target: Path) -> Recovered:
    """Write a new store of what is intact in another.

    A row is intact if it has the checksum that was written with it. A run of which anything is lost that its record
    or a readout brought is left out as a whole, so that the same command trains it again, to the same bits.

    Args:
        store: the damaged store; nothing in it changes.
        target: the new file.

    Raises:
        SeedwiseError: if the store is missing or was written by a newer seedwise, or there is such a file already.
        StorageError: if nothing can be read of it, or the new one cannot be written.

    """
    if not store.is_file():
        raise SeedwiseError(f"there is no store {store}")
    if target.exists():
        raise SeedwiseError(f"{target} exists: name another file with -o")
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as source:
        source.text_factory = lambda text: text.decode(errors="surrogateescape")
        with whole_or_not_there(target) as temporary, closing(sqlite3.connect(temporary)) as db:
            try:
                recovery = _Recovery(source, db)
            except _UNREADABLE as error:
                raise StorageError(f"{store} cannot be recovered: its list of tables is not read ({error})") from error
            if recovery.version is not None:
                refuse_newer(store, recovery.version)
            recovery.run()
            seal_copy(db)
            db.execute("VACUUM")
    with Store(target) as made:
        made.check()
    return recovery.recovered


class _Recovery:
    def __init__(self, source: sqlite3.Connection, db: sqlite3.Connection) -> None:
        self._source, self._db = source, db
        schema = source.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
        self._schema = {name: sql for name, sql in schema if not name.startswith("sqlite_")}
        if tables.runs.name not in self._schema:
            raise sqlite3.DatabaseError(f"there is no table {tables.runs.name}")
        self.recovered = Recovered("checksum" in self._schema[tables.runs.name])
        versions = (row["value"] for row in self._rows(tables.meta.name) if row["key"] == "version")
        self.version = next((value for value in versions if isinstance(value, str) and value.isdecimal()), None)
        self._written: Counter[str] = Counter()
        for row in self._rows(tables.sets.name):
            if isinstance(row["rows"], int):  # else it is damaged itself
                self._written[row["name"]] += row["rows"]

    def run(self) -> None:
        """Copy what is intact."""
        engine = engine_of(lambda: self._db)
        tables.metadata.create_all(engine)
        if tables.recorded.name in self._schema:
            tables.recorded.create(engine)
        with self._db:
            self._db.execute("BEGIN")
            self._write(tables.meta.name, [{"key": "version", "value": str(VERSION)}])
            shared = {table: self._copied(table) for table in (tables.examples, tables.windows)}
            specs, studies = self._copied(tables.specs), self._copied(tables.studies)
            self._copied(tables.links, lambda row: (row["study"],) in studies and (row["run_id"],) in specs)
            for table in (tables.documents, tables.accepted_code, tables.recorded):
                self._copied(table)
            self._copy_runs(shared)
            self._copy_others()

    def _copied(self, table: Table, fits: Callable[[Row], bool] = lambda _row: True) -> set[_Key]:
        """Copy the intact rows of a table that has checksums, and return their keys."""
        keys: set[_Key] = set()
        lost = 0
        for row in self._rows(table.name):
            key = _key(table, row)
            if key not in keys and self._is_intact(table, row) and fits(row):
                keys.add(key)
                self._write(table.name, [row])
            else:
                lost += 1
        self._count(table, len(keys), lost)
        return keys

    def _copy_runs(self, shared: Mapping[Table, set[_Key]]) -> None:
        attempts: dict[_Key, Row] = {}
        lost = 0
        for row in self._rows(tables.runs.name):
            if self._is_intact(tables.runs, row):
                attempts[_key(tables.runs, row)] = row
            else:
                lost += 1
        intact = {table: set(self._intact_rows(table, attempts, shared)) for table in tables.LEFT}
        for table, keys in intact.items():
            for key in sorted(self._keys_written(table, attempts) - keys, key=str):
                if attempts.pop(key[:2], None):
                    at = f"run {key[0]}, attempt {key[1]}"
                    self.recovered.lost.append(" ".join(map(str, (f"{at}: its", short(table), *key[2:], "are lost"))))
        self._write(tables.runs.name, attempts.values())
        self._count(tables.runs, len(attempts), lost)
        for table, keys in intact.items():
            for row in self._rows(table.name):
                key = _key(table, row)
                if key[:2] in attempts and key in keys and self._belongs(table, row, attempts[key[:2]], shared):
                    keys.remove(key)
                    self._write(table.name, [row])

    def _intact_rows(
        self, table: Table, attempts: Mapping[_Key, Row], shared: Mapping[Table, set[_Key]]
    ) -> Iterator[_Key]:
        for row in self._rows(table.name):
            key = _key(table, row)
            if key[:2] in attempts and self._belongs(table, row, attempts[key[:2]], shared):
                yield key

    def _belongs(self, table: Table, row: Row, attempt: Row, shared: Mapping[Table, set[_Key]]) -> bool:
        """Return whether a row is one that an attempt left, and all that it refers to is there."""
        column, other = _SHARED.get(table, (None, None))
        if column is not None and other is not None and (row[column],) not in shared[other]:
            return False
        if not self.recovered.had_checksums:
            return self._is_intact(table, row)
        return entry_of(table, row) in left_of(attempt["left"]).get(short(table), ())

    def _keys_written(self, table: Table, attempts: Mapping[_Key, Row]) -> set[_Key]:
        """Return the keys of the rows that attempts left: as they say or, without checksums, as far as can be seen."""
        if not self.recovered.had_checksums:
            return {key for key in (_key(table, row) for row in self._rows(table.name)) if key[:2] in attempts}
        names = keys_of(table)
        return {
            (*at, *entry[: len(names)])
            for at, attempt in attempts.items()
            for entry in left_of(attempt["left"]).get(short(table), ())
        }

    def _copy_others(self) -> None:
        """Copy tables that are not seedwise's."""
        ours = {table.name for table in (*tables.metadata.tables.values(), tables.recorded)}
        for name, sql in self._schema.items():
            if name in ours:
                continue
            self._db.execute(sql)
            rows = list(self._rows(name))
            self._write(name, rows)
            if rows:
                self.recovered.unchecked.append(f"{name}: {len(rows)} rows")

    def _is_intact(self, table: Table, row: Row) -> bool:
        if self.recovered.had_checksums and "checksum" in table.c:
            return bool(row["checksum"] == checksum_of(table, row))
        try:
            decoded(table, row)
            for value in row.values():
                _ = value.encode() if isinstance(value, str) else value
        except (ValueError, TypeError, AttributeError, zlib.error):
            return False
        return True

    def _count(self, table: Table, saved: int, lost: int) -> None:
        self.recovered.saved[short(table)] = saved
        missing = self._written.get(short(table), 0) - saved if self.recovered.had_checksums else lost
        if missing > 0:
            self.recovered.lost.append(f"{short(table)}: {missing} of {saved + missing} rows are lost")

    def _rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table that can be read; after one that cannot, they are looked for one by one."""
        if table not in self._schema:
            return
        query, last = f"SELECT rowid, * FROM {_quoted(table)}", 0
        try:
            cursor = self._source.execute(f"{query} ORDER BY rowid")
            names = [column[0] for column in cursor.description[1:]]
            for rowid, *values in cursor:
                last = rowid
                yield dict(zip(names, values, strict=True))
        except _UNREADABLE:
            misses = 0
            while misses < _MISSES:
                last += 1
                found = None
                with contextlib.suppress(*_UNREADABLE):
                    cursor = self._source.execute(f"{query} WHERE rowid = ?", (last,))
                    names = [column[0] for column in cursor.description[1:]]
                    found = cursor.fetchone()
                misses = 0 if found else misses + 1
                if found:
                    yield dict(zip(names, found[1:], strict=True))

    def _write(self, table: str, rows: Iterable[Row]) -> None:
        for row in rows:
            columns, places = ", ".join(map(_quoted, row)), ", ".join("?" * len(row))
            self._db.execute(f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({places})", list(row.values()))


def _key(table: Table, row: Row) -> _Key:
    return tuple(row[column.name] for column in table.primary_key)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
