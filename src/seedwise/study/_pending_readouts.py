"""Which readouts of finished runs are missing, and what they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.execution import Reading, StudyFolder
from seedwise.readouts import Readout, mean_of_logits, parse_readout, per_run
from seedwise.run import FAILURES, Keep, ReadoutRecord, Run, RunSpec, record_of
from seedwise.store import Store
from seedwise.study._tasks import is_builtin, task_of, views_of


def missing_readings(
    store: Store, names: Sequence[str], specs: Mapping[str, RunSpec], *, retry_failed: bool = False
) -> list[Reading]:
    """Return the readouts of finished runs that are not in the store.

    Args:
        store: the study's file.
        names: the readouts of the study.
        specs: the runs of the study by id.
        retry_failed: whether those that failed are missing too.

    """
    wanted = per_run(names)
    if not wanted:
        return []
    trainings, done, tags = store.trainings(), store.readouts(), store.tags()
    readings = []
    for run_id, spec in specs.items():
        if run_id not in trainings:
            continue
        nonce, sha256 = trainings[run_id]
        snapshots = snapshot_tags(tags.get(run_id, {}))
        for readout in wanted:
            known = done.get((run_id, readout.name))
            if known and not (retry_failed and known.status in FAILURES):
                continue
            # A method without snapshots has no such readout.
            if readout.snapshots and not snapshots:
                continue
            readings.append(
                Reading(
                    spec,
                    nonce,
                    readout.name,
                    _states(readout, spec, snapshots),
                    _passes(readout, spec, len(snapshots)),
                    sha256,
                )
            )
    return readings


def snapshot_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags ``snapshot-1``, ``snapshot-2``, ... among ``tags``, in that order."""
    found = [tag for tag in tags if re.fullmatch(r"snapshot-\d+", tag)]
    return sorted(found, key=lambda tag: int(tag.rpartition("-")[2]))


def _states(readout: Readout, spec: RunSpec, snapshots: Sequence[str]) -> tuple[str, ...]:
    if readout.average:
        epochs = spec.config["train"]["epochs"]
        return tuple(f"epoch-{epoch}" for epoch in range(epochs - readout.average, epochs))
    if readout.snapshots:
        return tuple(snapshots) if readout.view else ()
    return ("final",)


def _passes(readout: Readout, spec: RunSpec, snapshots: int) -> int:
    views = views_of(readout, task_of(spec.function, spec.config["task"])) if readout.view else 1
    return views * (snapshots if readout.snapshots else 1)


def without_weights(readings: Iterable[Reading], folder: StudyFolder) -> dict[str, list[Reading]]:
    """Return the readings whose weights are not there, by readout."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        if not all(folder.weights_file(reading.spec.id, tag).exists() for tag in reading.states):
            found.setdefault(reading.readout, []).append(reading)
    return found


def unkept(readout: str, readings: Sequence[Reading]) -> SeedwiseError:
    """Return the error that says which weights nobody kept, and what to type."""
    parsed = parse_readout(readout)
    if parsed.average:
        which, keep = "weights of the last epochs", f"{{weights: snapshots, last_epochs: {parsed.average}}}"
    elif parsed.snapshots:
        which, keep = "weights of the snapshots", "{weights: snapshots}"
    else:
        which, keep = "final weights", "{weights: final}"
    count = len(readings)
    return SeedwiseError(
        f"the readout '{readout}' needs the {which} of {count} finished run{'s' if count > 1 else ''}, which were not "
        f"kept: 'keep: {keep}' keeps them, and --retrain trains these runs again (the old results stay in the store)"
    )


def mean_of_snapshots(store: Store, reading: Reading, keep: Keep) -> ReadoutRecord:
    """Return the mean of the logits that the snapshots of a run left in the store: nothing is computed anew."""
    run_id = reading.spec.id
    tags = snapshot_tags(store.tags([run_id])[run_id])
    kept = [store.predictions([run_id], tag=tag)[run_id] for tag in tags]
    run: Run[Any] = Run(reading.spec, None, keep=keep)
    logits = [one.logits for one in kept if one.logits is not None]
    if len(logits) < len(kept):
        raise SeedwiseError(
            f"the readout '{reading.readout}' is a mean of logits, and run {run_id} kept the classes of its snapshots "
            "alone: 'keep: {predictions: logits16}' keeps the logits, and --retrain trains it again"
        )
    mean, last = mean_of_logits(logits), kept[-1]
    run.save_predictions(mean, last.labels, tag=reading.readout, ids=last.ids, epoch=last.epoch)
    function, config = reading.spec.function, reading.spec.config
    # The config of a function of the user's holds whatever it likes.
    task = task_of(function, config["task"] if is_builtin(function) else {})
    run.finish(**task.scores(mean, last.labels))
    record: ReadoutRecord = reading.record("finished")
    record.result = record_of(run)
    record.result.seconds = 0.0
    return record
