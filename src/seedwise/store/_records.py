"""What became of runs: records that are taken in, and what is read of them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import sqlalchemy as sa

from seedwise.run import Link, ReadoutRecord, RunRecord, digest_of
from seedwise.store import _tables as tables
from seedwise.store._attempts import current_attempts, is_one_of, one_of
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
from seedwise.store._kinds import (
    FORECASTS,
    OBSERVED,
    PREDICTIONS,
    SERIES,
    Kind,
    current_rows,
)

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
    ours = runs.nonce.in_(_nonces(record)) & (runs.run_id == record.id)
    return db.execute(sa.select(runs.nonce).where(ours)).first() is not None


def _nonces(record: RunRecord) -> tuple[str, str]:
    """Return the nonce of a record, and the one that it gets where a record of another run has taken that."""
    return record.nonce, digest_of([record.id, record.nonce])


def ingest(db: sa.Connection, records: Sequence[RunRecord]) -> int:
    """Take records in, of each run one, and return how many were new; see ``Store.ingest``."""
    runs, specs = tables.runs, tables.specs
    ids = [record.id for record in records]
    attempts: dict[str, list[Any]] = {}
    earlier = sa.select(runs.c.run_id, runs.c.attempt, runs.c.nonce, runs.c.status)
    for attempt in db.execute(earlier.where(is_one_of(runs.c.run_id)), one_of(ids)):
        attempts.setdefault(attempt.run_id, []).append(attempt)
    nonces = {record.id: _nonces(record) for record in records}
    new = [r for r in records if not any(old.nonce in nonces[r.id] for old in attempts.get(r.id, ()))]
    same = sa.select(runs.c.nonce).where(is_one_of(runs.c.nonce))
    taken = set(db.execute(same, one_of(r.nonce for r in new)).scalars())
    planned = set(db.execute(sa.select(specs.c.run_id).where(is_one_of(specs.c.run_id)), one_of(ids)).scalars())
    insert(db, specs, [{"run_id": r.id, "content": r.content} for r in new if r.id not in planned])
    numbers = {record.id: _make_room(db, record.id, attempts.get(record.id, ())) for record in new}
    documents: set[str] = set()
    rows = []
    for record in new:
        usual, other = nonces[record.id]
        rows.append(
            {
                "run_id": record.id,
                "attempt": numbers[record.id],
                "current": True,
                "nonce": other if usual in taken else usual,
                "environment": _document(db, record.environment, documents),
                "code": _document(db, record.code, documents),
                **{name: getattr(record, name) for name in _OF_RUN},
            }
        )
        taken.add(usual)
    left = {
        short(kind.table): kind.write(db, {(r.id, numbers[r.id]): values_of(r) for r in new})
        for kind, values_of in _LEFT
    }
    for k, row in enumerate(rows):
        row["left"] = json.dumps({name: listed[k] for name, listed in left.items()})
    insert(db, runs, rows)
    return len(rows)


_LEFT: Final[tuple[tuple[Kind[Any], Callable[[RunRecord], list[Any]]], ...]] = (
    (SERIES, lambda record: [record.series]),
    (OBSERVED, lambda record: [] if record.observed is None else [record.observed]),
    (PREDICTIONS, lambda record: record.predictions),
    (FORECASTS, lambda record: record.forecasts),
)


def _make_room(db: sa.Connection, run_id: str, attempts: Sequence[Any]) -> int:
    """Return the number of the next attempt at a run, which becomes the current one; an interrupted one goes."""
    if not attempts:
        return 0
    ours = tables.runs.c.run_id == run_id
    interrupted = delete(db, tables.runs, ours, tables.runs.c.status == "interrupted")
    number = 1 + max((old.attempt for old in attempts if old.status != "interrupted"), default=-1)
    earlier = delete(db, tables.runs, ours, tables.runs.c.current)
    insert_raw(db, tables.runs, [row | {"current": 0} for row in earlier])
    if interrupted:  # a run that is interrupted, resumed and finished replaces its own earlier rows
        for kind, _ in _LEFT:
            kind.delete(db, run_id, number)
    return number


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
            "environment": _document(db, result.environment, set()),
            "code": _document(db, result.code, set()),
            **{name: getattr(result, name) for name in ("status", "metrics", "error", "traceback")},
            **{name: getattr(record, name) for name in _OF_READOUT},
        },
    )
    insert_raw(db, readouts, [row])
    PREDICTIONS.delete(db, record.id, attempt["attempt"], tag=record.readout)
    left = left_of(attempt["left"])
    tag = keys_of(tables.predictions).index("tag")
    kept = [entry for entry in left.get("predictions", []) if entry[tag] != record.readout]
    (added,) = PREDICTIONS.write(db, {(record.id, attempt["attempt"]): result.predictions})
    left["predictions"] = kept + added
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


def _document(db: sa.Connection, content: Mapping[str, str], known: set[str]) -> str | None:
    """Store an environment or code, and return its digest; ``known`` holds those that are stored."""
    if not content:
        return None
    digest, documents = digest_of(content), tables.documents
    if digest not in known:
        if not db.execute(sa.select(documents.c.digest).where(documents.c.digest == digest)).first():
            insert(db, documents, [{"digest": digest, "content": content}])
        known.add(digest)
    return digest
