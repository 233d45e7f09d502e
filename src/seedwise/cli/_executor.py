"""The executor that a command line names."""

from __future__ import annotations

from pathlib import Path

from seedwise.errors import SeedwiseError
from seedwise.execution import Executor, FolderExecutor, QueueOptions, Resources


def executor_named(name: str, resources: Resources, *, queue: Path | None) -> str | Executor:
    """Return what ``executor`` of ``Study.run`` takes.

    Args:
        name: what was typed.
        resources: of this machine.
        queue: the folder that workers see.

    Raises:
        SeedwiseError: for options that do not go with the executor.

    """
    if name == "folder":
        return FolderExecutor(resources, QueueOptions(queue))
    if queue is not None:
        raise SeedwiseError(f"--queue {queue} goes with --executor folder")
    return name
