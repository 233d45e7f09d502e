"""Train one run twice and compare the bits."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from seedwise.errors import SeedwiseError
from seedwise.run import Keep, RunRecord
from seedwise.study._executor import Executor, Settings, Silent
from seedwise.study._folder import StudyFolder
from seedwise.study._jobs import Record, Training
from seedwise.study._spec import CheckpointOptions
from seedwise.study._study import Study, _devices


@dataclass(frozen=True)
class Diagnosis:
    """What came of training a run twice.

    Attributes:
        agree: whether all bits that were compared agree.
        epoch: the first epoch that differs, counted from 0; None if they agree or only the end differs.
        what: what differs, or what was compared.
        run_id: the run.

    """

    agree: bool
    epoch: int | None
    what: str
    run_id: str


def diagnose(study: Study, *, device: str = "cpu") -> Diagnosis:
    """Train the first run of a study in two fresh processes and compare every epoch.

    Compared are the logged numbers, the state passed to ``run.checkpoint.save``, the metrics and the final weights.

    Args:
        study: the study; its store is not touched.
        device: where to train.

    Raises:
        SeedwiseError: if the run does not finish.
        KeyboardInterrupt: if the user stops it.

    """
    spec = study.plan()[0].spec
    devices = _devices(device, workers=1, runs_per_device=1)
    records: list[RunRecord] = []
    with tempfile.TemporaryDirectory() as root:
        for k in range(2):
            folder = StudyFolder(Path(root) / str(k))
            folder.create()
            settings = Settings(
                folder=folder,
                devices=devices,
                keep=Keep(predictions="full"),
                evaluate_epochs=True,
                checkpoint=CheckpointOptions(every_epochs=None, every_seconds=None),
                limits=study.spec.limits,
                import_from=study.import_from,
                keep_trace=True,
            )

            def keep(record: Record) -> None:
                assert isinstance(record, RunRecord)
                records.append(record)

            executor = Executor(settings, keep, Silent())
            executor.run([Training(spec)])
            if executor.interrupted:
                raise KeyboardInterrupt
    for record in records:
        if record.status != "finished":
            raise SeedwiseError(f"the run {spec.id} {record.status.replace('_', ' ')}: {record.error}")
    return _compare(*records)


def _compare(a: RunRecord, b: RunRecord) -> Diagnosis:
    logged = {}
    for one, two in zip(a.series, b.series, strict=False):
        names = [name for name in one if not _same(one[name], two.get(name, math.nan))]
        if names:
            logged[int(one["epoch"])] = ", ".join(names)
    states = {int(epoch): "the training state" for epoch in a.trace if a.trace[epoch] != b.trace.get(epoch)}
    if logged or states:
        epoch = min([*logged, *states])
        return Diagnosis(False, epoch, states.get(epoch) or logged[epoch], a.id)
    if len(a.series) != len(b.series):
        return Diagnosis(False, min(len(a.series), len(b.series)), "the number of epochs", a.id)
    if a.weights_sha256 != b.weights_sha256:
        return Diagnosis(False, None, "the final weights", a.id)
    different = [name for name in a.metrics if a.metrics[name] != b.metrics.get(name)]
    if different:
        return Diagnosis(False, None, ", ".join(different), a.id)
    compared = [f"{len(a.series)} epochs of logged numbers", f"{len(a.trace)} training states"]
    compared += ["the final weights"] if a.weights_sha256 else []
    return Diagnosis(True, None, ", ".join([*compared, f"{len(a.metrics)} metrics"]), a.id)


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
