"""Give the rows of a store their checksums: of one from before there were any, and of one that was copied."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Table

from seedwise.errors import SeedwiseError
from seedwise.store import _tables as tables
from seedwise.store._checksums import (
    DamageError,
    Left,
    Row,
    check_totals,
    checked,
    checksum_of,
    entry_of,
    note_set,
    raw_columns,
    read,
    rows_of,
    set_sealed,
    short,
    verified,
)
from seedwise.store._engine import engine_of

VERSION: Final = 2
"""Of stores whose rows have checksums; those of version 1 have none."""

_BATCH: Final = 500


def refuse_newer(path: Path, version: str) -> None:
    """Raise a ``SeedwiseError`` for a store of a newer seedwise: its rows may mean what this one does not know."""
    if not (version.isdecimal() and int(version) <= VERSION):
        raise SeedwiseError(
            f"{path} was written by a newer seedwise (store version {version}, this one reads up to {VERSION}): "
            "install a newer seedwise"
        )


def sealed_tables(db: sa.Connection) -> list[Table]:
    """Return the tables of a store whose rows have a checksum each."""
    found = sa.inspect(db)
    return [table for table in (*tables.SEALED, tables.recorded) if found.has_table(table.name)]


def has_checksums(db: sa.Connection, version: str | None) -> bool:
    """Return whether the rows of a store have checksums.

    Raises:
        DamageError: if its version and its columns do not say the same.

    """
    if not sa.inspect(db).has_table(tables.runs.name):
        raise DamageError(f"the table '{short(tables.runs)}' is missing")
    there = {column["name"] for column in sa.inspect(db).get_columns(tables.runs.name)}
    sealed = version is not None and int(version) >= VERSION
    if sealed != ("checksum" in there):
        raise DamageError(f"its version is {version}, and its rows have {'no ' if sealed else ''}checksums")
    if sealed:
        sets = tables.sets.c
        compact = db.execute(sa.select(sets.name).where(sets.name == short(tables.recorded))).first() is not None
        if compact != sa.inspect(db).has_table(tables.recorded.name):
            raise DamageError("the table of recorded results is missing, or was not written")
    return sealed


def seal(db: sa.Connection) -> None:
    """Make every checksum of a store anew, of what is there now; in one transaction, or not at all."""
    tables.metadata.create_all(db)
    found = sealed_tables(db)
    for table in found:
        there = {column["name"] for column in sa.inspect(db).get_columns(table.name)}
        for name, kind in (("left", "TEXT"), ("checksum", "INTEGER")):
            if name in table.c and name not in there:
                db.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {kind}')
    left: dict[tuple[str, int], Left] = {}
    for table in tables.LEFT:
        for row in _rows(db, table):
            own = left.setdefault((row["run_id"], row["attempt"]), {})
            own.setdefault(short(table), []).append(entry_of(table, row))
    db.execute(tables.sets.delete())
    for table in found:
        note_set(db, table)
        for row in _rows(db, table):
            if table is tables.runs:
                row["left"] = json.dumps(left.get((row["run_id"], row["attempt"]), {}))
            row["checksum"] = checksum_of(table, row)
            changed = {name: row[name] for name in sorted(tables.OF_CHECKSUMS) if name in row}
            places = ", ".join(f'"{name}" = ?' for name in changed)
            db.exec_driver_sql(f'UPDATE "{table.name}" SET {places} WHERE rowid = ?', (*changed.values(), row["rowid"]))
            note_set(db, table, row)
    db.exec_driver_sql(f"INSERT OR REPLACE INTO \"{tables.meta.name}\" VALUES ('version', '{VERSION}')")
    set_sealed(db, True)


def seal_copy(connection: sqlite3.Connection) -> None:
    """Make the checksums of a store that was copied, through a connection that has no transaction."""
    with engine_of(lambda: connection).begin() as db:
        db.exec_driver_sql("BEGIN")
        seal(db)


def check_all(db: sa.Connection) -> None:
    """Raise ``DamageError`` if anything in a store that has checksums is not what was written."""
    for table in sealed_tables(db):
        if table in (tables.examples, tables.windows):  # large: row by row
            checksums = [verified(db, table, row)["checksum"] for row in _rows(db, table)]
            check_totals(db, table, len(checksums), sum(checksums))
        elif table is tables.links:
            studies = {row["name"] for row in read(db, tables.studies)}
            for study in studies | set(db.execute(sa.select(table.c.study).distinct()).scalars()):
                read(db, table, study)
        else:
            read(db, table)
    attempts = [(row["run_id"], row["attempt"], row["left"]) for row in rows_of(db, tables.runs)]
    for table in tables.LEFT:
        for _ in checked(table, attempts, _rows(db, table)):
            pass


def _rows(db: sa.Connection, table: Table) -> Iterator[Row]:
    """Yield the rows of a table as they are kept, with their ``rowid``; they may be changed meanwhile."""
    last: Any = -1
    query = sa.select(sa.literal_column("rowid").label("rowid"), *raw_columns(table, sealed=True)).select_from(table)
    while True:
        part = db.execute(
            query.where(sa.text("rowid > :last")).order_by(sa.text("rowid")).limit(_BATCH), {"last": last}
        )
        rows = [dict(row) for row in part.mappings()]
        yield from rows
        if not rows:
            return
        last = rows[-1]["rowid"]
