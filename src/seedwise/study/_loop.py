"""The user's own loop, once per replicate: what is missing is yielded run by run, and kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from seedwise.errors import ChangedCodeError, SeedwiseError
from seedwise.execution import (
    UNFIXED_HASHES,
    Progress,
    Sitting,
    StudyFolder,
    check_devices,
    present_sitting,
)
from seedwise.randomness import torch_if_installed
from seedwise.run import (
    Checkpoint,
    Keep,
    Run,
    RunCode,
    RunRecord,
    RunSpec,
    digest_of,
    is_users,
    record_of,
    training,
    write_checked,
)
from seedwise.store import Store
from seedwise.study._arguments import differing, shown
from seedwise.study._code import changed_code, stale_runs
from seedwise.study._description import factors_in
from seedwise.study._ingest import ingest, ingest_outbox
from seedwise.study._loop_plan import LoopPlan
from seedwise.study._policy import Policy, todo
from seedwise.study._sinks import Known
from seedwise.study._upcoming import upcoming_of_loop

REMEDY: Final = (
    'changed_code="retrain" trains them again and keeps the old results, changed_code="accept" keeps them as they are '
    "(for one start of the program: SEEDWISE_CHANGED_CODE=accept python ...)"
)


@dataclass(frozen=True)
class LoopSettings:
    """How the runs of a loop are trained; nothing of it is part of their names.

    Attributes:
        device: ``run.device``.
        keep: what is kept of predictions and weights.
        checkpoint_seconds: how often ``run.checkpoint.save`` writes.
        policy: what is done about runs that have ended before.
        arguments: the command line of the program, and the arguments of the call.
        ignored: names of command-line arguments that change no result.

    """

    device: str
    keep: Keep | None
    checkpoint_seconds: float | None
    policy: Policy
    arguments: dict[str, Any] = field(default_factory=dict)
    ignored: Sequence[str] = ()


def add_to_plan(store: Store, plan: LoopPlan) -> None:
    """Make the runs of a loop those of its method.

    Raises:
        SeedwiseError: if another method has the same runs.

    """
    factors = factors_in(store, plan.study) | plan.description["factors"]
    store.add_method(plan.study, {**plan.description, "factors": factors}, plan.method, plan.planned)


def runs_of_loop(plan: LoopPlan, settings: LoopSettings, progress: Progress) -> Iterator[Run[dict[str, Any]]]:
    """Yield the runs that are not finished yet; the body of the loop trains each of them.

    Raises:
        ChangedCodeError: if the code or an argument has changed and the policy does not say what is done about it.
        SeedwiseError: if the device is not there, another process uses the store, another method has the same runs, or
            a run ends without the metric of the loop.

    """
    sitting = present_sitting()
    if sitting is not None:
        yield from _examined(plan, sitting, settings.device)
        sys.exit()
    check_devices([settings.device])
    folder = StudyFolder.of_store(plan.path)
    with folder.lock(), Store(plan.path, write=True) as store:
        ingest_outbox(store, folder, progress)
        known = Known.of(store, plan.specs)
        runs = _todo(store, plan, known, settings, frame=_users_frame(sys._getframe(1)))
        add_to_plan(store, plan)  # what is refused leaves the plan as it was
        names = upcoming_of_loop(plan)
        torch_if_installed()  # imported before the first run, whose time it is not
        progress.planned([names[spec.id] for spec in runs])
        for spec in runs:
            code = RunCode(spec, frame=_users_frame(sys._getframe(1)))
            checkpoint = Checkpoint(folder.checkpoint(spec.id), every_seconds=settings.checkpoint_seconds)
            run = Run(
                spec,
                dict(spec.config),
                device=settings.device,
                checkpoint=checkpoint,
                keep=settings.keep,
                on_epoch=lambda epoch, run_id=spec.id: progress.epoch(run_id, epoch),  # type: ignore[misc]
                code=code,
            )
            run.observed.arguments = settings.arguments
            run.notes += [] if hashes_are_fixed() else [UNFIXED_HASHES]
            # Written beforehand, so that it is true however the body ends.
            if known.status(spec.id) != "finished":
                store.ingest(RunRecord(spec.id, dict(spec.content), "interrupted"))
            code.files()  # before the run, so that it is what the run was trained by
            progress.started(spec.id)
            with training(run):
                yield run
            code.frame = _users_frame(sys._getframe(1))
            record = record_of(run)
            code.frame = None
            folder.hand_over(record)
            ingest(store, folder, record)
            progress.ended(spec.id, record)
            check_metric(plan, [record.metrics or {}])
        check_metric_of_finished(store, plan)


def check_metric(plan: LoopPlan, reported: Iterable[Collection[str]]) -> None:
    """Check that runs report the metric of their loop; they are kept, and serve where its name is passed.

    Args:
        plan: the loop.
        reported: the names of the metrics of each run.

    Raises:
        SeedwiseError: if they report others, and none of them this one.

    """
    wanted = plan.metric.on("test").name
    names = list(dict.fromkeys(name.removeprefix("test/") for of_run in reported for name in of_run))
    if names and wanted.removeprefix("test/") not in names:
        raise SeedwiseError(
            f"no run reported {wanted}; runs reported {', '.join(f'test/{n}' if '/' not in n else n for n in names)}: "
            f'pass metric="{names[0]}" to seedwise.replicates, which uses the finished runs again'
        )


def check_metric_of_finished(store: Store, plan: LoopPlan) -> None:
    """Check that the finished runs of a loop report its metric; see ``check_metric``."""
    runs = [run for run in store.runs(plan.study) if run.run_id in plan.specs and run.status == "finished"]
    check_metric(plan, [run.metrics for run in runs])


def _todo(
    store: Store, plan: LoopPlan, known: Known, settings: LoopSettings, *, frame: FrameType | None
) -> list[RunSpec]:
    policy, specs = settings.policy, list(plan.specs.values())
    changed = changed_code(known.statuses, known.documents, known.accepted, RunCode(specs[0], frame=frame).present)
    stale = stale_runs(changed, policy, store.accept_code, REMEDY)
    stale |= _runs_of_changed_arguments(store, plan, known, settings)
    # Without any that is stale, nothing is trained again.
    again = Policy(retrain=bool(stale), retry_failed=policy.retry_failed)
    return todo(specs, {spec.id: known.status(spec.id) for spec in specs}, again, stale)


def _examined(plan: LoopPlan, sitting: Sitting, device: str) -> Iterator[Run[dict[str, Any]]]:
    """Yield the first run as an exam wants it, and leave its record where the exam says."""
    exam = sitting.exam
    if exam is None:
        sitting.file.write_text(json.dumps(plan.sources))
        return
    spec = exam.of(plan.planned[0].spec)
    folder = StudyFolder(sitting.folder)
    if not exam.resumes:
        folder.remove_checkpoint(spec.id)
    checkpoint = Checkpoint(folder.checkpoint(spec.id), stop_after=exam.stop_after, keep_trace=True)
    run = Run(spec, dict(spec.config), device=device, checkpoint=checkpoint, keep=Keep(predictions="full"))
    try:
        with exam.logged(run), training(run, exam.outside):
            yield run
    finally:
        left = run.metrics is None and not checkpoint.stopped
        record = (
            record_of(run, "interrupted")
            if checkpoint.stopped
            else record_of(run, "crashed", "its loop was left before run.finish(...)")
            if left
            else record_of(run)
        )
        write_checked(sitting.file, record.to_bytes())


def _runs_of_changed_arguments(store: Store, plan: LoopPlan, known: Known, settings: LoopSettings) -> set[str]:
    """Return the ids of finished runs of another command line that nobody accepted.

    Raises:
        ChangedCodeError: if there are some and neither option says what to do.

    """
    policy, arguments = settings.policy, settings.arguments
    finished = [spec for spec in plan.specs.values() if known.status(spec.id) == "finished"]
    recorded = {i: found.arguments for i, found in store.observed([spec.id for spec in finished]).items()}
    pairs = {i: (digest_of(found["given"]), digest_of(arguments["given"])) for i, found in recorded.items() if found}
    names = {
        spec.id: differing(recorded[spec.id], arguments["given"], arguments["own"], spec.config, settings.ignored)
        for spec in finished
        if spec.id in pairs and pairs[spec.id] not in known.accepted
    }
    changed = {run_id for run_id, found in names.items() if found}
    if policy.accept_changed_code:
        store.accept_code({pairs[run_id] for run_id in changed})
        return set()
    if changed and not policy.retrain:
        first = next(spec.id for spec in finished if spec.id in changed)
        raise ChangedCodeError(
            f"{len(changed)} finished runs of '{plan.method}' in {plan.path} were trained with "
            f"{shown(names[first], recorded[first]['given'])}, and now there is "
            f"{shown(names[first], arguments['given'])}",
            f"put what changes a result into config={{...}}, which names the run, or {REMEDY}",
        )
    return changed


def hashes_are_fixed() -> bool:
    """Return whether the program was started with PYTHONHASHSEED; setting it later changes nothing."""
    if not sys.flags.hash_randomization:
        return True
    try:
        started = Path("/proc/self/environ").read_bytes().split(b"\0")
        value = next((v.partition(b"=")[2].decode() for v in started if v.startswith(b"PYTHONHASHSEED=")), "")
    except OSError:
        value = os.environ.get("PYTHONHASHSEED", "")
    return value.isdecimal()


def _users_frame(frame: FrameType) -> FrameType:
    """Return the frame itself, or the nearest caller whose code is the user's: the loop may run in a progress bar."""
    found: FrameType | None = frame
    while found is not None and not is_users(found):
        found = found.f_back
    return found or frame
