"""A compact store: everything that a report shows, without logits, forecasts and weights."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from seedwise.errors import SeedwiseError
from seedwise.run import digest_of
from seedwise.store._new_file import whole_or_not_there
from seedwise.store._packing import pack_labels, pack_text, pack_unknown, unpack, unpack_labels, unpack_text
from seedwise.store._recorded import Query
from seedwise.store._seal import seal_copy
from seedwise.store._store import Store
from seedwise.store._tables import TRACEBACK, recorded

Row = dict[str, Any]

_COMPACT: Final = "-compact"
"""Ends the digest of windows whose truth was left out: runs that come later bring their own."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        before: size of the store in bytes.
        after: size of the compact one.
        runs: number of trainings in it.
        recorded: number of results that need logits or forecasts.
        left_out: bytes that were left out, by what they are: ``logits``, ``forecasts``.
        room: bytes that rows take, by table, the most first.

    """

    before: int
    after: int
    runs: int
    recorded: int
    left_out: Mapping[str, int]
    room: Mapping[str, int]


def export_compact(store: Path, target: Path, record: Callable[[Store], None], *, overwrite: bool = False) -> Exported:
    """Write a store without its logits and forecasts, after recording what these say of the runs.

    The file is there under its name when it is whole, and not before. The same store gives the same bytes.

    Args:
        store: the study's file; nothing in it changes.
        target: the new file.
        record: computes, from the store that it is given, every result that is to be recorded.
        overwrite: whether a file of that name may be replaced.

    Raises:
        SeedwiseError: if the store is missing or is the target, if the target exists, or if somebody wrote to the
            store meanwhile.
        StorageError: if the store is damaged, or the target cannot be written.

    """
    if target.resolve() == store.resolve():
        raise SeedwiseError(f"the compact store would overwrite {store} itself: name another file with -o")
    if target.is_dir() or target.suffix in (".html", ".yaml", ".yml"):
        raise SeedwiseError(f"{target} cannot be a store: name a file that ends in .db with -o")
    if target.exists() and not overwrite:
        raise SeedwiseError(f"{target} exists: --overwrite replaces it, or name another file with -o")
    with _Recording(store) as recording, closing(_read_only(store)) as source:
        changes = _changes(source)
        recording.check()  # what is copied gets checksums of its own
        record(recording)
        with whole_or_not_there(target) as temporary, closing(sqlite3.connect(temporary)) as db:
            writer = _Writer(source, db)
            writer.write(recording.rows.values())
            seal_copy(db)
            db.execute("VACUUM")
            if _changes(source) != changes:
                raise SeedwiseError(f"{store} changed while it was exported: wait until its study has stopped")
    return Exported(
        before=store.stat().st_size,
        after=target.stat().st_size,
        runs=writer.counts["seedwise_runs"],
        recorded=len(recording.rows),
        left_out=dict(writer.left_out),
        room=dict(writer.room.most_common()),
    )


class _Recording(Store):
    """A store that remembers every result for which logits or forecasts were needed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.rows: dict[tuple[str, ...], Row] = {}

    def recall(self, query: Query, compute: Callable[[], Any]) -> Any:
        found = self.recalled(query, compute)
        row = found.row(query)
        self.rows[_identity(row)] = row
        return found.result


