"""From files of an outbox into the store."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedwise.errors import RefusedError, StorageError
from seedwise.execution import Progress, StudyFolder, again, file_of
from seedwise.run import ReadoutRecord, Record, RunRecord, checked
from seedwise.store import Store


def ingest(store: Store, folder: StudyFolder, record: Record) -> bool:
    """Take a record into the store, then delete what it makes superfluous; return whether it was new.

    A record that cannot be taken in counts as a failure of its run.

    Raises:
        RefusedError: if it is of no run that was planned, or of a readout that has no name.

    """
    content = store.content(record.id)
    if content is None:
        raise RefusedError(f"a record of run {str(record.id)[:80]!r} cannot be taken in: it was not planned")
    try:
        new = take_in(store, folder, checked(record))
    except RefusedError as error:
        record = _failed_like(record, content, str(error))
        new = take_in(store, folder, record)
    if record.status != "interrupted":
        if isinstance(record, RunRecord):
            folder.remove_checkpoint(record.id)
        # The outbox file last: a driver that is killed before finds it again and deletes the rest.
        (folder.outbox / file_of(record)).unlink(missing_ok=True)
    return new


def failed(run_id: str, content: dict[str, Any], reason: str, nonce: str | None = None) -> RunRecord:
    """Return the record of a run whose own cannot be taken in."""
    record = RunRecord(run_id, content, "crashed", error=f"its record cannot be taken in: {reason}")
    return record if nonce is None else replace(record, nonce=nonce)


def _failed_like(record: Record, content: dict[str, Any], reason: str) -> Record:
    run = failed(record.id, content, reason)
    if isinstance(record, RunRecord):
        return run
    return checked(ReadoutRecord(run, record.nonce, record.readout, record.passes))


def ingest_outbox(store: Store, folder: StudyFolder, progress: Progress) -> int:
    """Take in what a killed driver left in its outbox.

    A damaged file is set aside and its run trained again. One that cannot be taken in is set aside, and its run has
    failed.
    """
    taken = 0
    for path, found in list(folder.records()):
        record: Record | StorageError = found
        if not isinstance(record, StorageError) and store.content(record.id) is None:
            record = RefusedError(f"{path} cannot be taken in: its run was not planned")
        if isinstance(record, RefusedError):
            aside = folder.refuse(path)
            progress.note(f"{record}; it is set aside as {aside}")
            content = store.content(path.stem)
            if path.suffix == ".run" and content is not None:
                taken += store.ingest(failed(path.stem, content, f"see {aside}"))
        elif isinstance(record, StorageError):
            progress.note(f"{record}; {again(path)}")
            path.rename(path.with_suffix(".damaged"))
        else:
            taken += ingest(store, folder, record)
    return taken


def ingest_shard(
    store: Store, folder: StudyFolder, shard: StudyFolder, ids: Collection[str], progress: Progress
) -> tuple[int, int]:
    """Take in what a shard trained of the planned runs ``ids``; its files stay where they are.

    Returns:
        The number of runs taken in, and of those that the store had already.

    """
    finished = {run_id for run_id, (status, _) in store.statuses().items() if status == "finished"}
    lying = shard.runs() & set(ids)
    taken, known = 0, len(lying & finished)
    for path, found in shard.records(lying - finished):
        record: Record | StorageError = found
        if isinstance(record, RefusedError) and path.suffix == ".run":
            progress.note(f"{record}; its run has failed")
            content = store.content(path.stem)
            assert content is not None
            record = failed(path.stem, content, f"see {path}", _digest(path))
        if isinstance(record, StorageError):
            progress.note(f"{record}; left out, run the shard again")
        elif isinstance(record, RunRecord) and store.has(record):
            known += 1
        elif isinstance(record, RunRecord):
            taken += take_in(store, folder, record)
    return taken, known


def take_in(store: Store, folder: StudyFolder, record: Record) -> bool:
    """Take a checked record and its weights into the store; return whether it was new."""
    if isinstance(record, ReadoutRecord):
        return record.status != "interrupted" and store.ingest_readout(record)
    _keep_weights(folder, record)
    return store.ingest(record)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _keep_weights(folder: StudyFolder, record: RunRecord) -> None:
    """Keep the weights of a record; those of an earlier attempt are set aside once a later one has finished."""
    if record.status == "finished":
        folder.set_aside_weights(record.id, besides=record.weights)
    for tag, blob in record.weights.items():
        folder.keep_weights(record.id, tag, blob)
