"""The built-in training function; torch is imported when it is called."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from seedwise.data import check
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.run import Run
from seedwise.training._config import ForecastingTask, TrainerConfig
from seedwise.training._metrics import SIZES, is_forecasting
from seedwise.training._networks import build_network

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
    from seedwise.training._loop import Trainer
    from seedwise.training._tasks import load_task

    Trainer(run, load_task(run.config.task, run.device)).fit()


def check_data(task: Mapping[str, Any]) -> None:
    """Check that the data of a run's ``task`` are there and whole; those of a forecast have a window in every split.

    Raises:
        MissingDataError: if files are missing.
        StorageError: if one is damaged.
        SeedwiseError: if a CSV is no time series, or too short for the horizon.

    """
    if not is_forecasting(task):
        check(task["dataset"])
        return
    from seedwise.training._forecasting import load_forecasting

    load_forecasting(ForecastingTask.model_validate(task), "cpu")


def check_selection(config: Mapping[str, Any]) -> None:
    """Check that the weights of a run's network can be selected, where its ``config`` asks for that.

    Raises:
        SeedwiseError: if the network has others, or no module that ``leave`` names.

    """
    options = dict(config["model"])
    name, selection = options.pop("name"), options.pop("selection", None)
    if selection is None:
        return
    from seedwise.selection import selectable_layers

    size = SIZES[config["task"]["dataset"]]
    # What the caller's own generators draw next is not changed.
    with Randomness().scope("init"):
        network = build_network(name, size.image, size.classes, options)
    try:
        selectable_layers(network, selection.get("leave", ()))
    except ValueError as error:
        raise SeedwiseError(f"model.selection of '{name}': {error}") from None


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
    with run.randomness.scope("dropout", "masks", 0):
        batches = list(islice(trainer.batches(0), steps))
        for _ in range(2):  # the first round warms up
            began = time.perf_counter()
            for done, batch in enumerate(batches, start=1):
                trainer.step(*batch)
                seconds = time.perf_counter() - began
                per_step = seconds / done
                if seconds > _LONG:
                    break
    return per_step * trainer.steps * run.config.train.epochs
