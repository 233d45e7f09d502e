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


def ingest(store: Store, folder: StudyFolder, *records: Record) -> int:
    """Take records into the store at once, of each run and readout one, then delete what they make superfluous.

    A record that cannot be taken in counts as a failure of its run.

    Returns:
        How many were new.

    Raises:
        RefusedError: if one is of no run that was planned, or of a readout that has no name.

    """
    contents = store.contents(record.id for record in records)
    for record in records:
        if record.id not in contents:
            raise RefusedError(f"a record of run {str(record.id)[:80]!r} cannot be taken in: it was not planned")
    try:
        new = take_in(store, folder, *[_sound(record, contents[record.id]) for record in records])
    except (RefusedError, StorageError) as error:
        if len(records) > 1:  # nothing says which of them it is, and some may fit on a full disk
            return sum(ingest(store, folder, record) for record in records)
        if not isinstance(error, RefusedError):
            raise
        new = take_in(store, folder, _failed_like(records[0], contents[records[0].id], str(error)))
    ended = [record for record in records if record.status != "interrupted"]
    folder.remove_checkpoints(record.id for record in ended if isinstance(record, RunRecord))
    # Files of the outbox last: a driver that is killed before finds them again and deletes the rest.
    for record in ended:
        (folder.outbox / file_of(record)).unlink(missing_ok=True)
    return new


def _sound(record: Record, content: dict[str, Any]) -> Record:
    """Return a checked record, or one of the failure of its run."""
    try:
        return checked(record)
    except RefusedError as error:
        return _failed_like(record, content, str(error))


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
        if not isinstance(record, StorageError) and not store.contents([record.id]):
            record = RefusedError(f"{path} cannot be taken in: its run was not planned")
        if isinstance(record, RefusedError):
            aside = folder.refuse(path)
            progress.note(f"{record}; it is set aside as {aside}")
            content = store.contents([path.stem]).get(path.stem)
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
            content = store.contents([path.stem])[path.stem]
            record = failed(path.stem, content, f"see {path}", _digest(path))
        if isinstance(record, StorageError):
            progress.note(f"{record}; left out, run the shard again")
        elif isinstance(record, RunRecord) and store.has(record):
            known += 1
        elif isinstance(record, RunRecord):
            taken += take_in(store, folder, record)
    return taken, known


def take_in(store: Store, folder: StudyFolder, *records: Record) -> int:
    """Take checked records and their weights into the store; return how many were new."""
    runs = [record for record in records if isinstance(record, RunRecord)]
    readouts = [r for r in records if isinstance(r, ReadoutRecord) and r.status != "interrupted"]
    # Those of an earlier attempt are set aside once a later one has finished.
    folder.set_aside_weights({run.id: run.weights for run in runs if run.status == "finished"})
    for run in runs:
        for tag, blob in run.weights.items():
            folder.keep_weights(run.id, tag, blob)
    return (store.ingest(*runs) if runs else 0) + (store.ingest_readouts(*readouts) if readouts else 0)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
