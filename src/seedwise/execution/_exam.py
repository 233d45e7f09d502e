"""A training that is looked at and thrown away: what ``doctor`` asks for."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from seedwise.execution._jobs import Training
from seedwise.run import Run, RunSpec, logged_operations

UNFIXED_HASHES: Final = (
    "PYTHONHASHSEED was not fixed: where the order of a set of texts matters, another start of the program gives other "
    "results; start it with PYTHONHASHSEED=0"
)
"""What is said of a training whose process did not fix the order of sets."""


@dataclass(frozen=True)
class Exam:
    """What is different from an ordinary training of a run.

    Attributes:
        source: the source whose seed is raised by one; None for none.
        other: whether another replicate is trained: all of its seeds are raised by one.
        resumes: whether a checkpoint that lies there is gone on from; else it is deleted.
        stop_after: it is stopped after the checkpoint of so many epochs.
        outside: see ``seedwise.run.training``.
        operations: whether its record lists all tensor operations.

    """

    source: str | None = None
    other: bool = False
    resumes: bool = False
    stop_after: int | None = None
    outside: int = 0
    operations: bool = False

    def of(self, spec: RunSpec) -> RunSpec:
        """Return the run that is trained."""
        raised = list(spec.seeds) if self.other else [self.source] if self.source is not None else []
        seeds = {**spec.seeds, **{source: spec.seeds.get(source, 0) + 1 for source in raised}}
        return replace(spec, seeds=seeds)

    @contextmanager
    def logged(self, run: Run[Any]) -> Iterator[None]:
        """Write down the operations of a block that trains ``run``, if they are asked for."""
        if not self.operations:
            yield
            return
        with logged_operations(run.operations) as marks:
            run.on_epoch_too(marks.after_epoch)
            run.checkpoint.on_use = marks.begin
            yield


MACHINE: Final = "machine"
"""Under which ``surroundings`` has the machine's name."""

_LIBRARIES: Final = ("ATEN_", "CUBLAS_", "CUDNN_", "DNNL_", "KMP_", "MKL_", "OMP_", "ONEDNN_", "OPENBLAS_", "TORCH_")
"""How environment variables begin that decide what libraries of numerics do."""


def surroundings() -> dict[str, str]:
    """Return what else the bits may depend on in this process, besides ``environment``: two machines are compared."""
    found = {MACHINE: platform.node(), **{name: os.environ[name] for name in os.environ if name.startswith(_LIBRARIES)}}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["threads"] = str(torch.get_num_threads())
        found["vector instructions"] = torch.backends.cpu.get_cpu_capability()
    return found


@dataclass(frozen=True)
class Sitting:
    """An exam of a program.

    Attributes:
        exam: what is asked; None: which sources its loop varies.
        folder: where checkpoints lie.
        file: where the answer goes.

    """

    exam: Exam | None
    folder: Path
    file: Path


_sittings: list[Sitting] = []


@contextmanager
def sit(sitting: Sitting) -> Iterator[None]:
    """Let ``replicates`` know that its program is being examined."""
    _sittings.append(sitting)
    try:
        yield
    finally:
        _sittings.pop()


def present_sitting() -> Sitting | None:
    """Return the exam that is going on."""
    return _sittings[-1] if _sittings else None


@dataclass(frozen=True)
class Examination(Training):
    """The training of an exam, as a job."""

    exam: Exam = Exam()

    @property
    def command(self) -> dict[str, Any]:
        """What is sent to a worker, as JSON values."""
        return {**super().command, "exam": asdict(self.exam)}
