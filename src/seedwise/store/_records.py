"""What became of runs: records that are taken in, and what is read of them again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

import sqlalchemy as sa

from seedwise.run import Link, ReadoutRecord, RunRecord, digest_of
from seedwise.store import _tables as tables
from seedwise.store._checksums import (
    Row,
    decoded,
    delete,
    encoded,
    entry_of,
    insert,
    insert_raw,
    keys_of,
    left_of,
    short,
)
from seedwise.store._kinds import FORECASTS, OBSERVED, PREDICTIONS, SERIES, Kind, current_attempts, current_rows

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


_OF_ATTEMPT: Final = [f.name for f in fields(StoredRun) if f.name not in ("link", "run_id", "content")]


def attempts_at(db: sa.Connection, run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the current attempts of those runs that have one, as fields of ``StoredRun``."""
    found = current_attempts(db, run_ids)
    return {i: {name: row[name] for name in _OF_ATTEMPT} for i, row in _decoded_runs(found.values())}


def _decoded_runs(rows: Iterable[Row]) -> list[tuple[str, dict[str, Any]]]:
    return [(row["run_id"], decoded(tables.runs, row)) for row in rows]


def is_known(db: sa.Connection, record: RunRecord) -> bool:
    """Return whether a record was stored before; an attempt at a run is named by its nonce."""
    runs = tables.runs.c
    ours = runs.nonce.in_([record.nonce, _other_nonce(record)]) & (runs.run_id == record.id)
    return db.execute(sa.select(runs.nonce).where(ours)).first() is not None


def _free_nonce(db: sa.Connection, record: RunRecord) -> str:
    """Return the nonce of a record, or another where a record of another run has taken that."""
    runs = tables.runs.c
    taken = db.execute(sa.select(runs.nonce).where(runs.nonce == record.nonce)).first() is not None
    return _other_nonce(record) if taken else record.nonce


def _other_nonce(record: RunRecord) -> str:
    return digest_of([record.id, record.nonce])


def ingest(db: sa.Connection, record: RunRecord) -> bool:
    """Take a record in; see ``Store.ingest``."""
    runs = tables.runs
    if is_known(db, record):
        return False
    ours = runs.c.run_id == record.id
    interrupted = delete(db, runs, ours, runs.c.status == "interrupted")
    last = db.execute(sa.select(sa.func.max(runs.c.attempt)).where(ours)).scalar()
    attempt = 0 if last is None else last + 1
    earlier = delete(db, runs, ours, runs.c.current)
    insert_raw(db, runs, [row | {"current": 0} for row in earlier])
    if not db.execute(sa.select(tables.specs.c.run_id).where(tables.specs.c.run_id == record.id)).first():
        insert(db, tables.specs, [{"run_id": record.id, "content": record.content}])
    kinds: list[tuple[Kind[Any], list[Any]]] = [
        (SERIES, [record.series]),
        (OBSERVED, [] if record.observed is None else [record.observed]),
        (PREDICTIONS, record.predictions),
        (FORECASTS, record.forecasts),
    ]
    left = {}
    for kind, values in kinds:
        # A run that is interrupted, resumed and finished replaces its own earlier rows.
        if interrupted:
            kind.delete(db, record.id, attempt)
        left[short(kind.table)] = kind.write(db, record.id, attempt, values)
    row = {
        "run_id": record.id,
        "attempt": attempt,
        "current": True,
        "nonce": _free_nonce(db, record),
        "environment": _document(db, record.environment),
        "code": _document(db, record.code),
        "left": json.dumps(left),
        **{name: getattr(record, name) for name in _OF_RUN},
    }
    insert(db, runs, [row])
    return True


def ingest_readout(db: sa.Connection, record: ReadoutRecord) -> bool:
    """Take a readout in; see ``Store.ingest_readout``."""
    result, runs, readouts = record.result, tables.runs, tables.readouts
    found = delete(db, runs, runs.c.run_id == record.id, runs.c.nonce == record.nonce, runs.c.current)
    if not found:
        return False
    (attempt,) = found
    key = {"run_id": record.id, "attempt": attempt["attempt"], "readout": record.readout}
    db.execute(readouts.delete().where(*(readouts.c[name] == value for name, value in key.items())))
    row = encoded(
        readouts,
        {
            **key,
            "environment": _document(db, result.environment),
            "code": _document(db, result.code),
            **{name: getattr(result, name) for name in ("status", "metrics", "error", "traceback")},
            **{name: getattr(record, name) for name in _OF_READOUT},
        },
    )
    insert_raw(db, readouts, [row])
    PREDICTIONS.delete(db, record.id, attempt["attempt"], tag=record.readout)
    left = left_of(attempt)
    tag = keys_of(tables.predictions).index("tag")
    kept = [entry for entry in left.get("predictions", []) if entry[tag] != record.readout]
    left["predictions"] = kept + PREDICTIONS.write(db, record.id, attempt["attempt"], result.predictions)
    others = [entry for entry in left.get("readouts", []) if entry[0] != record.readout]
    left["readouts"] = [*others, entry_of(readouts, row)]
    insert_raw(db, runs, [attempt | {"left": json.dumps(left)}])
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
        insert(db, documents, [{"digest": digest, "content": content}])
    return digest
