"""What is likely to be a mistake in how a network is trained, although it can be trained so."""

from __future__ import annotations

import math

from seedwise.data import MissingDataError
from seedwise.declarations import Part
from seedwise.randomness import Randomness
from seedwise.training._config import (
    EMA,
    ClassificationTask,
    Network,
    TrainerConfig,
    steps_per_epoch,
)
from seedwise.training._metrics import SIZES


def warnings_of(config: TrainerConfig, steps: int) -> list[str]:
    """Return a line for each option that does not fit the length of the training, or does nothing.

    Args:
        config: how a network is trained.
        steps: optimizer steps in all.

    """
    found = []
    selection = config.model.selection if isinstance(config.model, Network) else None
    if selection is not None and selection.k == 1:
        found.append("k = 1 leaves nothing to choose: the weights are fixed at random")
    found += notes_of(config.train.loss, steps)
    average = config.train.averaging
    if isinstance(average, EMA):
        found += _window_warnings(average, steps)
    return found


def notes_of(part: Part, steps: int) -> list[str]:
    """Return what the options of a part, and of the parts in it, say of a training of so many steps."""
    inner = [note for option in part.given.values() if isinstance(option, Part) for note in notes_of(option, steps)]
    say = getattr(part.options, "notes", None)
    return [*(say(steps) if callable(say) else []), *inner]


def _window_warnings(average: EMA, steps: int) -> list[str]:
    # Rounded, so that a fifth is not more than a fifth.
    if round(steps * (1 - average.decay), 6) >= _PART:
        return []
    window = f"the average looks back over {1 / (1 - average.decay):.0f} steps, and there are {steps}"
    start = "" if average.debias else f"; {average.decay**steps:.0%} of it are the initial weights"
    gap = _PART / steps
    if gap >= 1:
        return [f"{window}{start}: train longer, or leave out averaging"]
    digit = 10.0 ** math.floor(math.log10(gap))
    # The next rounder number that fits, but never 0.
    rounded = min(math.ceil(round(gap / digit, 6)) * digit, (1 + gap) / 2)
    return [f"{window}{start}: set decay to {1 - rounded:.6g} or less"]


_PART = 5
"""A run should be so many windows of its average long: exp(-5), less than 1 %, of the average lies further back."""


def steps_of(config: TrainerConfig) -> int | None:
    """Return how many optimizer steps a run has in all, or None where only data or torch that are not there would say.

    Args:
        config: how a network is trained.

    """
    task, train = config.task, config.train
    if isinstance(task, ClassificationTask) and train.validation is None:
        examples = task.train_examples or SIZES[task.dataset].train
    else:
        try:
            from seedwise.training._tasks import load_task

            examples = len(load_task(task, "cpu").split(train.validation, Randomness())["train"])
        except (MissingDataError, ModuleNotFoundError):
            return None
    return train.epochs * steps_per_epoch(examples, train.batch_size)
