"""The built-in training function; torch is imported when it is called."""

from __future__ import annotations

import time
from typing import Final

from seedwise.run import Run
from seedwise.training._config import TrainerConfig

FUNCTION: Final = "seedwise.training:train"
"""Its name in a run's spec."""

_LONG: Final = 2.0
"""Seconds after which a round of steps ends: a cost is said before training, and nobody waits for it for an hour."""


def train(run: Run[TrainerConfig]) -> None:
    """Train ``run.config.model`` on ``run.config.task`` as ``run.config.train`` says, and finish the run.

    Args:
        run: names the seeds, the device and where results go.

    Raises:
        Diverged: if an epoch's loss or the final weights are not finite.

    """
    from seedwise.training._cost import measure_cost
    from seedwise.training._loop import Trainer
    from seedwise.training._tasks import load_task

    trainer = Trainer(run, load_task(run.config.task, run.device))
    trainer.fit()
    run.observed.cost = measure_cost(trainer)


def measure(run: Run[TrainerConfig], *, steps: int = 10) -> float:
    """Return about how many seconds the run takes, from a few of its steps; evaluations are left out.

    Args:
        run: the run; nothing of it is kept.
        steps: how many are timed at most, after as many that are not; of steps that take seconds, fewer.

    """
    from itertools import islice

    from seedwise.training._loop import Trainer
    from seedwise.training._tasks import load_task

    trainer = Trainer(run, load_task(run.config.task, run.device))
    for prior in trainer.priors:
        prior.value = prior.stand_in()
    with run.randomness.scope("dropout", "masks", 0):
        batches = list(islice(trainer.batches(0), steps))
        for _ in range(2):  # the first round warms up
            began = time.perf_counter()
            for done, batch in enumerate(batches, start=1):
                trainer.step(batch)
                seconds = time.perf_counter() - began
                per_step = seconds / done
                if seconds > _LONG:
                    break
    before = sum(prior.networks * prior.epochs for prior in trainer.priors if prior.artifact is None)
    return per_step * trainer.steps * (before + run.config.train.epochs)
