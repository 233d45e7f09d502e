"""What is likely to be a mistake in how a network is trained, although it can be trained so."""

from __future__ import annotations

from seedwise.data import MissingDataError
from seedwise.randomness import Randomness
from seedwise.training._config import ClassificationTask, TrainerConfig, steps_per_epoch
from seedwise.training._image_data import known_size


def warnings_of(config: TrainerConfig, steps: int) -> list[str]:
    """Return a line for each option that does not fit the length of the training, or does nothing.

    Args:
        config: how a network is trained.
        steps: optimizer steps in all.

    """
    says = [getattr(group.options, "notes", None) for group in config.groups]
    return [note for say in says if callable(say) for note in say(steps)]


def steps_of(config: TrainerConfig) -> int | None:
    """Return how many optimizer steps a run has in all, or None where only data or torch that are not there would say.

    Args:
        config: how a network is trained.

    """
    task, train = config.task, config.train
    examples = None
    if isinstance(task, ClassificationTask) and train.validation is None:
        size = known_size(task.dataset)
        examples = task.train_examples or (None if size is None else size.train)
    if examples is None:
        try:
            from seedwise.training._tasks import load_task

            examples = len(load_task(task, "cpu").split(train.validation, Randomness())["train"])
        except (MissingDataError, ModuleNotFoundError):
            return None
    return train.epochs * steps_per_epoch(examples, train.batch_size)
