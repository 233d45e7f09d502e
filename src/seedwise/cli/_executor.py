"""The executor that a command line names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from seedwise.errors import SeedwiseError
from seedwise.registry import EXECUTORS, resolve
from seedwise.results import Help

if TYPE_CHECKING:
    from seedwise.execution import Executor, Resources, SlurmOptions


@dataclass(frozen=True)
class Place:
    """Where runs are trained, as it is typed; each option is one of those that the executor declares."""

    executor: Annotated[str, Help("Where runs are trained: local, folder, slurm or ray.")] = "local"
    queue: Annotated[Path | None, Help("A folder that all workers see.", "STUDY.d/queue")] = None
    slurm: Annotated[str, Help("Options of sbatch, such as 'partition=gpu gres=gpu:1 time=4:00:00'.")] = ""
    nodes: Annotated[int, Help("Workers that SLURM starts, each a job of its own.")] = 1
    cancel: Annotated[bool, Help("Cancel SLURM's workers when this command is stopped; else they go on.")] = False
    address: Annotated[str | None, Help("The Ray cluster, such as 10.0.0.1:6379.", "the one that runs here")] = None
    num_cpus: Annotated[float, Help("Processors that a run asks Ray for; may be a fraction.")] = 1.0
    num_gpus: Annotated[float, Help("GPUs that a run asks Ray for; may be a fraction.")] = 0.0
    working_dir: Annotated[Path | None, Help("A folder with modules and data that Ray copies to all nodes.")] = None

    @contextmanager
    def opened(self, resources: Resources) -> Iterator[str | Executor]:
        """Yield what ``executor`` of ``Study.run`` takes.

        Raises:
            SeedwiseError: for options that do not go with the executor.

        """
        options = self._options()
        if options is None:
            yield self.executor
            return
        executor: Executor = resolve(EXECUTORS[self.executor].make)(resources, options)
        try:
            yield executor
        finally:
            executor.close()

    def _options(self) -> Any:
        """Return the options of the executor; None for one that has none but what it uses of this machine."""
        takers = {name: _names(entry.options) for name, entry in EXECUTORS.items()}
        for f in fields(self)[1:]:
            takes = [name for name, names in takers.items() if f.name in names]
            if self.executor not in takes and getattr(self, f.name) != f.default:
                raise SeedwiseError(f"--{f.name.replace('_', '-')} goes with --executor {' or '.join(takes)}")
        own = takers.get(self.executor, set()) & {f.name for f in fields(self)}
        declared = EXECUTORS[self.executor].options if own else None
        return None if declared is None else resolve(declared)(**{name: getattr(self, name) for name in own})

    def script(self, resources: Resources, store: Path) -> str:
        """Return what SLURM would be given.

        Args:
            resources: what each worker uses of its node.
            store: the study's.

        """
        from seedwise.execution import StudyFolder, script_of

        options: SlurmOptions = self._options()
        queue = self.queue or StudyFolder.of_store(store).root / "queue"
        return script_of(queue.resolve(), resources, options)


def _names(options: str | None) -> set[str]:
    return set() if options is None else {f.name for f in fields(resolve(options))}
