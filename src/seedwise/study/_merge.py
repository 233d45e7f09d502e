"""Join the outboxes of shards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seedwise.execution import Progress, StudyFolder
from seedwise.store import Store
from seedwise.study._ingest import ingest_shard


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
    folders = [StudyFolder(path) for path in shards]
    plans = [folder.read_plan() for folder in folders]
    taken = known = 0
    of_store = StudyFolder.of_store(store_path)
    with of_store.lock(), Store(store_path, write=True) as store:
        for folder, (study, description, planned) in zip(folders, plans, strict=True):
            store.write_plan(study, description, planned)
            new, old = ingest_shard(store, of_store, folder, None, progress)
            taken += new
            known += old
    return taken, known
