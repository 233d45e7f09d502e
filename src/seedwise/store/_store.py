"""The study's single file: SQLite through SQLAlchemy Core, one writer.

Runs are never deleted: a run trained again is a further attempt, and the newest attempt is the current one. Table names
carry the prefix ``seedwise_`` so that other tables can live in the same file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

from seedwise.errors import SeedwiseError, StorageError
from seedwise.run import Forecasts, Link, Observed, Predictions, ReadoutRecord, RunRecord, digest_of
from seedwise.store._packing import pack as _pack
from seedwise.store._packing import unpack as _unpack
from seedwise.store._packing import unpack_labels, unpack_text
from seedwise.store._recorded import RECORDED, Recalled, Recorded

VERSION: Final = 1
_PLACE: Final = ("study", "task", "method", "regime", "group", "replicate")

_metadata = MetaData()
_meta = Table(
    "seedwise_meta", _metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False)
)
_studies = Table(
    "seedwise_studies",
    _metadata,
    Column("name", String, primary_key=True),
    Column("description", Text, nullable=False),
    Column("position", Integer, nullable=False),
)
_links = Table(
    "seedwise_links",
    _metadata,
    Column("study", String, primary_key=True),
    Column("task", String, primary_key=True),
    Column("method", String, primary_key=True),
    Column("regime", String, primary_key=True),
    Column("group", Integer, primary_key=True),
    Column("replicate", Integer, primary_key=True),
    Column("run_id", String, nullable=False),
    Column("position", Integer, nullable=False),
)
_specs = Table(
    "seedwise_specs", _metadata, Column("run_id", String, primary_key=True), Column("content", Text, nullable=False)
)
_runs = Table(
    "seedwise_runs",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("current", Boolean, nullable=False),
    Column("nonce", String, nullable=False, unique=True),
    Column("status", String, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("weights_sha256", String),
    Column("seconds", Float, nullable=False),
    Column("resumed_from", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("error", Text),
    Column("traceback", Text),
    Column("environment", String),
    Column("code", String),
)
_series = Table(
    "seedwise_series",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("rows", Text, nullable=False),
)
_examples = Table(
    "seedwise_examples",
    _metadata,
    Column("digest", String, primary_key=True),
    Column("ids", LargeBinary, nullable=False),
    Column("labels", LargeBinary, nullable=False),
)
_predictions = Table(
    "seedwise_predictions",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("split", String, primary_key=True),
    Column("tag", String, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("examples", String, nullable=False),
    Column("predicted", LargeBinary, nullable=False),
    Column("logits", LargeBinary),
)
_windows = Table(
    "seedwise_windows",
    _metadata,
    Column("digest", String, primary_key=True),
    Column("ids", LargeBinary, nullable=False),
    Column("sampled", LargeBinary, nullable=False),
    Column("variables", Text, nullable=False),
    Column("truth", LargeBinary),
    Column("history", LargeBinary),
)
_forecasts = Table(
    "seedwise_forecasts",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("split", String, primary_key=True),
    Column("tag", String, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("windows", String, nullable=False),
    Column("errors", LargeBinary, nullable=False),
    Column("by_step", LargeBinary, nullable=False),
    Column("by_variable", LargeBinary, nullable=False),
    Column("sample", LargeBinary),
)
_readouts = Table(
    "seedwise_readouts",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("readout", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("passes", Integer, nullable=False),
    Column("seconds", Float),
    Column("plain_seconds", Float),
    Column("preparation_seconds", Float),
    Column("error", Text),
    Column("traceback", Text),
    Column("environment", String),
    Column("code", String),
)
_documents = Table(
    "seedwise_documents", _metadata, Column("digest", String, primary_key=True), Column("content", Text, nullable=False)
)
_observed = Table(
    "seedwise_observed",
    _metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("content", Text, nullable=False),
)
TRACEBACK: Final = "traceback"
"""The key of a document that is a traceback."""
_accepted = Table(
    "seedwise_accepted_code",
    _metadata,
    Column("recorded", String, primary_key=True),
    Column("now", String, primary_key=True),
)


@dataclass(frozen=True)
class StoredRun:
    """A link and the current attempt of its run; ``status`` is ``pending`` where there is none."""

    link: Link
    run_id: str
    content: dict[str, Any]
    status: str
    metrics: dict[str, float | None]
    weights_sha256: str | None
    seconds: float | None
    resumed_from: list[int]
    notes: list[str]
    error: str | None
    environment: str | None
    code: str | None
    attempt: int | None

    @classmethod
    def of(cls, link: Link, run_id: str, content: dict[str, Any], *row: Any) -> StoredRun:
        """Read the columns of an attempt, all None where there is none."""
        status, metrics, weights, seconds, resumed, notes, *rest = row
        lists = json.loads(resumed or "[]"), json.loads(notes or "[]")
        found = status or "pending", json.loads(metrics or "{}"), weights, seconds, *lists
        return cls(link, run_id, content, *found, *rest)


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


class Store:
    """A study's file.

    Args:
        path: the file.
        write: whether to make it if it is missing, and write to it; only the driver does, holding the folder's lock.

    Raises:
        SeedwiseError: if the file is missing, is no store, or was written by a newer seedwise.
        StorageError: if it cannot be written.

    """

    def __init__(self, path: Path, *, write: bool = False) -> None:
        self.path = path
        self._plans: dict[str, tuple[dict[str, Any], list[tuple[Link, str, dict[str, Any]]]]] = {}
        if path.is_dir():
            raise SeedwiseError(f"{path} is a folder: name a file for the store, such as {path / 'study.db'}")
        if not write and not path.exists():
            raise SeedwiseError(f"there is no store {path}: 'seedwise run STUDY.yaml' makes one")
        if write:
            _check_writable(path)
        self._engine = sa.create_engine(
            "sqlite://", creator=lambda: _connect(path, write=write), poolclass=sa.pool.StaticPool
        )
        try:
            with self._errors():
                self._check_version(write)
                if write:
                    self._make_tables()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DatabaseError as error:
            reason = str(error.orig)
            if "full" in reason or "disk I/O" in reason:
                raise StorageError(
                    f"no space left to write {self.path} ({reason}): free some and run the same command again; "
                    "what is finished is kept"
                ) from error
            if "readonly" in reason or "unable to open" in reason:
                raise StorageError(
                    f"not allowed to write {self.path}: make it and its folder writable or pass another --store"
                ) from error
            if "no such table" in reason or "not a database" in reason or "malformed" in reason:
                raise SeedwiseError(f"{self.path} is not a store of seedwise, or it is damaged: {reason}") from error
            raise StorageError(f"{self.path}: {reason}") from error
        except (ValueError, zlib.error) as error:
            raise SeedwiseError(f"{self.path} is damaged: {error}") from error

    def _check_version(self, write: bool) -> None:
        # Before anything is written: a store of a newer seedwise stays as it is.
        if write and not sa.inspect(self._engine).has_table(_meta.name):
            return
        with self._engine.connect() as db:
            found = db.execute(sa.select(_meta.c.value).where(_meta.c.key == "version")).scalar()
        if found is None and not write:
            raise SeedwiseError(f"{self.path} is an unfinished store: run its study again")
        if found is not None and not (found.isdecimal() and int(found) <= VERSION):
            raise SeedwiseError(
                f"{self.path} was written by a newer seedwise (store version {found}, this one reads up to {VERSION}): "
                "install a newer seedwise"
            )

    def _make_tables(self) -> None:
        _metadata.create_all(self._engine)
        with self._engine.begin() as db:
            db.execute(sa.insert(_meta).prefix_with("OR IGNORE").values(key="version", value=str(VERSION)))

    # Plans

    def write_plan(
        self, name: str, description: Mapping[str, Any], links: Sequence[tuple[Link, str, Mapping[str, Any]]]
    ) -> None:
        """Make ``links`` (place, run id, content) the links of study ``name``; runs stay whatever happens to links."""
        self._write_links(name, description, links, _links.c.study == name)

    def add_method(
        self,
        name: str,
        description: Mapping[str, Any],
        method: str,
        links: Sequence[tuple[Link, str, Mapping[str, Any]]],
    ) -> None:
        """Make ``links`` the links of one method of study ``name``; methods keep the order in which they came."""
        with self._errors(), self._engine.begin() as db:
            ids = {run_id for _, run_id, _ in links}
            found = db.execute(
                sa.select(_links.c.method, _links.c.run_id, _links.c.position).where(_links.c.study == name)
            ).all()
            clash = next((other for other, run_id, _ in found if other != method and run_id in ids), None)
            positions = [position for own, _, position in found if own == method]
            position = min(positions) if positions else 1 + max((position for *_, position in found), default=-1)
        if clash is not None:
            raise SeedwiseError(
                f"the methods '{method}' and '{clash}' of '{name}' have the same config and seeds, so their runs would "
                "be the same: put what tells them apart into config={...}"
            )
        which = (_links.c.study == name) & (_links.c.method == method)
        self._write_links(name, description, links, which, position=position)

    def _write_links(
        self,
        name: str,
        description: Mapping[str, Any],
        links: Sequence[tuple[Link, str, Mapping[str, Any]]],
        which: sa.ColumnElement[bool],
        position: int | None = None,
    ) -> None:
        rows = {
            astuple(link): (run_id, k if position is None else position) for k, (link, run_id, _) in enumerate(links)
        }
        with self._errors(), self._engine.begin() as db:
            text = json.dumps(description)
            old = db.execute(sa.select(_studies.c.description).where(_studies.c.name == name)).scalar()
            if old is None:
                count = db.execute(sa.select(sa.func.count()).select_from(_studies)).scalar()
                db.execute(_studies.insert().values(name=name, description=text, position=count))
            elif old != text:
                db.execute(_studies.update().where(_studies.c.name == name).values(description=text))
            columns = [_links.c[key] for key in _PLACE]
            found = {
                tuple(row[:6]): (row[6], row[7])
                for row in db.execute(sa.select(*columns, _links.c.run_id, _links.c.position).where(which))
            }
            if found == rows:
                return
            db.execute(_links.delete().where(which))
            db.execute(
                _links.insert(),
                [
                    dict(zip(_PLACE, key, strict=True)) | {"run_id": run_id, "position": k}
                    for key, (run_id, k) in rows.items()
                ],
            )
            known = set(db.execute(sa.select(_specs.c.run_id)).scalars())
            new = {run_id: content for _, run_id, content in links if run_id not in known}
            if new:
                db.execute(
                    _specs.insert(),
                    [{"run_id": run_id, "content": json.dumps(content)} for run_id, content in new.items()],
                )

    def show_plan(
        self, name: str, description: Mapping[str, Any], links: Sequence[tuple[Link, str, Mapping[str, Any]]]
    ) -> None:
        """Show study ``name`` as it is given here, until the file is closed; what is stored stays as it is.

        Two study files may give their studies one name, and so one store, which keeps the plan of the last that ran.
        """
        self._plans[name] = dict(description), [(link, run_id, dict(content)) for link, run_id, content in links]

    def studies(self) -> dict[str, dict[str, Any]]:
        """Return the description of every study in the file, in the order in which they came."""
        with self._errors(), self._engine.connect() as db:
            rows = db.execute(sa.select(_studies.c.name, _studies.c.description).order_by(_studies.c.position))
            stored = {name: json.loads(description) for name, description in rows}
        return stored | {name: description for name, (description, _) in self._plans.items()}

    def statuses(self) -> dict[str, tuple[str, str | None]]:
        """Return (status, digest of the code) of the current attempt of every run."""
        with self._errors(), self._engine.connect() as db:
            rows = db.execute(sa.select(_runs.c.run_id, _runs.c.status, _runs.c.code).where(_runs.c.current))
            return {run_id: (status, code) for run_id, status, code in rows}

    def seconds(self) -> dict[str, float]:
        """Return how long the current attempt of every run took."""
        with self._errors(), self._engine.connect() as db:
            rows = db.execute(sa.select(_runs.c.run_id, _runs.c.seconds).where(_runs.c.current))
            return {row.run_id: row.seconds for row in rows}

    def runs(self, study: str | None = None) -> list[StoredRun]:
        """Return the links of a study (or of all) with the current attempts of their runs, in the order of the plan."""
        names = list(self.studies()) if study is None else [study]
        return [run for name in names for run in self._runs_of(name)]

    def _runs_of(self, study: str) -> list[StoredRun]:
        attempt = (
            _runs.c.status, _runs.c.metrics, _runs.c.weights_sha256, _runs.c.seconds, _runs.c.resumed_from,
            _runs.c.notes, _runs.c.error, _runs.c.environment, _runs.c.code, _runs.c.attempt,
        )  # fmt: skip
        if study in self._plans:
            with self._errors(), self._engine.connect() as db:
                query = sa.select(_runs.c.run_id, *attempt).where(_runs.c.current)
                found = {run_id: rest for run_id, *rest in db.execute(query)}
            nothing = [None] * len(attempt)
            _, links = self._plans[study]
            return [StoredRun.of(link, run_id, content, *found.get(run_id, nothing)) for link, run_id, content in links]
        query = (
            sa.select(*(_links.c[key] for key in _PLACE), _links.c.run_id, _specs.c.content, *attempt)
            .join(_studies, _studies.c.name == _links.c.study)
            .join(_specs, _specs.c.run_id == _links.c.run_id)
            .outerjoin(_runs, (_runs.c.run_id == _links.c.run_id) & _runs.c.current)
            .where(_links.c.study == study)
            .order_by(_links.c.position, _links.c.replicate)
        )
        with self._errors(), self._engine.connect() as db:
            return [StoredRun.of(Link(*row[:6]), row[6], json.loads(row[7]), *row[8:]) for row in db.execute(query)]

    # Records

    def take_in(self, record: RunRecord) -> bool:
        """Store a record in one transaction; return whether it was new.

        An interrupted attempt is replaced; any other stays, and the record becomes the next attempt.
        """
        with self._errors(), self._engine.begin() as db:
            if db.execute(sa.select(_runs.c.nonce).where(_runs.c.nonce == record.nonce)).first():
                return False
            ours = _runs.c.run_id == record.id
            db.execute(_runs.delete().where(ours, _runs.c.status == "interrupted"))
            last = db.execute(sa.select(sa.func.max(_runs.c.attempt)).where(ours)).scalar()
            attempt = 0 if last is None else last + 1
            db.execute(_runs.update().where(ours).values(current=False))
            db.execute(
                _runs.insert().values(
                    run_id=record.id,
                    attempt=attempt,
                    current=True,
                    nonce=record.nonce,
                    status=record.status,
                    metrics=json.dumps(record.metrics),
                    weights_sha256=record.weights_sha256,
                    seconds=record.seconds,
                    resumed_from=json.dumps(record.resumed_from),
                    notes=json.dumps(record.notes),
                    error=record.error,
                    traceback=record.traceback,
                    environment=self._document(db, record.environment),
                    code=self._document(db, record.code),
                )
            )
            if not db.execute(sa.select(_specs.c.run_id).where(_specs.c.run_id == record.id)).first():
                db.execute(_specs.insert().values(run_id=record.id, content=json.dumps(record.content)))
            key = {"run_id": record.id, "attempt": attempt}
            # A run that is interrupted, resumed and finished replaces its own earlier rows.
            for table in (_series, _predictions, _forecasts, _observed):
                db.execute(table.delete().where(table.c.run_id == record.id, table.c.attempt == attempt))
            db.execute(_series.insert().values(**key, rows=_dump_series(record.series)))
            if record.observed is not None:
                db.execute(_observed.insert().values(**key, content=json.dumps(vars(record.observed))))
            for predictions in record.predictions:
                db.execute(_predictions.insert().values(**key, **self._predictions_row(db, predictions)))
            for forecasts in record.forecasts:
                db.execute(_forecasts.insert().values(**key, **self._forecasts_row(db, forecasts)))
            return True

    def take_in_readout(self, record: ReadoutRecord) -> bool:
        """Store a readout in one transaction; return whether it is one of the current attempt of its run."""
        result = record.result
        with self._errors(), self._engine.begin() as db:
            ours = (_runs.c.run_id == record.id) & (_runs.c.nonce == record.nonce) & _runs.c.current
            attempt = db.execute(sa.select(_runs.c.attempt).where(ours)).scalar()
            if attempt is None:
                return False
            key = {"run_id": record.id, "attempt": attempt}
            for table, name in ((_readouts, _readouts.c.readout), (_predictions, _predictions.c.tag)):
                of_run = (table.c.run_id == record.id) & (table.c.attempt == attempt)
                db.execute(table.delete().where(of_run, name == record.readout))
            db.execute(
                _readouts.insert().values(
                    **key,
                    readout=record.readout,
                    status=record.status,
                    metrics=json.dumps(result.metrics),
                    passes=record.passes,
                    seconds=record.seconds,
                    plain_seconds=record.plain_seconds,
                    preparation_seconds=record.preparation_seconds,
                    error=result.error,
                    traceback=result.traceback,
                    environment=self._document(db, result.environment),
                    code=self._document(db, result.code),
                )
            )
            for predictions in result.predictions:
                db.execute(_predictions.insert().values(**key, **self._predictions_row(db, predictions)))
            return True

    @staticmethod
    def _document(db: sa.Connection, content: Mapping[str, str]) -> str | None:
        if not content:
            return None
        digest = digest_of(content)
        if not db.execute(sa.select(_documents.c.digest).where(_documents.c.digest == digest)).first():
            db.execute(_documents.insert().values(digest=digest, content=json.dumps(content)))
        return digest

    @staticmethod
    def _predictions_row(db: sa.Connection, predictions: Predictions) -> dict[str, Any]:
        ids, labels = _pack(predictions.ids), _pack(predictions.labels)
        digest = hashlib.sha256(ids + labels).hexdigest()[:16]
        if not db.execute(sa.select(_examples.c.digest).where(_examples.c.digest == digest)).first():
            db.execute(_examples.insert().values(digest=digest, ids=ids, labels=labels))
        return {
            "split": predictions.split,
            "tag": predictions.tag,
            "epoch": predictions.epoch,
            "examples": digest,
            "predicted": _pack(predictions.predicted),
            "logits": None if predictions.logits is None else _pack(predictions.logits),
        }

    @staticmethod
    def _forecasts_row(db: sa.Connection, forecasts: Forecasts) -> dict[str, Any]:
        names = ("ids", "sampled", "truth", "history")
        shared = {name: _pack_or_none(getattr(forecasts, name)) for name in names}
        variables = json.dumps(forecasts.variables)
        digest = hashlib.sha256(b"".join([variables.encode(), *(blob or b"-" for blob in shared.values())])).hexdigest()
        if not db.execute(sa.select(_windows.c.digest).where(_windows.c.digest == digest)).first():
            db.execute(_windows.insert().values(digest=digest, variables=variables, **shared))
        own = {name: _pack_or_none(getattr(forecasts, name)) for name in ("errors", "by_step", "by_variable", "sample")}
        return {"split": forecasts.split, "tag": forecasts.tag, "epoch": forecasts.epoch, "windows": digest, **own}

    # Readouts

    def trainings(self) -> dict[str, tuple[str, str | None]]:
        """Return, for every finished run, what names its current attempt, and the digest of its final weights."""
        query = sa.select(_runs.c.run_id, _runs.c.nonce, _runs.c.weights_sha256)
        query = query.where(_runs.c.current, _runs.c.status == "finished")
        with self._errors(), self._engine.connect() as db:
            return {run_id: (nonce, digest) for run_id, nonce, digest in db.execute(query)}

    def readouts(self) -> dict[tuple[str, str], StoredReadout]:
        """Return what was read out of the current attempt of every run, by run id and readout."""
        with self._errors():
            if not sa.inspect(self._engine).has_table(_readouts.name):  # a store from before there were any
                return {}
            query = sa.select(
                _readouts.c.run_id,
                _readouts.c.readout,
                _readouts.c.status,
                _readouts.c.metrics,
                _readouts.c.passes,
                _readouts.c.seconds,
                _readouts.c.plain_seconds,
                _readouts.c.preparation_seconds,
                _readouts.c.error,
            ).join(_runs, self._of_current(_readouts))
            with self._engine.connect() as db:
                return {
                    (run_id, readout): StoredReadout(status, json.loads(metrics), *rest)
                    for run_id, readout, status, metrics, *rest in db.execute(query)
                }

    def tags(self, run_ids: Iterable[str] | None = None) -> dict[str, set[str]]:
        """Return the tags under which the current attempts of runs predicted the test set."""
        query = sa.select(_predictions.c.run_id, _predictions.c.tag).join(_runs, self._of_current(_predictions))
        query = query.where(_predictions.c.split == "test")
        if run_ids is not None:
            query = query.where(_predictions.c.run_id.in_(list(run_ids)))
        found: dict[str, set[str]] = {}
        with self._errors(), self._engine.connect() as db:
            for run_id, tag in db.execute(query):
                found.setdefault(run_id, set()).add(tag)
        return found

    @staticmethod
    def _of_current(table: Table) -> sa.ColumnElement[bool]:
        return (_runs.c.run_id == table.c.run_id) & (_runs.c.attempt == table.c.attempt) & _runs.c.current

    # What needs logits or forecasts

    @cached_property
    def is_compact(self) -> bool:
        """Whether logits and forecasts were left out of it, and the results that need them were recorded before."""
        with self._errors():
            return sa.inspect(self._engine).has_table(RECORDED.name)

    @cached_property
    def _recorded(self) -> Recorded:
        with self._errors(), self._engine.connect() as db:
            return Recorded(db)

    def recall(
        self,
        statistic: str,
        arguments: Mapping[str, Any],
        compute: Callable[[], Any],
        *,
        run_ids: Sequence[str],
        compared_with: Sequence[str] = (),
    ) -> Any:
        """Return a result that needs logits or forecasts: the recorded one of a compact store, else what is computed.

        Where runs were added to a compact store, it is that of the runs that were there before; a reason then says so.

        Args:
            statistic: its name.
            arguments: what it is asked, JSON values; all that it depends on besides the runs.
            compute: how it is computed from the logits or forecasts; None where they are not kept.
            run_ids: the finished runs that it is about, in the order of the plan.
            compared_with: the runs that these are compared with.

        """
        if not self.is_compact:
            return compute()
        found = self.recalled(statistic, arguments, compute, run_ids=run_ids, compared_with=compared_with)
        if isinstance(found.result, str) and len(found.runs) < len(run_ids):
            return f"{found.result} (of the first {len(found.runs)} runs)"
        return found.result

    def recalled(
        self,
        statistic: str,
        arguments: Mapping[str, Any],
        compute: Callable[[], Any],
        *,
        run_ids: Sequence[str],
        compared_with: Sequence[str] = (),
    ) -> Recalled:
        """Return the result together with the trainings that it rests on; see ``recall``."""
        runs, others = self._nonces(run_ids), self._nonces(compared_with)
        found = self._recorded.find(statistic, arguments, runs, others) if self.is_compact else None
        return Recalled(compute(), runs, others) if found is None else found

    def left_out(self, run_ids: Sequence[str]) -> bool:
        """Return whether logits or forecasts of any of these runs were left out of a compact store."""
        return self.is_compact and not self._recorded.trainings.isdisjoint(self._nonces(run_ids))

    def _nonces(self, run_ids: Sequence[str]) -> tuple[str, ...]:
        trainings = self.trainings()
        return tuple(trainings[run_id][0] for run_id in run_ids)

    # What records hold

    def documents(self) -> dict[str, dict[str, str]]:
        """Return every recorded environment and code fingerprint by its digest."""
        with self._errors(), self._engine.connect() as db:
            return {digest: json.loads(content) for digest, content in db.execute(sa.select(_documents))}

    def series(self, run_ids: Iterable[str]) -> dict[str, list[dict[str, float]]]:
        """Return the per-epoch series of runs."""
        query = sa.select(_series.c.run_id, _series.c.rows).join(_runs, self._of_current(_series))
        wanted = set(run_ids)
        with self._errors(), self._engine.connect() as db:
            return {run_id: _load_series(rows) for run_id, rows in db.execute(query) if run_id in wanted}

    def predictions(
        self, run_ids: Iterable[str], split: str = "test", tag: str = "final", *, logits: bool = True
    ) -> dict[str, Predictions]:
        """Return the predictions of runs on one split; ``logits=False`` leaves the logits where they are."""
        query = (
            sa.select(
                _predictions.c.run_id, _predictions.c.epoch, _predictions.c.predicted,
                _predictions.c.logits if logits else sa.null().label("logits"), _examples.c.ids, _examples.c.labels,
            )
            .join(_examples, _examples.c.digest == _predictions.c.examples)
            .join(_runs, self._of_current(_predictions))
            .where(_predictions.c.run_id.in_(list(run_ids)), _predictions.c.split == split, _predictions.c.tag == tag)
            .order_by(_predictions.c.epoch)  # of several epochs, the last is the one that is kept
        )  # fmt: skip
        with self._errors(), self._engine.connect() as db:
            return {
                row.run_id: Predictions(
                    split,
                    tag,
                    row.epoch,
                    ids=_unpack(row.ids),
                    labels=_unpack(row.labels),
                    predicted=unpack_labels(row.predicted, _unpack(row.labels)),
                    logits=None if row.logits is None else _unpack(row.logits),
                )
                for row in db.execute(query)
            }

    def forecasts(self, run_ids: Iterable[str], split: str = "test", tag: str = "final") -> dict[str, Forecasts]:
        """Return the forecasts of runs on one split; see ``seedwise.study.forecasts`` for those of a cell."""
        if not sa.inspect(self._engine).has_table(_forecasts.name):  # written before there were any
            return {}
        arrays = ("ids", "errors", "by_step", "by_variable", "sampled", "truth", "history", "sample")
        columns = [*_forecasts.c, *(_windows.c[name] for name in ("ids", "sampled", "truth", "history", "variables"))]
        query = (
            sa.select(*columns)
            .join(_windows, _windows.c.digest == _forecasts.c.windows)
            .join(_runs, self._of_current(_forecasts))
            .where(_forecasts.c.run_id.in_(list(run_ids)), _forecasts.c.split == split, _forecasts.c.tag == tag)
            .order_by(_forecasts.c.epoch)  # of several epochs, the last is the one that is kept
        )
        with self._errors(), self._engine.connect() as db:
            return {
                row["run_id"]: Forecasts(
                    split,
                    tag,
                    row["epoch"],
                    variables=json.loads(row["variables"]),
                    **{name: _unpack_or_none(row[name]) for name in arrays},
                )
                for row in db.execute(query).mappings()
            }

    def observed(self, run_ids: Iterable[str]) -> dict[str, Observed]:
        """Return what was seen of the randomness of runs; those trained before that was recorded are left out."""
        if not sa.inspect(self._engine).has_table(_observed.name):
            return {}
        query = sa.select(_observed.c.run_id, _observed.c.content).join(_runs, self._of_current(_observed))
        wanted = set(run_ids)
        with self._errors(), self._engine.connect() as db:
            return {
                run_id: Observed(**json.loads(content)) for run_id, content in db.execute(query) if run_id in wanted
            }

    def traceback(self, run_id: str) -> str | None:
        """Return the traceback of a run that crashed."""
        with self._errors(), self._engine.connect() as db:
            query = sa.select(_runs.c.traceback).where(_runs.c.run_id == run_id, _runs.c.current)
            found = db.execute(query).scalar()
            # A compact store keeps equal ones once.
            shared = db.execute(sa.select(_documents.c.content).where(_documents.c.digest == found)).scalar()
            return found if shared is None else str(json.loads(shared)[TRACEBACK])

    # Code

    def accept_code(self, recorded: str, now: str) -> None:
        """Remember that runs trained by the code ``recorded`` may stand beside those of the code ``now``."""
        with self._errors(), self._engine.begin() as db:
            db.execute(sa.insert(_accepted).prefix_with("OR IGNORE").values(recorded=recorded, now=now))

    def accepted_code(self) -> set[tuple[str, str]]:
        """Return the accepted pairs."""
        with self._errors(), self._engine.connect() as db:
            return {(recorded, now) for recorded, now in db.execute(sa.select(_accepted))}


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    # A reader may have to roll back what a killed driver left half written, which sqlite does not do for "mode=ro".
    mode = "rwc" if write else "rw"
    connection = sqlite3.connect(f"file:{_quoted(path.resolve())}?mode={mode}", uri=True, timeout=30)
    if not write:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _check_writable(path: Path) -> None:
    folder = path.resolve().parent
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise StorageError(f"not allowed to write {path}: make it and its folder writable or pass another --store")


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _dump_series(rows: Sequence[Mapping[str, float]]) -> str:
    # A diverged run's loss is not a number, which JSON cannot say.
    return json.dumps(
        [{name: value if np.isfinite(value) else str(value) for name, value in row.items()} for row in rows]
    )


def _load_series(text: str | bytes) -> list[dict[str, float]]:
    return [{name: float(value) for name, value in row.items()} for row in json.loads(unpack_text(text))]


def _pack_or_none(array: NDArray[Any] | None) -> bytes | None:
    return None if array is None else _pack(array)


def _unpack_or_none(blob: bytes | None) -> Any:
    return None if blob is None else _unpack(blob)
