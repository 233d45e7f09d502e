"""What became of runs: records that are taken in, and what is read of them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

import sqlalchemy as sa

from seedwise.run import Link, ReadoutRecord, RunRecord, digest_of
from seedwise.store import _tables as tables
from seedwise.store._kinds import FORECASTS, OBSERVED, PREDICTIONS, SERIES, Kind, current_rows, is_one_of

_OF_RUN: Final = ("status", "metrics", "weights_sha256", "seconds", "resumed_from", "notes", "error", "traceback")
_OF_READOUT: Final = ("passes", "seconds", "plain_seconds", "preparation_seconds")


@dataclass(frozen=True)
class StoredRun:
    """A link and the current attempt of its run; ``status`` is ``pending`` where there is none."""

    link: Link
    run_id: str
    content: dict[str, Any]
    status: str = "pending"
    metrics: dict[str, float | None] = field(default_factory=dict)
    weights_sha256: str | None = None
    seconds: float | None = None
    resumed_from: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    environment: str | None = None
    code: str | None = None
    attempt: int | None = None


@dataclass(frozen=True)
class StoredReadout:
    """What a readout of the current attempt of a run gave; for the fields see ``ReadoutRecord``."""

    status: str
    metrics: dict[str, float | None]
    passes: int
    seconds: float | None
    plain_seconds: float | None
    preparation_seconds: float | None
    error: str | None


_OF_ATTEMPT: Final = [tables.runs.c[f.name] for f in fields(StoredRun) if f.name not in ("link", "run_id", "content")]


def attempts_at(db: sa.Connection, run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the current attempts of those runs that have one, as fields of ``StoredRun``."""
    runs = tables.runs.c
    query = sa.select(runs.run_id, *_OF_ATTEMPT).where(runs.current, is_one_of(runs.run_id, run_ids))
    return {row["run_id"]: {c.name: row[c.name] for c in _OF_ATTEMPT} for row in db.execute(query).mappings()}


def is_known(db: sa.Connection, record: RunRecord) -> bool:
    """Return whether a record was stored before; an attempt at a run is named by its nonce."""
    return db.execute(sa.select(tables.runs.c.nonce).where(tables.runs.c.nonce == record.nonce)).first() is not None


def ingest(db: sa.Connection, record: RunRecord) -> bool:
    """Take a record in; see ``Store.ingest``."""
    runs = tables.runs
    if is_known(db, record):
        return False
    ours = runs.c.run_id == record.id
    db.execute(runs.delete().where(ours, runs.c.status == "interrupted"))
    last = db.execute(sa.select(sa.func.max(runs.c.attempt)).where(ours)).scalar()
    attempt = 0 if last is None else last + 1
    db.execute(runs.update().where(ours).values(current=False))
    db.execute(
        runs.insert().values(
            run_id=record.id,
            attempt=attempt,
            current=True,
            nonce=record.nonce,
            environment=_document(db, record.environment),
            code=_document(db, record.code),
            **{name: getattr(record, name) for name in _OF_RUN},
        )
    )
    if not db.execute(sa.select(tables.specs.c.run_id).where(tables.specs.c.run_id == record.id)).first():
        db.execute(tables.specs.insert().values(run_id=record.id, content=record.content))
    left: list[tuple[Kind[Any], list[Any]]] = [
        (SERIES, [record.series]),
        (OBSERVED, [] if record.observed is None else [record.observed]),
        (PREDICTIONS, record.predictions),
        (FORECASTS, record.forecasts),
    ]
    for kind, values in left:
        # A run that is interrupted, resumed and finished replaces its own earlier rows.
        kind.delete(db, record.id, attempt)
        kind.write(db, record.id, attempt, values)
    return True


def ingest_readout(db: sa.Connection, record: ReadoutRecord) -> bool:
    """Take a readout in; see ``Store.ingest_readout``."""
    result, runs, readouts = record.result, tables.runs.c, tables.readouts
    ours = (runs.run_id == record.id) & (runs.nonce == record.nonce) & runs.current
    attempt = db.execute(sa.select(runs.attempt).where(ours)).scalar()
    if attempt is None:
        return False
    key = {"run_id": record.id, "attempt": attempt, "readout": record.readout}
    db.execute(readouts.delete().where(*(readouts.c[name] == value for name, value in key.items())))
    db.execute(
        readouts.insert().values(
            **key,
            environment=_document(db, result.environment),
            code=_document(db, result.code),
            **{name: getattr(result, name) for name in ("status", "metrics", "error", "traceback")},
            **{name: getattr(record, name) for name in _OF_READOUT},
        )
    )
    PREDICTIONS.delete(db, record.id, attempt, tag=record.readout)
    PREDICTIONS.write(db, record.id, attempt, result.predictions)
    return True


def readouts_in(db: sa.Connection) -> dict[tuple[str, str], StoredReadout]:
    """Return what was read out of current attempts, by run id and readout."""
    names = [f.name for f in fields(StoredReadout)]
    return {
        (row["run_id"], row["readout"]): StoredReadout(**{name: row[name] for name in names})
        for row in current_rows(db, tables.readouts)
    }


def _document(db: sa.Connection, content: Mapping[str, str]) -> str | None:
    if not content:
        return None
    digest, documents = digest_of(content), tables.documents
    if not db.execute(sa.select(documents.c.digest).where(documents.c.digest == digest)).first():
        db.execute(documents.insert().values(digest=digest, content=content))
    return digest
