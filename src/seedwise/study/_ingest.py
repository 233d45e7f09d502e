"""From files of an outbox into the store."""

from __future__ import annotations

from collections.abc import Collection

from seedwise.errors import StorageError
from seedwise.execution import Progress, StudyFolder, again, file_of
from seedwise.run import ReadoutRecord, Record, RunRecord
from seedwise.store import Store


def ingest(store: Store, folder: StudyFolder, record: Record) -> bool:
    """Take a record into the store, then delete what it makes superfluous; return whether it was new."""
    if isinstance(record, ReadoutRecord):
        new = record.status != "interrupted" and store.ingest_readout(record)
    else:
        _keep_weights(folder, record)
        new = store.ingest(record)
        if record.status != "interrupted":
            folder.remove_checkpoint(record.id)
    if record.status != "interrupted":
        # The outbox file last: a driver that is killed before finds it again and deletes the rest.
        (folder.outbox / file_of(record)).unlink(missing_ok=True)
    return new


def ingest_outbox(store: Store, folder: StudyFolder, progress: Progress) -> int:
    """Take in what a killed driver left in its outbox; a damaged file is set aside and its run trained again."""
    taken = 0
    for path, record in list(folder.records()):
        if isinstance(record, StorageError):
            progress.note(f"{record}; {again(path)}")
            path.rename(path.with_suffix(".damaged"))
        else:
            taken += ingest(store, folder, record)
    return taken


def ingest_shard(
    store: Store, folder: StudyFolder, shard: StudyFolder, ids: Collection[str] | None, progress: Progress
) -> tuple[int, int]:
    """Take in what a shard trained of the runs ``ids``, or of all; its files stay where they are.

    Returns:
        The number of runs taken in, and of those that the store had already.

    """
    finished = {run_id for run_id, (status, _) in store.statuses().items() if status == "finished"}
    lying = shard.runs() if ids is None else shard.runs() & set(ids)
    taken, known = 0, len(lying & finished)
    for _, record in shard.records(lying - finished):
        if isinstance(record, StorageError):
            progress.note(f"{record}; left out, run the shard again")
        elif isinstance(record, RunRecord) and store.has(record):
            known += 1
        elif isinstance(record, RunRecord):
            _keep_weights(folder, record)
            taken += store.ingest(record)
    return taken, known


def _keep_weights(folder: StudyFolder, record: RunRecord) -> None:
    """Keep the weights of a record; those of an earlier attempt are set aside once a later one has finished."""
    if record.status == "finished":
        folder.set_aside_weights(record.id, besides=record.weights)
    for tag, blob in record.weights.items():
        folder.keep_weights(record.id, tag, blob)