class _Writer:
    """Copies every table, those that are not seedwise's too, and lightens the rows of some."""

    def __init__(self, source: sqlite3.Connection, db: sqlite3.Connection) -> None:
        self._source, self._db = source, db
        self.left_out: Counter[str] = Counter()
        self.room: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self._tracebacks: dict[str, Row] = {}
        schema = source.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        self._tables = {name: sql for kind, name, sql in schema if kind == "table" and not name.startswith("sqlite_")}
        self._others = [sql for kind, _, sql in schema if kind != "table"]
        self._labels = {row["digest"]: unpack(row["labels"]) for row in self._rows("seedwise_examples")}
        self._windows = {row["digest"]: _digest_without_truth(row) for row in self._rows("seedwise_windows")}
        self._documents = {row["digest"] for row in self._rows("seedwise_documents")}

    def write(self, results: Iterable[Row]) -> None:
        """Write all of it in one transaction."""
        lighten: dict[str, Callable[[Row], Row]] = {
            "seedwise_runs": self._with_shared_traceback,
            "seedwise_readouts": self._with_shared_traceback,
            "seedwise_series": _packed_series,
            "seedwise_predictions": self._without_logits,
            "seedwise_windows": self._without_truth,
            "seedwise_forecasts": self._without_forecasts,
        }
        made = str(CreateTable(recorded).compile(dialect=sqlite.dialect())).strip()
        # What an earlier export recorded stays, also where nothing asks for it now.
        by_name = {_identity(row): row for row in [*self._rows(recorded.name), *results]}
        self._db.execute("PRAGMA journal_mode = MEMORY")  # a half file is thrown away, never repaired
        with self._db:
            self._db.execute("BEGIN")
            for name, sql in sorted((self._tables | {recorded.name: made}).items()):
                self._db.execute(sql)
                lightened = lighten.get(name, dict)
                rows: Iterable[Row] = (lightened(row) for row in self._rows(name) if name != recorded.name)
                # Of runs that came to a compact store: their windows are those of the others once more.
                self._insert(name, _once(rows) if name == "seedwise_windows" else rows)
            self._insert("seedwise_documents", self._tracebacks.values())
            self._insert(recorded.name, [by_name[key] for key in sorted(by_name)])
            for sql in self._others:
                self._db.execute(sql)

    def _rows(self, table: str) -> Iterator[Row]:
        if table not in self._tables:  # a store from before there was one
            return iter(())
        cursor = self._source.execute(f"SELECT * FROM {_quoted(table)}")
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        for row in rows:
            columns, places = ", ".join(map(_quoted, row)), ", ".join("?" * len(row))
            self._db.execute(f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({places})", list(row.values()))
            self.counts[table] += 1
            self.room[table] += sum(len(v) if isinstance(v, str | bytes) else 8 for v in row.values())

    def _leave_out(self, what: str, *blobs: bytes | None) -> None:
        self.left_out[what] += sum(len(blob) for blob in blobs if blob is not None)

    def _without_logits(self, row: Row) -> Row:
        self._leave_out("logits", row["logits"])
        labels = self._labels[row["examples"]]
        predicted = unpack_labels(row["predicted"], labels)
        return row | {"logits": None, "predicted": pack_labels(predicted, labels)}

    def _without_truth(self, row: Row) -> Row:
        self._leave_out("forecasts", row["truth"], row["history"])
        return row | {"truth": None, "history": None, "digest": self._windows[row["digest"]]}

    def _without_forecasts(self, row: Row) -> Row:
        self._leave_out("forecasts", row["errors"], row["sample"])
        windows = self._windows[row["windows"]]
        return row | {"errors": pack_unknown(row["errors"]), "sample": None, "windows": windows}

    def _with_shared_traceback(self, row: Row) -> Row:
        text = row["traceback"]
        if text is None or text in self._documents:
            return row
        document = {TRACEBACK: text}
        digest = digest_of(document)
        self._tracebacks[digest] = {"digest": digest, "content": json.dumps(document)}
        return row | {"traceback": digest}


def _packed_series(row: Row) -> Row:
    return row | {"rows": pack_text(unpack_text(row["rows"]))}


def _digest_without_truth(windows: Row) -> str:
    return f"{windows['digest']}{'' if windows['truth'] is None and windows['history'] is None else _COMPACT}"


def _once(windows: Iterable[Row]) -> Iterable[Row]:
    return {row["digest"]: row for row in windows}.values()


def _identity(row: Row) -> tuple[str, ...]:
    return tuple(row[column.name] for column in recorded.primary_key)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read_only(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=30)


def _changes(source: sqlite3.Connection) -> int:
    """Return a number that is another one after somebody wrote to the file."""
    found: int = source.execute("PRAGMA data_version").fetchone()[0]
    return found
