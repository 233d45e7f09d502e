"""The study's single file: SQLite through SQLAlchemy Core, one writer.

Runs are never deleted: a run trained again is a further attempt, and the newest attempt is the current one.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.run import Forecasts, Observed, PlannedRun, Predictions, ReadoutRecord, Record, RunRecord
from seedwise.store import _links, _records
from seedwise.store import _tables as tables
from seedwise.store._attempts import current_attempts, current_columns, forget
from seedwise.store._bulk import in_bulk
from seedwise.store._checksums import DamageError, decoded, insert, is_sealed, read, read_one, set_sealed
from seedwise.store._engine import engine_of
from seedwise.store._kinds import FORECASTS, OBSERVED, PREDICTIONS, SERIES, current_rows
from seedwise.store._new_file import is_full
from seedwise.store._rebuild import records_of
from seedwise.store._recorded import Query, Recalled, Recorded
from seedwise.store._records import StoredReadout, StoredRun
from seedwise.store._seal import check_all, has_checksums, refuse_newer, seal

_SIGNS_OF_DAMAGE: Final = ("no such table", "no such column", "malformed", "Could not decode")


class _UnfinishedError(SeedwiseError):
    """Who made a store was killed before its first commit."""


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
        self._shown: dict[str, tuple[dict[str, Any], Sequence[PlannedRun]]] = {}
        if path.is_dir():
            raise SeedwiseError(f"{path} is a folder: name a file for the store, such as {path / 'study.db'}")
        if not write and not path.exists():
            raise SeedwiseError(
                f"there is no store {path}: 'seedwise run STUDY.yaml' makes one, or a loop with "
                f"seedwise.replicates(..., store='{path}')"
            )
        if write:
            _check_writable(path)
        self._engine = engine_of(lambda: _connect(path, write=write))
        try:
            with self._errors():
                self._check_version(write)
                if write:
                    self._make_tables()
        except BaseException:
            self.close()
            raise

    @classmethod
    def if_there(cls, path: Path) -> Self | None:
        """Return a store for reading; None where there is none, or nothing was committed to it yet."""
        try:
            return cls(path) if path.exists() else None
        except _UnfinishedError:
            return None

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
        except (sa.exc.IntegrityError, sa.exc.DataError, OverflowError, UnicodeEncodeError) as error:
            raise RefusedError(f"{self.path} does not take it: {getattr(error, 'orig', error)}") from error
        except sa.exc.DatabaseError as error:
            reason = str(error.orig)
            if is_full(error):
                raise StorageError(
                    f"no space left to write {self.path} ({reason}): free some and run the same command again; "
                    "what is finished is kept"
                ) from error
            if "readonly" in reason or "unable to open" in reason:
                raise StorageError(
                    f"not allowed to write {self.path}: make it and its folder writable or pass another --store"
                ) from error
            if "not a database" in reason:  # more often a file that was named by mistake
                raise SeedwiseError(
                    f"{self.path} is not a store of seedwise, or it is damaged: {reason}; {self._remedy}"
                ) from error
            if any(sign in reason for sign in _SIGNS_OF_DAMAGE):
                raise StorageError(
                    f"{self.path} is not a store of seedwise, or it is damaged: {reason}; {self._remedy}"
                ) from error
            raise StorageError(f"{self.path}: {reason}") from error
        except (ValueError, zlib.error) as error:
            raise StorageError(f"{self.path} is damaged: {error}; {self._remedy}") from error

    @property
    def _remedy(self) -> str:
        return f"'seedwise recover {self.path}' saves what is intact"

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees the file as it is at one moment, whatever a driver writes meanwhile."""
        with self._errors(), self._engine.connect() as db, in_bulk():
            db.exec_driver_sql("BEGIN")
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Yield a transaction."""
        with self._errors(), self._engine.begin() as db:
            forget(db)
            yield db

    def _check_version(self, write: bool) -> None:
        # Before anything is written: a store of a newer seedwise stays as it is, and so does what is none.
        there = sa.inspect(self._engine).get_table_names()
        if write and there and not set(there) & set(tables.metadata.tables):
            raise SeedwiseError(f"{self.path} is the database of another program: name another file for the store")
        if not there and not write:
            raise _UnfinishedError(f"{self.path} is an unfinished store: run its study again")
        if write and tables.meta.name not in there:
            return
        with self._engine.connect() as db:
            found = db.execute(sa.select(tables.meta.c.value).where(tables.meta.c.key == "version")).scalar()
        if found is None and not write:
            raise _UnfinishedError(f"{self.path} is an unfinished store: run its study again")
        if found is not None and not isinstance(found, str):
            raise DamageError("its version is no text")
        if found is not None:
            refuse_newer(self.path, found)
            with self._engine.connect() as db:
                set_sealed(db, has_checksums(db, found))

    def _make_tables(self) -> None:
        """Make what is missing, and the checksums of a store that is new or has none."""
        with self._engine.begin() as db:
            # Tables, columns and checksums at once: python's sqlite3 begins no transaction for the first two.
            db.exec_driver_sql("BEGIN IMMEDIATE")
            if not is_sealed(db):
                seal(db)

    @property
    def has_checksums(self) -> bool:
        """Whether damage is seen: rows have checksums, which those of stores from before there were any have not."""
        with self._reading() as db:
            return is_sealed(db)

    def check(self) -> None:
        """Verify every row, whatever it is for.

        Raises:
            StorageError: if something is not what was written.

        """
        with self._reading() as db:
            if is_sealed(db):
                check_all(db)

    # Plans

    def write_plan(self, name: str, description: Mapping[str, Any], planned: Sequence[PlannedRun]) -> None:
        """Make ``planned`` the runs of study ``name``; what was trained stays whatever happens to plans."""
        with self._writing() as db:
            _links.write_links(db, name, description, planned, which=tables.links.c.study == name)

    def add_method(self, name: str, description: Mapping[str, Any], method: str, planned: Sequence[PlannedRun]) -> None:
        """Make ``planned`` the runs of one method of study ``name``; methods keep the order in which they came.

        Raises:
            SeedwiseError: if another method has one of these runs.

        """
        with self._writing() as db:
            _links.add_method(db, name, description, method, planned)

    def show_plan(self, name: str, description: Mapping[str, Any], planned: Sequence[PlannedRun]) -> None:
        """Show study ``name`` as it is given here, until the file is closed; what is stored stays as it is.

        Two study files may give their studies one name, and so one store, which keeps the plan of the last that ran.
        """
        self._shown[name] = dict(description), planned

    @property
    def shows_another_plan(self) -> bool:
        """Whether a study is shown as it is not stored; see ``show_plan``."""
        return bool(self._shown)

    def studies(self) -> dict[str, dict[str, Any]]:
        """Return the description of every study in the file, in the order in which they came."""
        with self._reading() as db:
            stored = _links.descriptions(db)
        return stored | {name: description for name, (description, _) in self._shown.items()}

    def runs(self, study: str | None = None) -> list[StoredRun]:
        """Return the links of a study (or of all) with the current attempts of their runs, in the order of the plan."""
        names = list(self.studies()) if study is None else [study]
        return [run for name in names for run in self._runs_of(name)]

    def _runs_of(self, study: str) -> list[StoredRun]:
        with self._reading() as db:
            if study in self._shown:
                places = [(p.link, p.spec.id, p.spec.content) for p in self._shown[study][1]]
            else:
                places = _links.places(db, study)
            attempts = _records.attempts_at(db, {run_id for _, run_id, _ in places})
            return [StoredRun(link, run_id, content, **attempts.get(run_id, {})) for link, run_id, content in places]

    # Runs

    def ingest(self, *records: RunRecord) -> int:
        """Store records in one transaction, of each run one; return how many were new.

        An interrupted attempt is replaced; any other stays, and the record becomes the next attempt.
        """
        with self._writing() as db:
            return _records.ingest(db, records)

    def has(self, record: RunRecord) -> bool:
        """Return whether this very record was stored before."""
        with self._reading() as db:
            return _records.is_known(db, record)

    def ingest_readouts(self, *records: ReadoutRecord) -> int:
        """Store readouts in one transaction; return how many are of the current attempts of their runs."""
        with self._writing() as db:
            return sum(_records.ingest_readout(db, record) for record in records)

    def contents(self, run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the contents of those runs that were planned or trained once, by their ids."""
        with self._reading() as db:
            return _links.contents(db, run_ids)

    def statuses(self) -> dict[str, tuple[str, str | None]]:
        """Return (status, digest of the code) of the current attempt of every run."""
        with self._reading() as db:
            return {i: (status, code) for i, status, code in current_columns(db, "run_id", "status", "code")}

    def seconds(self) -> dict[str, float]:
        """Return how long the current attempt of every run took."""
        with self._reading() as db:
            return dict(current_columns(db, "run_id", "seconds"))

    def trainings(self) -> dict[str, tuple[str, str | None]]:
        """Return, for every finished run, what names its current attempt, and the digest of its final weights."""
        with self._reading() as db:
            rows = current_columns(db, "status", "run_id", "nonce", "weights_sha256")
            return {i: (nonce, weights) for status, i, nonce, weights in rows if status == "finished"}

    def traceback(self, run_id: str) -> str | None:
        """Return the traceback of a run that crashed."""
        with self._reading() as db:
            found: str | None = current_attempts(db, [run_id]).get(run_id, {}).get("traceback")
        if found is None or not self.is_compact:
            return found
        with self._reading() as db:  # a compact store keeps equal ones once
            shared = read_one(db, tables.documents, digest=found)
        return found if shared is None else str(decoded(tables.documents, shared)["content"][tables.TRACEBACK])

    def records(self, run_ids: Sequence[str]) -> list[Record]:
        """Return the records of those runs that have ended, and of their readouts, without weights."""
        documents = self.documents()
        with self._reading() as db:
            return records_of(db, run_ids, documents)

    # What runs left

    def readouts(self) -> dict[tuple[str, str], StoredReadout]:
        """Return what was read out of the current attempt of every run, by run id and readout."""
        with self._reading() as db:
            return _records.readouts_in(db)

    def tags(self, run_ids: Iterable[str] | None = None) -> dict[str, set[str]]:
        """Return the tags under which the current attempts of runs predicted the test set."""
        found: dict[str, set[str]] = {}
        with self._reading() as db:
            arrays = ("predicted", "logits")
            for row in current_rows(db, tables.predictions, run_ids=run_ids, without=arrays, split="test"):
                found.setdefault(row["run_id"], set()).add(row["tag"])
        return found

    def documents(self) -> dict[str, dict[str, str]]:
        """Return every recorded environment and code fingerprint by its digest."""
        with self._reading() as db:
            return {row["digest"]: decoded(tables.documents, row)["content"] for row in read(db, tables.documents)}

    def series(self, run_ids: Iterable[str]) -> dict[str, list[dict[str, float]]]:
        """Return the per-epoch series of runs."""
        with self._reading() as db:
            return SERIES.read(db, run_ids)

    def predictions(
        self, run_ids: Iterable[str], split: str = "test", tag: str = "final", *, logits: bool = True
    ) -> dict[str, Predictions]:
        """Return the predictions of runs on one split; ``logits=False`` leaves the logits where they are."""
        with self._reading() as db:
            return PREDICTIONS.read(db, run_ids, without=() if logits else ("logits",), split=split, tag=tag)

    def forecasts(self, run_ids: Iterable[str], split: str = "test", tag: str = "final") -> dict[str, Forecasts]:
        """Return the forecasts of runs on one split; see ``seedwise.study.forecasts`` for those of a cell."""
        with self._reading() as db:
            return FORECASTS.read(db, run_ids, split=split, tag=tag)

    def observed(self, run_ids: Iterable[str]) -> dict[str, Observed]:
        """Return what was seen of the randomness of runs; those trained before that was recorded are left out."""
        with self._reading() as db:
            return OBSERVED.read(db, run_ids)

    # What needs logits or forecasts

    @cached_property
    def is_compact(self) -> bool:
        """Whether logits and forecasts were left out of it, and the results that need them were recorded before."""
        with self._reading() as db:
            return sa.inspect(db).has_table(tables.recorded.name)

    @cached_property
    def _recorded(self) -> Recorded:
        with self._reading() as db:
            return Recorded(db)

    def recall(self, query: Query, compute: Callable[[], Any]) -> Any:
        """Return a result that needs logits or forecasts: the recorded one of a compact store, else what is computed.

        Where runs were added to a compact store, it is that of the runs that were there before; a reason then says so.

        Args:
            query: what is asked of which runs.
            compute: how it is computed from the logits or forecasts; None where they are not kept.

        """
        if not self.is_compact:
            return compute()
        found = self.recalled(query, compute)
        if isinstance(found.result, str) and len(found.runs) < len(query.run_ids):
            return f"{found.result} (of the first {len(found.runs)} runs)"
        return found.result

    def recalled(self, query: Query, compute: Callable[[], Any]) -> Recalled:
        """Return the result together with the trainings that it rests on; see ``recall``."""
        runs, others = self._nonces(query.run_ids), self._nonces(query.compared_with)
        found = self._recorded.find(query, runs, others) if self.is_compact else None
        return Recalled(compute(), runs, others) if found is None else found

    def left_out(self, run_ids: Sequence[str]) -> bool:
        """Return whether logits or forecasts of any of these runs were left out of a compact store."""
        return self.is_compact and not self._recorded.trainings.isdisjoint(self._nonces(run_ids))

    def _nonces(self, run_ids: Sequence[str]) -> tuple[str, ...]:
        with self._reading() as db:
            attempts = current_attempts(db, run_ids)
        return tuple(attempts[run_id]["nonce"] for run_id in run_ids)

    # Code

    def accept_code(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Remember pairs of digests of code: runs that the first trained may stand beside those of the second."""
        with self._writing() as db:
            known = {(row["recorded"], row["now"]) for row in read(db, tables.accepted_code)}
            new = [{"recorded": recorded, "now": now} for recorded, now in sorted(set(pairs) - known)]
            insert(db, tables.accepted_code, new)

    def accepted_code(self) -> set[tuple[str, str]]:
        """Return the accepted pairs."""
        with self._reading() as db:
            return {(row["recorded"], row["now"]) for row in read(db, tables.accepted_code)}


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
