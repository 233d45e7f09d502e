"""The current attempts at runs: read and verified once for as long as nothing is written to the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from seedwise.store import _tables as tables
from seedwise.store._checksums import (
    DamageError,
    Row,
    fetched,
    is_sealed,
    kept_names,
    raw_columns,
    values_of,
    verified,
)

Values = Sequence[Any]
"""The values of a row of ``runs``, in the order of its columns: of 100 000 runs dicts would be much."""

_FEW: Final = 100
"""Runs up to this number are looked up one by one; where more are wanted, the attempts at all runs are read."""
_REMEMBERED: Final = "attempts"


def current_attempts(db: sa.Connection, run_ids: Iterable[str] | None = None) -> dict[str, Row]:
    """Return the current attempts at runs as they are kept, in the order of ``run_ids``; or of all as they came.

    Raises:
        DamageError: if one of them is not what was written, or missing.

    """
    names = kept_names(tables.runs, sealed=is_sealed(db))
    if run_ids is None:
        return {i: dict(zip(names, values, strict=True)) for i, values in _all(db).items()}
    wanted = dict.fromkeys(run_ids)
    if len(wanted) <= _FEW and _remembered(db) is None:
        return _looked_up(db, wanted)
    there = _all(db)
    return {i: dict(zip(names, there[i], strict=True)) for i in wanted if i in there}


def listed_by(db: sa.Connection, run_ids: Sequence[str] | None = None) -> Iterable[tuple[Any, ...]]:
    """Return (run, attempt, what it left as it is listed) of the current attempts at runs, or of all."""
    columns = "run_id", "attempt", "left"
    if run_ids is not None and len(run_ids) <= _FEW:
        return [itemgetter(*columns)(row) for row in current_attempts(db, run_ids).values()]
    found = current_columns(db, *columns, remember=True)
    if run_ids is None:
        return found
    wanted = set(run_ids)
    return (values for values in found if values[0] in wanted)


def current_columns(db: sa.Connection, *names: str, remember: bool = False) -> Iterator[tuple[Any, ...]]:
    """Yield two or more columns of the current attempts at all runs.

    Args:
        db: the store.
        names: of the columns.
        remember: whether what is read for it is remembered; what was remembered before is taken in any case.

    """
    columns = kept_names(tables.runs, sealed=is_sealed(db))
    wanted = itemgetter(*map(columns.index, names))
    found = _all(db) if remember else _remembered(db)
    yield from map(wanted, _read(db) if found is None else found.values())


def forget(db: sa.Connection) -> None:
    """Forget what is remembered of a store that is to be written to."""
    db.info.pop(_REMEMBERED, None)


def is_one_of(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of the values of a query's parameter; see ``one_of``."""
    found = sa.func.json_each(sa.bindparam("values", type_=sa.Text)).table_valued("value")
    return column.in_(sa.select(found.c.value))


def one_of(values: Iterable[str]) -> dict[str, str]:
    """Return that parameter: values, however many they are."""
    return {"values": json.dumps(list(values))}


def _all(db: sa.Connection) -> Mapping[str, Values]:
    found = _remembered(db)
    if found is None:
        state = _state(db)
        found = {}
        for values in map(tuple, _read(db)):
            if found.setdefault(values[0], values) is not values:  # the first column is the run
                raise DamageError("a run has two current attempts")
        db.info[_REMEMBERED] = state, found
    return found


def _read(db: sa.Connection) -> Iterator[Values]:
    current = tables.runs.c.keys().index("current")
    return (values for values in values_of(db, tables.runs) if values[current])


def _remembered(db: sa.Connection) -> Mapping[str, Values] | None:
    state, found = db.info.get(_REMEMBERED, (None, None))
    return found if state is not None and state == _state(db) else None


def _state(db: sa.Connection) -> tuple[int, int]:
    """Return numbers of which one changes with whatever is written, by others or through this connection."""
    by_others = db.exec_driver_sql("PRAGMA data_version").scalar_one()
    return by_others, db.connection.dbapi_connection.total_changes  # type: ignore[union-attr]


@cache  # a query takes longer to be put together than to be answered
def _current(sealed: bool) -> sa.Select[Any]:
    runs = tables.runs
    return sa.select(*raw_columns(runs, sealed=sealed)).where(runs.c.current, is_one_of(runs.c.run_id))


def _looked_up(db: sa.Connection, wanted: Mapping[str, None]) -> dict[str, Row]:
    runs = tables.runs
    found = [verified(db, runs, row) for row in fetched(db, _current(is_sealed(db)), one_of(wanted))]
    attempts = {row["run_id"]: row for row in found}
    if len(attempts) < len(found):
        raise DamageError("a run has two current attempts")
    missing = wanted.keys() - attempts.keys()
    # An index that is damaged leaves out rows. Whatever it says, they must not be there.
    if missing and is_sealed(db) and not missing.isdisjoint(_all(db)):
        raise DamageError("an index of 'runs' leaves out rows")
    return {i: attempts[i] for i in wanted if i in attempts}
