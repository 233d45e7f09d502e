"""What is likely to be a mistake in how a network is trained, although it can be trained so."""

from __future__ import annotations

from seedwise.data import MissingDataError
from seedwise.declarations import Group
from seedwise.randomness import Randomness
from seedwise.training._config import (
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
    model, train = config.model, config.train
    selection = model.selection if isinstance(model, Network) else None
    groups = (model, selection, train.optimizer, train.schedule, train.loss, train.averaging, *train.ways)
    return [note for group in groups if group is not None for note in _notes_of(group, steps)]


def _notes_of(part: Group, steps: int) -> list[str]:
    """Return what the options of a part, and of the parts in it, say of a training of so many steps."""
    inner = [note for option in part.given.values() if isinstance(option, Group) for note in _notes_of(option, steps)]
    say = getattr(part.options, "notes", None)
    return [*(say(steps) if callable(say) else []), *inner]


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
