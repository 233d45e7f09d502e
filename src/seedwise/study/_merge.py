"""Join the outboxes of shards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seedwise.errors import StorageError
from seedwise.execution import Progress, StudyFolder
from seedwise.run import PlannedRun
from seedwise.store import Store
from seedwise.study._description import description_of, is_attribution
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
        StorageError: if the store cannot be written, or a plan cannot be read.

    """
    folders = [StudyFolder(path) for path in shards]
    plans = [_checked_plan(folder) for folder in folders]
    taken = known = 0
    of_store = StudyFolder.of_store(store_path)
    with of_store.lock(), Store(store_path, write=True) as store:
        for folder, (study, description, planned) in zip(folders, plans, strict=True):
            store.write_plan(study, description, planned)
            ids = {p.spec.id for p in planned}
            for other in sorted(folder.runs() - ids):
                progress.note(f"{folder.outbox / other}.run: this run is not in the shard's plan; left out")
            new, old = ingest_shard(store, of_store, folder, ids, progress)
            taken += new
            known += old
    return taken, known


def _checked_plan(folder: StudyFolder) -> tuple[str, dict[str, Any], list[PlannedRun]]:
    study, description, planned = folder.read_plan()
    try:
        json.dumps(description, allow_nan=False)
        described = description_of(study, description)
        if not is_attribution(description) and {p.link.task for p in planned} - described.metrics.keys():
            raise ValueError("a task has no metric")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise StorageError(
            f"{folder.root / 'plan'} does not describe a study: {type(error).__name__}: {error}"
        ) from error
    return study, description, planned
