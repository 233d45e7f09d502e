"""Join the outboxes of shards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seedwise.errors import StorageError
from seedwise.execution import Progress, StudyFolder
from seedwise.run import RunRecord
from seedwise.store import Store


def merge(store_path: Path, shards: Sequence[Path], progress: Progress) -> tuple[int, int]:
    """Take the records of shards into a store; their files stay where they are.

    Args:
        store_path: the store, made if it is missing.
        shards: folders that ``run --shard i/k`` wrote.
        progress: told of damaged files.

    Returns:
        The number of runs taken in, and of those that the store had already.

    Raises:
        SeedwiseError: if a folder is not a shard's, or another process uses the store.
        StorageError: if the store cannot be written.

    """
    taken = known = 0
    folders = [StudyFolder(path) for path in shards]
    plans = [folder.read_plan() for folder in folders]
    folder_of_store = StudyFolder.of_store(store_path)
    with folder_of_store.lock(), Store(store_path, write=True) as store:
        for folder, (study, description, links) in zip(folders, plans, strict=True):
            store.write_plan(study, description, links)
            statuses = store.statuses()
            for _, record in folder.records():
                if isinstance(record, StorageError):
                    progress.note(f"{record}; left out, run the shard again")
                    continue
                if not isinstance(record, RunRecord):
                    continue
                if statuses.get(record.id, ("pending", None))[0] == "finished":
                    known += 1
                    continue
                folder_of_store.set_aside_weights(record.id, besides=record.weights)
                for tag, blob in record.weights.items():
                    folder_of_store.keep_weights(record.id, tag, blob)
                new = store.ingest(record)
                taken += new
                known += not new
    return taken, known
