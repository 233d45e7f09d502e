"""Does a training do what it promises? Train it again in other circumstances, and compare the bits."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from seedwise.errors import SeedwiseError
from seedwise.execution import (
    UNFIXED_HASHES,
    Exam,
    Examination,
    Executor,
    Resources,
    Settings,
    Silent,
    StudyFolder,
    check_devices,
    opened,
    read_record,
)
from seedwise.run import Keep, Observed, Operation, Record, RunRecord, RunSpec, first_difference
from seedwise.study._error_messages import mistake
from seedwise.study._regimes import regime_sources
from seedwise.study._study import Study
from seedwise.study._trainable import check_data_of, check_trainable

CHECKS: Final = {
    "twice": "trained twice, in two fresh processes, the bits are the same",
    "after": "trained in a process that has trained another run before, the bits are the same",
    "resumed": "stopped after its first epoch and resumed in a fresh process, the bits are the same",
    "sources": "another seed of one source changes the bits, for each source that the study varies",
    "scopes": "no code seeds a global generator anew inside a scope, and nothing depends on draws outside every scope",
}
"""What is checked, in this order."""


@dataclass(frozen=True)
class Difference:
    """Where two trainings of a run part.

    Attributes:
        epoch: the first epoch that differs, counted from 0; None where only the end does.
        what: what differs.
        operation: the first tensor operation with another result, where it could be found.

    """

    epoch: int | None
    what: str
    operation: Operation | None = None


@dataclass(frozen=True)
class Check:
    """What came of one check.

    Attributes:
        name: one of ``CHECKS``.
        passed: whether it holds; None where it does not apply.
        compared: what was compared, or why nothing was.
        difference: where the bits part that should be the same.
        still: the sources that are drawn from and change no bit.
        undrawn: the sources that nothing draws from, and that change no bit.
        reseeded: by source, the global generators that code seeds anew in its scope with a value of its own.
        outside: the global generators that are drawn from outside every scope.

    """

    name: str
    passed: bool | None
    compared: str = ""
    difference: Difference | None = None
    still: tuple[str, ...] = ()
    undrawn: tuple[str, ...] = ()
    reseeded: dict[str, list[str]] = field(default_factory=dict)
    outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What came of the examination of a run.

    Attributes:
        run_id: the run.
        checks: in the order in which they were asked for.
        notes: what else the run says of itself.

    """

    run_id: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether no check failed."""
        return not any(check.passed is False for check in self.checks)


class Patient(Protocol):
    """A training that can be done again."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that it varies."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What it says of itself before it is trained."""

    def examine(self, exams: Sequence[Exam], folder: Path) -> list[RunRecord]:
        """Train for each of ``exams``, in order, in one fresh process; checkpoints lie in ``folder``."""


def trainings(checks: Sequence[str], sources: int) -> int:
    """Return how many trainings an examination takes.

    Raises:
        SeedwiseError: for a name that is no check.

    """
    for check in checks:
        if check not in CHECKS:
            raise SeedwiseError(mistake("check", check, list(CHECKS), "--checks"))
    each = {"twice": 1, "after": 2, "resumed": 2, "sources": sources, "scopes": 1}
    return 1 + sum(each[check] for check in checks)


def diagnose(
    patient: Patient,
    checks: Sequence[str] = tuple(CHECKS),
    *,
    epochs: int = 2,
    report: Callable[[str], None] = lambda _text: None,
) -> Diagnosis:
    """Train a run in other circumstances, and compare.

    Compared are, epoch by epoch, the logged numbers and the state passed to ``run.checkpoint.save``, and for a run that
    was not stopped the metrics, predictions and the final weights.

    Args:
        patient: what is trained, see ``StudyPatient`` and ``ProgramPatient``.
        checks: some of ``CHECKS``.
        epochs: where the loop saves checkpoints, no training is longer.
        report: called with a line on what the examination will take.

    Raises:
        SeedwiseError: if a training fails.
        KeyboardInterrupt: if the user stops it.

    """
    count = trainings(checks, len(patient.sources))
    short = Exam(stop_after=epochs)
    with tempfile.TemporaryDirectory() as root:
        folders = (Path(root) / str(k) for k in itertools.count())
        began = time.monotonic()
        (first,) = patient.examine([short], next(folders))
        took = time.monotonic() - began
        resumed = 2 if "resumed" in checks else 0  # each in a process of its own; all other checks share one
        shared = count - 1 - resumed
        processes = 1 + resumed + (shared > 0)
        all_together = processes * took + first.seconds * max(shared - 1, 0)
        report(f"one of them took {first.seconds:.1f} s; all together will take about {all_together:.0f} s")
        outside = first.observed is not None and bool(first.observed.outside)
        wanted = {
            "twice": [short],
            "after": [replace(short, other=True), short],
            "sources": [replace(short, source=source) for source in patient.sources],
            "scopes": [replace(short, outside=1)] if outside else [],
        }
        exams = [exam for check in checks for exam in wanted.get(check, ())]
        again = iter(patient.examine(exams, next(folders)) if exams else ())

        def operation(*rows: Sequence[Exam]) -> Operation | None:
            """Return where two rows of exams part, each in a folder of its own."""
            logs = []
            for row in rows:
                folder = next(folders)
                for exam in (*row[:-1], replace(row[-1], operations=True)):
                    (record,) = patient.examine([exam], folder)
                logs.append(record.operations)
            return first_difference(*logs)

        found: list[Check] = []
        for check in checks:
            records = [next(again) for _ in wanted.get(check, ())]
            if check == "resumed":
                found.append(_resumed(patient, first, next(folders), epochs, operation))
            elif check == "sources":
                found.append(_sources(patient, first, records))
            elif check == "scopes":
                found.append(_scopes(first, records))
            else:
                difference = differs(first, records[-1])
                if difference is not None and check == "twice":
                    difference = replace(difference, operation=operation([short], [short]))
                found.append(Check(check, difference is None, compared(first), difference))
    return Diagnosis(first.id, tuple(found), (*patient.notes, *first.notes))


def _sources(patient: Patient, first: RunRecord, records: Sequence[RunRecord]) -> Check:
    moved = [differs(first, record) is not None for record in records]
    drawn = set() if first.observed is None else set(first.observed.drawn)
    alike = [source for source, moves in zip(patient.sources, moved, strict=True) if not moves]
    still = tuple(source for source in alike if source in drawn)
    undrawn = tuple(source for source in alike if source not in drawn)
    changing = ", ".join(source for source in patient.sources if source not in alike)
    return Check("sources", not still, changing, still=still, undrawn=undrawn)


def _scopes(first: RunRecord, with_other_start: Sequence[RunRecord]) -> Check:
    observed = first.observed or Observed()
    difference = next((differs(first, record) for record in with_other_start), None)
    sound = difference is None and not observed.reseeded
    return Check("scopes", sound, "", difference, reseeded=observed.reseeded, outside=tuple(observed.outside))


def _resumed(
    patient: Patient,
    first: RunRecord,
    folder: Path,
    epochs: int,
    operation: Callable[..., Operation | None],
) -> Check:
    if not first.trace:
        return Check("resumed", None, "the loop saves no checkpoints: a run that is stopped starts again")
    if len(first.trace) == 1:
        return Check("resumed", None, "the run has one epoch")
    stop, rest = Exam(stop_after=1), Exam(stop_after=epochs - 1, resumes=True)
    patient.examine([stop], folder)
    (resumed,) = patient.examine([rest], folder)
    if not resumed.resumed_from:
        return Check("resumed", None, "the loop does not load its checkpoint: a run that is stopped starts again")
    difference = differs(first, resumed)
    if difference is not None:
        difference = replace(difference, operation=operation([Exam(stop_after=epochs)], [stop, rest]))
    return Check("resumed", difference is None, compared(resumed), difference)


class StudyPatient:
    """The first run of a study, trained by workers; the study's store is not touched.

    Args:
        study: the study.
        device: where to train.
        executor: where its workers are.

    """

    def __init__(self, study: Study, device: str = "cpu", executor: str | Executor = "local") -> None:
        planned = study.plan()
        self.spec: RunSpec = planned[0].spec
        regimes = dict.fromkeys(one.link.regime for one in planned)
        self.sources = tuple(dict.fromkeys(s for regime in regimes for s in regime_sources(regime)))
        self.notes: tuple[str, ...] = ()
        self._study = study
        self._resources = Resources(device, workers=1)
        self._executor = executor
        if executor == "local":
            check_devices(self._resources.devices)

    def examine(self, exams: Sequence[Exam], folder: Path) -> list[RunRecord]:
        """Train for each of ``exams``; see ``Patient``."""
        place = StudyFolder(folder)
        place.create()
        records: list[RunRecord] = []

        def keep(*found: Record) -> None:
            records.extend(record for record in found if isinstance(record, RunRecord))

        settings = Settings(
            folder=place,
            keep=Keep(predictions="full"),
            evaluate_epochs=True,
            import_from=self._study.import_from,
            every_epochs=None,
            every_seconds=None,
            seconds=self._study.spec.limits.seconds,
            retries=self._study.spec.limits.retries,
            keep_trace=True,
        )
        check_data_of([self.spec])
        check_trainable([self.spec], self._resources.devices[0])
        with opened(self._executor, self._resources) as executor:
            for exam in exams:
                spec = exam.of(self.spec)
                if not exam.resumes:
                    place.remove_checkpoint(spec.id)
                if executor.execute([Examination(spec, exam, fresh=not exam.resumes)], settings, keep, Silent()):
                    raise KeyboardInterrupt
        return [_ended(record) for record in records]


class ProgramPatient:
    """The first run of a program whose loop is ``for run in seedwise.replicates(...)``; its store is not touched.

    Args:
        words: the program and its arguments.

    Raises:
        SeedwiseError: if the program does not come to such a loop.

    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._starts = itertools.count(1)
        self.notes: tuple[str, ...] = (
            () if os.environ.get("PYTHONHASHSEED", "random") != "random" else (UNFIXED_HASHES,)
        )
        with tempfile.TemporaryDirectory() as root:
            file = Path(root) / "sources"
            said = self._run([{"exam": None, "folder": root, "file": str(file)}])
            if not file.exists():
                raise SeedwiseError(f"{words[0]} does not come to a loop over seedwise.replicates(...): {said}")
            self.sources: tuple[str, ...] = tuple(json.loads(file.read_text()))

    def examine(self, exams: Sequence[Exam], folder: Path) -> list[RunRecord]:
        """Train for each of ``exams``; see ``Patient``."""
        StudyFolder(folder).create()
        files = [folder / f"{k}.run" for k in range(len(exams))]
        said = self._run(
            [
                {"exam": asdict(exam), "folder": str(folder), "file": str(file)}
                for exam, file in zip(exams, files, strict=True)
            ]
        )
        records = []
        for file in files:
            record = read_record(file) if file.exists() else None
            if not isinstance(record, RunRecord):
                raise SeedwiseError(f"{self._words[0]} ended before its loop did: {said or record}")
            records.append(_ended(record, said))
        return records

    def _run(self, sittings: Sequence[dict[str, Any]]) -> str:
        """Run the program as its user does, once for each sitting, and return the last line of its errors."""
        command = [sys.executable, "-m", "seedwise.execution._program", json.dumps(sittings), *self._words]
        # Where the user does not fix it, every start of the program has another.
        hashes = {"PYTHONHASHSEED": str(next(self._starts))} if self.notes else {}
        environment = {**os.environ, **hashes}
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            _, errors = process.communicate()
        except KeyboardInterrupt:
            process.kill()
            process.wait()
            raise
        return (errors.strip().splitlines() or [""])[-1]


