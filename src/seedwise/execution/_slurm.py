"""Workers as an array of jobs of a SLURM cluster, through a folder that all of its nodes see."""

from __future__ import annotations

import contextlib
import math
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seedwise.errors import SeedwiseError
from seedwise.execution._folder_executor import FolderExecutor, QueueOptions
from seedwise.execution._jobs import Job
from seedwise.execution._protocol import Ingest, Progress, Resources, Settings
from seedwise.execution._queue import Queue
from seedwise.run import Record, storage_errors

_OURS: Final = ("array", "job-name", "nodes", "ntasks", "open-mode", "output", "requeue", "signal", "wrap")
"""Options of sbatch that the script sets itself."""
_BEFORE_THE_LIMIT: Final = 120
"""Seconds before a time limit at which a worker is asked to end."""
_GRACE: Final = 90
"""Of these, what runs get to reach the end of an epoch."""
_EVERY: Final = 20.0
"""Seconds between two questions to SLURM."""
_ATTEMPTS: Final = 3
"""Arrays in a row that end soon and without any record before that is an error."""
_SOON: Final = 300.0
"""Seconds; an array that worked for longer may have brought long runs forward."""


@dataclass(frozen=True)
class SlurmOptions(QueueOptions):
    """Workers that SLURM starts, and the folder, which all nodes must see under the same path.

    Attributes:
        queue, lease: see ``QueueOptions``.
        nodes: number of workers, each a job of its own in an array.
        slurm: options of ``sbatch``, such as ``partition=gpu gres=gpu:1 time=4:00:00``.
        cancel: whether the workers are cancelled when the driver is stopped; else they go on.

    Raises:
        SeedwiseError: for no node, or an option that is none of ``sbatch`` or is set by seedwise.

    """

    nodes: int = 1
    slurm: str = ""
    cancel: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nodes < 1:
            raise SeedwiseError(f"--nodes {self.nodes}: at least one is needed")
        _ = self.directives

    @property
    def directives(self) -> list[str]:
        """The options as ``sbatch`` takes them."""
        found = []
        for word in self.slurm.split():
            name = word.partition("=")[0].removeprefix("--")
            if not re.fullmatch(r"[a-z][a-z-]*", name):
                raise SeedwiseError(f"--slurm: '{word}' is no option of sbatch: write 'partition=gpu time=4:00:00'")
            if name in _OURS:
                raise SeedwiseError(f"--slurm: seedwise sets '{name}' itself" + _INSTEAD.get(name, ""))
            found.append(f"--{word.removeprefix('--')}")
        return found


_INSTEAD: Final = {"array": ": use --nodes N", "nodes": ": use --nodes N", "output": "; logs lie in the queue's logs/"}


