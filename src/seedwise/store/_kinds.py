"""What an attempt at a run leaves behind besides its record's own row: one description for each kind of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Table

from seedwise.run import Forecasts, Observed, Predictions
from seedwise.store import _tables as tables
from seedwise.store._packing import pack, unpack_labels

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

    def store(self, db: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any]:
        """Store the shared part of a row, and return the rest with the link to it."""
        part = {name: row[name] for name in self.hashed}
        digest = hashlib.sha256(b"".join(map(_bytes, part.values()))).hexdigest()[: self.digits]
        if not db.execute(sa.select(self.table.c.digest).where(self.table.c.digest == digest)).first():
            db.execute(self.table.insert().values(digest=digest, **part))
        return {name: value for name, value in row.items() if name not in part} | {self.link: digest}


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

    def write(self, db: sa.Connection, run_id: str, attempt: int, values: Iterable[T]) -> None:
        """Store what an attempt left."""
        for value in values:
            row = self.to_row(value)
            own = row if self.shared is None else self.shared.store(db, row)
            db.execute(self.table.insert().values(run_id=run_id, attempt=attempt, **own))

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
    """
    if not sa.inspect(db).has_table(table.name):
        return
    columns = [*table.c, *([] if shared is None else [shared.table.c[name] for name in shared.hashed])]
    query = sa.select(*(sa.null().label(c.name) if c.name in without else c for c in columns)).select_from(table)
    if shared is not None:
        query = query.join(shared.table, shared.table.c.digest == table.c[shared.link])
    runs = tables.runs.c
    query = query.join(
        tables.runs, (runs.run_id == table.c.run_id) & (runs.attempt == table.c.attempt) & runs.current
    ).where(*(table.c[name] == value for name, value in where.items()))
    if run_ids is not None:
        query = query.where(is_one_of(table.c.run_id, run_ids))
    if "epoch" in table.c:
        query = query.order_by(table.c.epoch)
    yield from (dict(row) for row in db.execute(query).mappings())


def is_one_of(column: sa.ColumnElement[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of these values, however many they are."""
    listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def _bytes(value: Any) -> bytes:
    if value is None:
        return b"-"
    return pack(value) if isinstance(value, np.ndarray) else json.dumps(value).encode()


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
OBSERVED: Final = Kind(tables.observed, lambda seen: {"content": vars(seen)}, lambda row: Observed(**row["content"]))