def _ended(record: RunRecord, said: str = "") -> RunRecord:
    """Return a record that ended as it was to.

    Raises:
        SeedwiseError: if the run failed.

    """
    if record.status not in ("finished", "interrupted"):
        raise SeedwiseError(f"the run {record.id} {record.status.replace('_', ' ')}: {said or record.error}")
    return record


def differs(a: RunRecord, b: RunRecord) -> Difference | None:
    """Return where two trainings of a run part, as far as both went; None if their bits agree."""
    logged = {}
    for one, two in zip(a.series, b.series, strict=False):
        names = [name for name in one if not _same(one[name], two.get(name, math.nan))]
        if names:
            logged[int(one["epoch"])] = ", ".join(names)
    both = set(a.trace) & set(b.trace)
    states = {int(epoch): "the training state" for epoch in both if a.trace[epoch] != b.trace[epoch]}
    if logged or states:
        epoch = min([*logged, *states])
        return Difference(epoch, " and ".join(found[epoch] for found in (states, logged) if epoch in found))
    if len(a.series) != len(b.series):
        return Difference(min(len(a.series), len(b.series)), "the number of epochs")
    if a.status != b.status:
        return Difference(None, "how they end")
    if a.weights_sha256 != b.weights_sha256:
        return Difference(None, "the final weights")
    different = [name for name in a.metrics if a.metrics[name] != b.metrics.get(name)]
    different += ["the predictions"] if _predicted(a) != _predicted(b) else []
    return Difference(None, ", ".join(different)) if different else None


def _predicted(record: RunRecord) -> list[tuple[Any, ...]]:
    return [
        (p.split, p.tag, p.epoch, p.predicted.tolist(), None if p.logits is None else p.logits.tobytes())
        for p in record.predictions
    ]


def compared(record: RunRecord) -> str:
    """Return what two trainings are compared by."""
    found = [f"{len(record.series)} epochs of logged numbers"] if record.series else []
    found += [f"{len(record.trace)} training states"] if record.trace else []
    found += ["the final weights"] if record.weights_sha256 else []
    found += [f"{len(record.metrics)} metrics"] if record.metrics else []
    found += ["the predictions"] if record.predictions else []
    return ", ".join(found) or "nothing: the loop logs nothing and saves nothing"


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
