"""What the tests of other libraries' loops share: runs without a study, and a training that is killed.

``python -m tests.integrations.lightning_training '{"checkpoint": ..., "seeds": ..., "options": ...}'`` is a training in
a process of its own: one that is forked from a test would have the locks of threads that it has not.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from seedwise.run import Checkpoint, Keep, Run, RunSpec

from ..nursery import nursery

ROOT = Path(__file__).parents[2]


def new_run(checkpoint: Path | None = None, **seeds: int) -> Run:
    """Return a run of ``seeds``; with ``checkpoint``, one that goes on after a stop."""
    return Run(
        RunSpec("test:train", {}, seeds),
        {},
        checkpoint=Checkpoint(checkpoint, every_epochs=1) if checkpoint else None,
        keep=Keep(predictions="full"),
    )


def train_until_killed(library: str, checkpoint: Path, seeds: dict[str, int], **options: Any) -> None:
    """Train with ``library`` in a process of its own, in which the training kills itself."""
    said = json.dumps({"checkpoint": str(checkpoint), "seeds": seeds, "options": options})
    ended = nursery().run(["-m", f"tests.integrations.{library}_training", said], cwd=ROOT, timeout=200)
    assert ended.returncode == -signal.SIGKILL, f"it ended without having killed itself: {ended.stderr}"


_STOPPED = """import signal, sys
sys.path.insert(0, {root!r})
import seedwise
from tests.integrations import {library}_training as training


class Callback(training.RunCallback):
    def __init__(self, *given):
        super().__init__(*given)
        globals()["callback"] = self  # as in a program without functions


training.RunCallback = Callback
for run in seedwise.replicates(2, store="s.db"):
    training.train(run, kill=1, how=signal.SIGINT)
    run.finish(accuracy=0.5)
"""


STOPPED_LINE = "seedwise: stopped: 0 of 2 runs of 'base' are finished and kept in s.db. Go on with: "


def stopped(library: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Stop a loop with ``library`` by Ctrl-C in a program of its own, and return how that ended."""
    (folder / "loop.py").write_text(_STOPPED.format(root=str(ROOT), library=library))
    return nursery().run(["loop.py"], cwd=folder, timeout=250)


def main(train: Callable[..., Any]) -> None:
    """Call ``train`` with the run and the options that the command line says."""
    said = json.loads(sys.argv[1])
    torch.set_num_threads(1)  # as in the tests: bits depend on it
    train(new_run(Path(said["checkpoint"]), **said["seeds"]), **said["options"])
