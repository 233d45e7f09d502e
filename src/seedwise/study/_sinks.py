"""Where the records of a study go, the store or the outbox of a shard, and what is known there of its runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from seedwise.errors import RefusedError, SeedwiseError, StorageError
from seedwise.execution import Progress, StudyFolder
from seedwise.run import PlannedRun, Record, RunRecord, RunSpec, checked, digest_of
from seedwise.store import Store
from seedwise.study._ingest import failed, ingest, ingest_outbox, ingest_shard

PENDING: Final = "pending"
"""The status of a run of which nothing is known."""


@dataclass
class Known:
    """What is known of runs.

    Attributes:
        statuses: (status, digest of the code that trained it) by run id.
        documents: code by its digest.
        accepted: pairs of digests of recorded and of later code that the user accepted beside each other.

    """

    statuses: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    documents: dict[str, dict[str, str]] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, store: Store, ids: Collection[str]) -> Known:
        """Return what a store knows of the runs ``ids``."""
        statuses = {run_id: found for run_id, found in store.statuses().items() if run_id in ids}
        return cls(statuses, store.documents(), store.accepted_code())

    def add(self, record: RunRecord) -> None:
        """Add what became of a run; it takes the place of what was known of it."""
        digest = digest_of(record.code) if record.code else None
        self.statuses[record.id] = (record.status, digest)
        if digest is not None:
            self.documents[digest] = record.code

    def status(self, run_id: str) -> str:
        """Return how a run ended, ``pending`` for one of which nothing is known."""
        return self.statuses.get(run_id, (PENDING, None))[0]


class Sink(Protocol):
    """Where records go.

    Attributes:
        folder: the workers' outbox, and checkpoints.

    """

    folder: StudyFolder

    @property
    def store(self) -> Store | None:
        """The store, if that is where they go."""

    def write_plan(self, study: str, description: Mapping[str, Any], planned: Sequence[PlannedRun]) -> None:
        """Write down what the study consists of."""

    def known(self, ids: Collection[str]) -> Known:
        """Return what is known of the runs ``ids``, here and where that is seen from; a store takes it in."""

    def statuses(self, ids: Collection[str]) -> list[str]:
        """Return how each of the runs ``ids`` ended, as far as that is known by now."""

    def check(self, specs: Sequence[RunSpec]) -> None:
        """Raise a ``SeedwiseError`` if the records of some of these runs would be of no use."""

    def accept(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Remember pairs of digests of code that the user accepts beside each other."""

    def ingest(self, *records: Record) -> None:
        """Keep records."""


@contextmanager
def sink_of(store_path: Path, shard: tuple[int, int] | None, progress: Progress) -> Iterator[Sink]:
    """Yield the store or, for shard i of k, an outbox beside it; nobody else may write to it meanwhile."""
    folder = StudyFolder.of_store(store_path)
    if shard is None:
        with folder.lock(), Store(store_path, write=True) as store:
            yield _StoreSink(store, folder, progress)
        return
    own = folder.shard(*shard)
    with own.lock():
        yield _ShardSink(own, store_path, progress)


class _StoreSink:
    def __init__(self, store: Store, folder: StudyFolder, progress: Progress) -> None:
        self.store, self.folder = store, folder
        self._progress = progress
        ingest_outbox(store, folder, progress)

    def write_plan(self, study: str, description: Mapping[str, Any], planned: Sequence[PlannedRun]) -> None:
        before, now = self.store.studies().get(study, {}).get("file"), description.get("file")
        if before is not None and now is not None and before != now:
            self._progress.note(
                f"{self.store.path} last held the study '{study}' of {before}, and now holds that of {now}; no run is "
                "lost. Give one of them another name, or another --store, to keep them apart"
            )
        self.store.write_plan(study, description, planned)

    def known(self, ids: Collection[str]) -> Known:
        for shard in self.folder.shards():
            ingest_shard(self.store, self.folder, shard, ids, self._progress)
        return Known.of(self.store, ids)

    def statuses(self, ids: Collection[str]) -> list[str]:
        found = self.store.statuses()
        return [found.get(run_id, (PENDING, None))[0] for run_id in ids]

    def check(self, specs: Sequence[RunSpec]) -> None: ...

    def accept(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.store.accept_code(pairs)

    def ingest(self, *records: Record) -> None:
        ingest(self.store, self.folder, *records)


class _ShardSink:
    store = None

    def __init__(self, folder: StudyFolder, store_path: Path, progress: Progress) -> None:
        self.folder = folder
        self._store_path = store_path
        self._progress = progress
        self._known: Known | None = None
        self._in_store: set[str] = set()
        self._contents: dict[str, dict[str, Any]] = {}

    def write_plan(self, study: str, description: Mapping[str, Any], planned: Sequence[PlannedRun]) -> None:
        self.folder.write_plan(study, description, planned)
        self._contents = {p.spec.id: p.spec.content for p in planned}

    def known(self, ids: Collection[str]) -> Known:
        if self._known is None:
            self._known = self._seen(ids)
        return self._known

    def statuses(self, ids: Collection[str]) -> list[str]:
        return [self.known(ids).status(run_id) for run_id in ids]

    def check(self, specs: Sequence[RunSpec]) -> None:
        lost = sum(spec.id in self._in_store for spec in specs)
        if lost:
            raise SeedwiseError(
                f"--shard with --retrain: {lost} of these runs are finished in {self._store_path}, which keeps what it "
                "has when a shard is merged: leave out --shard, or train into another --store"
            )

    def _seen(self, ids: Collection[str]) -> Known:
        known = Known()
        store = Store.if_there(self._store_path)
        if store is not None:
            with store:
                known = Known.of(store, ids)
        self._in_store = {i for i, (status, _) in known.statuses.items() if status == "finished"}
        everywhere = StudyFolder.of_store(self._store_path).shards()
        for folder in [*(other for other in everywhere if other.root != self.folder.root), self.folder]:
            for path, record in folder.records(ids):
                # Of several places, one where it has finished counts.
                if isinstance(record, RunRecord) and (
                    record.status == "finished" or known.status(record.id) != "finished"
                ):
                    known.add(record)
                elif isinstance(record, RefusedError) and folder is self.folder:
                    aside = self.folder.refuse(path)
                    self._progress.note(f"{record}; it is set aside as {aside}")
                    if path.suffix == ".run" and path.stem in ids:
                        known.add(self._failed(path.stem, f"see {aside}"))
                elif isinstance(record, StorageError) and folder is self.folder:
                    self._progress.note(f"{record}; the run is trained again")
                    path.unlink()
        return known

    def _failed(self, run_id: str, reason: str) -> RunRecord:
        """Hand over, and return, the record of a run whose own cannot be taken in."""
        record = failed(run_id, self._contents[run_id], reason)
        self.folder.hand_over(record)
        return record

    def accept(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Do nothing: who merges the shards is asked again."""

    def ingest(self, *records: Record) -> None:
        for record in records:
            self._ingest(record)

    def _ingest(self, record: Record) -> None:
        assert isinstance(record, RunRecord)
        assert self._known is not None
        if record.id not in self._contents:
            raise RefusedError(f"a record of run {str(record.id)[:80]!r} cannot be taken in: it was not planned")
        try:
            checked(record)
        except RefusedError as error:
            record = self._failed(record.id, str(error))
        self._known.add(record)
        if record.status != "interrupted":
            self.folder.hand_over(record)
            self.folder.remove_checkpoint(record.id)
