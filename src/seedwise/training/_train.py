"""The built-in training function; torch is imported when it is called."""

from __future__ import annotations

from typing import Final

from seedwise.run import Run
from seedwise.training._config import TrainerConfig

FUNCTION: Final = "seedwise.training:train"
"""Its name in a run's spec."""


def train(run: Run[TrainerConfig]) -> None:
    """Train ``run.config.model`` on ``run.config.task`` as ``run.config.train`` says, and finish the run.

    Args:
        run: names the seeds, the device and where results go.

    Raises:
        Diverged: if an epoch's loss or the final weights are not finite.

    """
    from seedwise.training._loop import Trainer
    from seedwise.training._tasks import load_task

    Trainer(run, load_task(run.config.task, run.device)).fit()
