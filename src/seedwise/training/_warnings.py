"""What is likely to be a mistake in how a network is trained, although it can be trained so."""

from __future__ import annotations

from seedwise.data import MissingDataError
from seedwise.randomness import Randomness
from seedwise.training._config import ClassificationTask, ForecastingTask, TableTask, TrainerConfig, steps_per_epoch
from seedwise.training._parts import Network


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
    examples = _examples_of(config)
    return None if examples is None else config.train.epochs * steps_per_epoch(examples, config.train.batch_size)


def memory_of(config: TrainerConfig) -> list[str]:
    """Return a line for each way to train that holds something for every example, which says how much that is.

    Args:
        config: how a network is trained.

    """
    says = {group.__class__.__name__: getattr(group.options, "holds", None) for group in config.train.ways}
    asked = {name: holds for name, holds in says.items() if holds is not None}
    size = None if not asked or isinstance(config.task, ForecastingTask) else config.task.size()
    examples = _examples_of(config) if asked else None
    if size is None or examples is None:
        return []
    model = config.model
    packed = model.packed if isinstance(model, Network) else None
    members = 1 if packed is None else packed.options.members
    held = {name: members * holds(examples, size.classes) for name, holds in asked.items()}
    return [f"{name} holds {number / 1e6:.3g} MB in every worker" for name, number in held.items() if number]


def reading_of(config: TrainerConfig) -> list[str]:
    """Return a line for each column of a table of which something was made, and what a yes is where it is a text.

    Args:
        config: how a network is trained.

    """
    task = config.task
    if not isinstance(task, TableTask):
        return []
    rows, classes = task.dataset.rows(), task.targets().classes
    said = list(rows.notes)
    if task.kind == "binary" and classes != ("0", "1"):
        said.append(f"{rows.targets.columns[0]}: '{classes[1]}' is yes, and '{classes[0]}' no")
    return said


def _examples_of(config: TrainerConfig) -> int | None:
    """Return how many examples are trained on; see ``steps_of``."""
    task, train = config.task, config.train
    examples = None
    if isinstance(task, ClassificationTask) and train.validation is None and task.imbalance is None:
        size = task.size()
        examples = task.train_examples or (None if size is None else size.train)
    if examples is None:
        try:
            from seedwise.training._tasks import load_task

            examples = len(load_task(task, "cpu").split(train.validation, Randomness())["train"])
        except (MissingDataError, ModuleNotFoundError):
            return None
    return examples