class SlurmExecutor(FolderExecutor):
    """Puts jobs into a folder and submits workers for them; see ``Executor`` and ``FolderExecutor``.

    Args:
        resources: what each worker uses of its node.
        options: the workers.

    Raises:
        SeedwiseError: where there is no ``sbatch``.

    """

    def __init__(self, resources: Resources | None = None, options: SlurmOptions | None = None) -> None:
        self._slurm = options or SlurmOptions()
        self._resources = resources or Resources()
        super().__init__(self._resources, self._slurm)
        self._submitted: str | None = None
        self._asked = self._since = -math.inf
        self._ended = 0
        self._is_done = False

    def execute(self, jobs: Sequence[Job], settings: Settings, ingest: Ingest, progress: Progress) -> bool:
        """Do all ``jobs``; see ``Executor``."""
        if shutil.which("sbatch") is None:
            raise SeedwiseError(
                "there is no 'sbatch' here: run this on a login node of the cluster, or start workers by hand with "
                "--executor folder"
            )

        def counted(*records: Record) -> None:
            ingest(*records)
            self._ended = 0

        self._is_done = False
        stopped = super().execute(jobs, settings, counted, progress)
        self._is_done = not stopped
        if stopped and self._submitted is not None:
            if self._slurm.cancel:
                self._cancel()
                progress.note(f"job {self._submitted} of SLURM is cancelled")
            else:
                progress.note(f"job {self._submitted} of SLURM goes on; to end it: scancel {self._submitted}")
        return stopped

    def close(self) -> None:
        """Cancel the workers if there is nothing left for them."""
        if self._submitted is not None and self._is_done:
            self._cancel()

    def attend(self, queue: Queue, progress: Progress) -> None:
        """Submit workers where there are none."""
        if time.monotonic() - self._asked < _EVERY and self._submitted is not None:
            return
        self._asked = time.monotonic()
        known = queue.root / "slurm-job"
        if self._submitted is None and known.is_file():  # an earlier driver's may still be there
            self._submitted = known.read_text().strip()
        if self._submitted is not None and _is_known(self._submitted):
            return
        self._ended = 1 if time.monotonic() - self._since > _SOON else self._ended + 1
        self._since = self._asked
        if self._ended > _ATTEMPTS:
            raise SeedwiseError(
                f"{_ATTEMPTS} arrays of workers ended without any record: see {queue.folder.logs}/slurm-*.log"
            )
        file = queue.root / "worker.sh"
        with storage_errors(file):
            file.write_text(script_of(queue.root.resolve(), self._resources, self._slurm))
        self._submitted = _answer("sbatch", "--parsable", str(file)).strip().partition(";")[0]
        with storage_errors(known):
            known.write_text(self._submitted)
        progress.note(f"submitted job {self._submitted} of SLURM: {self._slurm.nodes} workers")

    def _cancel(self) -> None:
        assert self._submitted is not None
        with contextlib.suppress(SeedwiseError):  # it has ended
            _answer("scancel", self._submitted)


def script_of(queue: Path, resources: Resources, options: SlurmOptions) -> str:
    """Return the script of an array of workers.

    Args:
        queue: the folder, as all nodes see it.
        resources: what each worker uses of its node.
        options: how many there are, and what they ask SLURM for.

    Example:
        >>> print(script_of(Path("/q"), Resources(), SlurmOptions(nodes=2)).splitlines()[2])
        #SBATCH --array=0-1

    """
    directives = [
        "--job-name=seedwise",
        f"--array=0-{options.nodes - 1}",
        "--ntasks=1",
        "--requeue",
        "--open-mode=append",
        f"--signal=B:TERM@{_BEFORE_THE_LIMIT}",
        f"--output={queue}/logs/slurm-%A_%a.log",
        *options.directives,
    ]
    words = [sys.executable, "-m", "seedwise", "worker", str(queue), "--device", resources.device]
    words += ["--runs-per-device", str(resources.runs_per_device), "--idle", "300", "--grace", str(_GRACE)]
    worker = shlex.join(words)
    if resources.workers is not None:
        worker += f" --workers {resources.workers}"
    elif resources.device == "cpu":
        worker += ' --workers "${SLURM_CPUS_PER_TASK:-1}"'
    return _SCRIPT.format(directives="\n".join(f"#SBATCH {one}" for one in directives), worker=worker)


_SCRIPT: Final = """\
#!/bin/bash
{directives}

# Before a time limit, and when it is preempted or requeued, SLURM sends SIGTERM: the runs write their checkpoints and
# go back into the queue, and this worker asks for another turn.
told=
trap 'told=yes; kill -TERM "$worker" 2>/dev/null' TERM
{worker} &
worker=$!
wait "$worker"; code=$?
while kill -0 "$worker" 2>/dev/null; do wait "$worker"; code=$?; done
task="${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
if [ -n "$told" ] && [ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ]; then
  scontrol requeue "$task"
fi
exit "$code"
"""


def _is_known(job: str) -> bool:
    """Return whether SLURM has jobs of an array that wait or run."""
    try:
        return bool(_answer("squeue", "--noheader", f"--jobs={job}", "--format=%T").strip())
    except SeedwiseError as error:
        return "Invalid job id" not in str(error)  # a controller that does not answer comes back


def _answer(*words: str) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SeedwiseError(f"{words[0]} did not answer: {error}") from error
    if done.returncode != 0:
        raise SeedwiseError(f"{shlex.join(words)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout
