"""Join the parts of a study: outboxes of shards, and stores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seedwise.errors import SeedwiseError, StorageError
from seedwise.execution import Progress, StudyFolder
from seedwise.run import PlannedRun, RunRecord, RunSpec, checked
from seedwise.store import Store, StoredRun
from seedwise.study._description import description_of, is_attribution
from seedwise.study._ingest import ingest_shard, take_in


def merge(store_path: Path, parts: Sequence[Path], progress: Progress) -> tuple[int, int]:
    """Take the records of shards and of other stores into a store; their files stay where they are.

    Args:
        store_path: the store, made if it is missing.
        parts: folders that ``run --shard i/k`` wrote, and stores.
        progress: told of damaged files.

    Returns:
        The number of runs taken in, and of those that the store had already.

    Raises:
        SeedwiseError: if a folder is not a shard's, another process uses the store, or two stores hold different runs
            at one place of a study.
        StorageError: if the store cannot be written, or a plan cannot be read.

    """
    stores = [path for path in parts if path.is_file()]
    folders = [StudyFolder(path) for path in parts if path not in stores]
    plans = [_checked_plan(folder) for folder in folders]
    if any(path.resolve() == store_path.resolve() for path in stores):
        raise SeedwiseError(f"{store_path} cannot be merged into itself: name the others")
    taken = known = 0
    of_store = StudyFolder.of_store(store_path)
    with of_store.lock(), Store(store_path, write=True) as store:
        for path in stores:
            new, old = _take_store(store, of_store, path)
            taken += new
            known += old
        for folder, (study, description, planned) in zip(folders, plans, strict=True):
            store.write_plan(study, description, planned)
            ids = {p.spec.id for p in planned}
            for other in sorted(folder.runs() - ids):
                progress.note(f"{folder.outbox / other}.run: this run is not in the shard's plan; left out")
            new, old = ingest_shard(store, of_store, folder, ids, progress)
            taken += new
            known += old
    return taken, known


def _take_store(store: Store, folder: StudyFolder, path: Path) -> tuple[int, int]:
    """Take in what another store has finished and this one has not, with its weights and readouts."""
    beside = StudyFolder.of_store(path)
    with beside.lock(), Store(path) as other:  # nobody adds to it meanwhile
        if other.is_compact:
            raise SeedwiseError(f"{path} is a compact copy, which lacks logits: merge the store that it was made of")
        for study, description in other.studies().items():
            _add_plan(store, study, description, other.runs(study), path)
        finished = {run_id for run_id, (status, _) in store.statuses().items() if status == "finished"}
        there = {run_id for run_id, (status, _) in other.statuses().items() if status not in ("interrupted", "pending")}
        taken = 0
        for run_id in sorted(there - finished):
            for record in other.records([run_id]):
                if isinstance(record, RunRecord):
                    record.weights = beside.kept_weights(run_id)
                    taken += not store.has(record)
                take_in(store, folder, checked(record))
    return taken, len(there & finished)


def _add_plan(store: Store, study: str, description: dict[str, Any], runs: Sequence[StoredRun], path: Path) -> None:
    """Add the places of a study in another store to those that are here; the description that is here stays."""
    here = {run.link: (run.run_id, run.content) for run in store.runs(study)} if study in store.studies() else {}
    for run in runs:
        if here.setdefault(run.link, (run.run_id, run.content))[0] != run.run_id:
            link = run.link
            raise SeedwiseError(
                f"{path} holds another run of '{study}' than {store.path} for {link.method}, {link.regime}, replicate "
                f"{link.replicate}: the two studies differ; give one of them another name"
            )
    planned = [PlannedRun(link, RunSpec.from_content(content)) for link, (_, content) in here.items()]
    store.write_plan(study, store.studies().get(study, description), planned)


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
