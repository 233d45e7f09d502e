"""The executor that a command line names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from seedwise.errors import SeedwiseError
from seedwise.results import Help

if TYPE_CHECKING:
    from seedwise.execution import Executor, Resources, SlurmOptions


@dataclass(frozen=True)
class Place:
    """Where runs are trained, as it is typed."""

    executor: Annotated[str, Help("Where runs are trained: local, folder or slurm.")] = "local"
    queue: Annotated[Path | None, Help("A folder that all workers see.", "STUDY.d/queue")] = None
    slurm: Annotated[str, Help("Options of sbatch, such as 'partition=gpu gres=gpu:1 time=4:00:00'.")] = ""
    nodes: Annotated[int, Help("Workers that SLURM starts, each a job of its own.")] = 1
    cancel: Annotated[bool, Help("Cancel SLURM's workers when this command is stopped; else they go on.")] = False

    @contextmanager
    def opened(self, resources: Resources) -> Iterator[str | Executor]:
        """Yield what ``executor`` of ``Study.run`` takes.

        Raises:
            SeedwiseError: for options that do not go with the executor.

        """
        from seedwise.execution import FolderExecutor, QueueOptions, SlurmExecutor

        if self.executor != "slurm":
            for option, given in (("--slurm", self.slurm), ("--nodes", self.nodes != 1), ("--cancel", self.cancel)):
                if given:
                    raise SeedwiseError(f"{option} goes with --executor slurm")
        if self.executor not in ("folder", "slurm"):
            if self.queue is not None:
                raise SeedwiseError(f"--queue {self.queue} goes with --executor folder or slurm")
            yield self.executor
            return
        executor = (
            SlurmExecutor(resources, self.slurm_options)
            if self.executor == "slurm"
            else FolderExecutor(resources, QueueOptions(self.queue))
        )
        try:
            yield executor
        finally:
            executor.close()

    @property
    def slurm_options(self) -> SlurmOptions:
        """The options of SLURM."""
        from seedwise.execution import SlurmOptions

        return SlurmOptions(self.queue, nodes=self.nodes, slurm=self.slurm, cancel=self.cancel)

    def script(self, resources: Resources, store: Path) -> str:
        """Return what SLURM would be given.

        Args:
            resources: what each worker uses of its node.
            store: the study's.

        """
        from seedwise.execution import StudyFolder, script_of

        queue = self.queue or StudyFolder.of_store(store).root / "queue"
        return script_of(queue.resolve(), resources, self.slurm_options)
