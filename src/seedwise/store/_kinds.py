"""What an attempt at a run leaves behind besides its record's own row: one description for each kind of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import Table

from seedwise.run import Forecasts, Observed, Predictions
from seedwise.store import _tables as tables
from seedwise.store._attempts import is_one_of, listed_by, one_of
from seedwise.store._checksums import (
    DamageError,
    Row,
    checked,
    decoded,
    encoded,
    entry_of,
    fetched,
    insert_raw,
    is_sealed,
    raw_columns,
    short,
    verified,
)
from seedwise.store._packing import unpack_labels

T = TypeVar("T")


@dataclass(frozen=True)
class Shared:
    """What many runs have alike, and is stored once.

    Attributes:
        table: where, by its digest.
        link: the column that holds the digest in the table of what belongs to one run.
        hashed: the columns that are digested, in this order.
        digits: hexadecimal digits of the digest.

    """

    table: Table
    link: str
    hashed: tuple[str, ...]
    digits: int

    def store(self, db: sa.Connection, row: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
        """Store the shared part of a row, and return the rest with the link to it.

        ``known`` holds the digests of parts that are stored.
        """
        part = encoded(self.table, row)
        digest = hashlib.sha256(b"".join(_bytes(part[name]) for name in self.hashed)).hexdigest()[: self.digits]
        if digest not in known:
            if not db.execute(sa.select(self.table.c.digest).where(self.table.c.digest == digest)).first():
                insert_raw(db, self.table, [part | {"digest": digest}])
            known.add(digest)
        return {name: value for name, value in row.items() if name not in self.hashed} | {self.link: digest}

    def read(self, db: sa.Connection, digest: str, known: dict[str, Row]) -> Row:
        """Return the shared part of a row; ``known`` holds those that were read before."""
        if digest not in known:
            row = db.execute(_by_digest(self.table, is_sealed(db)), {"digest": digest}).mappings().first()
            if row is None:
                raise DamageError(f"the row ({digest}) of '{short(self.table)}' is missing")
            values = decoded(self.table, verified(db, self.table, dict(row)))
            known[digest] = {name: values[name] for name in self.hashed}
        return known[digest]


@cache
def _by_digest(table: Table, sealed: bool) -> sa.Select[Any]:
    return sa.select(*raw_columns(table, sealed=sealed)).where(table.c.digest == sa.bindparam("digest"))


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of what attempts leave behind.

    Attributes:
        table: a row for each attempt, and each of its splits, tags and epochs where it has such.
        to_row: its columns besides the attempt's.
        from_row: reads them.
        shared: what of it many runs have alike; None for nothing.

    """

    table: Table
    to_row: Callable[[T], Mapping[str, Any]]
    from_row: Callable[[Mapping[str, Any]], T]
    shared: Shared | None = None

    def write(self, db: sa.Connection, left: Mapping[tuple[str, int], Iterable[T]]) -> list[list[list[Any]]]:
        """Store what attempts left, and return for each of them how it is listed in its row."""
        known: set[str] = set()
        rows = []
        for (run_id, attempt), values in left.items():
            own = [self.to_row(value) for value in values]
            if self.shared is not None:
                own = [self.shared.store(db, row, known) for row in own]
            rows.append([encoded(self.table, {"run_id": run_id, "attempt": attempt, **row}) for row in own])
        insert_raw(db, self.table, [row for own in rows for row in own])
        return [[entry_of(self.table, row) for row in own] for own in rows]

    def delete(self, db: sa.Connection, run_id: str, attempt: int, **where: str) -> None:
        """Delete what an attempt left, as far as its columns have the values of ``where``."""
        at = {"run_id": run_id, "attempt": attempt, **where}
        db.execute(self.table.delete().where(*(self.table.c[name] == value for name, value in at.items())))

    def read(
        self, db: sa.Connection, run_ids: Iterable[str], *, without: Collection[str] = (), **where: str
    ) -> dict[str, T]:
        """Return what the current attempts of runs left; of several epochs, the last.

        Args:
            db: the store.
            run_ids: the runs.
            without: columns that stay where they are, and are None in what is returned.
            where: values of columns.

        """
        rows = current_rows(db, self.table, self.shared, run_ids=run_ids, without=without, **where)
        return {row["run_id"]: self.from_row(row) for row in rows}


def current_rows(
    db: sa.Connection,
    table: Table,
    shared: Shared | None = None,
    *,
    run_ids: Iterable[str] | None = None,
    without: Collection[str] = (),
    **where: str,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table that belong to current attempts; none if the store is from before there was the table.

    For the arguments see ``Kind.read``; without ``run_ids``, those of all runs.

    Raises:
        DamageError: if a row is not what was written, is missing, or was not written.

    """
    sealed = is_sealed(db)
    if not sealed and not sa.inspect(db).has_table(table.name):
        return
    ids = None if run_ids is None else list(run_ids)
    query = _of_current(table, sealed, frozenset(without), tuple(where), ids is None)
    rows = fetched(db, query, where | ({} if ids is None else one_of(ids)))
    if sealed:
        rows = checked(table, listed_by(db, ids), rows, without=without, **where)
    parts: dict[str, Row] = {}
    for row in rows:
        values = decoded(table, row)
        yield values if shared is None else values | shared.read(db, row[shared.link], parts)


@cache  # a query takes longer to be put together than to be answered
def _of_current(
    table: Table, sealed: bool, without: frozenset[str], where: tuple[str, ...], of_all: bool
) -> sa.Select[Any]:
    query = sa.select(*raw_columns(table, sealed=sealed, without=without)).select_from(table)
    runs = tables.runs.c
    query = query.join(
        tables.runs, (runs.run_id == table.c.run_id) & (runs.attempt == table.c.attempt) & runs.current
    ).where(*(table.c[name] == sa.bindparam(name) for name in where))
    if not of_all:
        query = query.where(is_one_of(table.c.run_id))
    return query.order_by(table.c.epoch) if "epoch" in table.c else query


def _bytes(kept: bytes | str | None) -> bytes:
    return b"-" if kept is None else kept.encode() if isinstance(kept, str) else kept


def _predictions(row: Mapping[str, Any]) -> Predictions:
    own = {name: row[name] for name in ("split", "tag", "epoch", "ids", "labels", "logits")}
    return Predictions(**own, predicted=unpack_labels(row["predicted"], row["labels"]))


def _forecasts(row: Mapping[str, Any]) -> Forecasts:
    return Forecasts(**{name: row[name] for name in Forecasts.__dataclass_fields__})


PREDICTIONS: Final = Kind(
    tables.predictions, vars, _predictions, Shared(tables.examples, "examples", ("ids", "labels"), digits=16)
)
FORECASTS: Final = Kind(
    tables.forecasts,
    vars,
    _forecasts,
    Shared(tables.windows, "windows", ("variables", "ids", "sampled", "truth", "history"), digits=64),
)
SERIES: Final = Kind[list[dict[str, float]]](tables.series, lambda rows: {"rows": rows}, lambda row: row["rows"])
OBSERVED: Final = Kind(
    tables.observed, lambda seen: {"content": seen.to_dict()}, lambda row: Observed.from_dict(row["content"])
)
