"""What can be checked of a run before any is trained, where torch is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from seedwise.data import DATASETS, check
from seedwise.declarations import OwnPart
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.run import Run, RunSpec
from seedwise.training._config import TASKS, ClassificationTask, TrainerConfig
from seedwise.training._networks import build_network
from seedwise.training._parts import Network
from seedwise.training._replayable import check_graphs
from seedwise.training._task_kind import data_of_task
from seedwise.training._train import FUNCTION

if TYPE_CHECKING:
    from torch import Tensor

_EXAMPLES: Final = 8
"""So many are a batch on which the user's own parts are tried."""


def check_data(task: Mapping[str, Any]) -> None:
    """Check that the data of a run's ``task`` are there and whole; those of a forecast have a window in every split.

    Raises:
        MissingDataError: if files are missing.
        StorageError: if one is damaged.
        SeedwiseError: if a CSV is no time series, or too short for the horizon, or no table of the kind of task that
            is asked for, or a function of the user's gives no
            dataset.

    """
    dataset = task["dataset"]
    if dataset in tuple(DATASETS):
        check(dataset)
        return
    from seedwise.training._tasks import load_task

    load_task(TASKS[data_of_task(task)].model_validate(task), "cpu")


def check_parts(config: Mapping[str, Any], device: str, *, graphs: bool = False) -> None:
    """Check that the weights of a run's network can be selected if it asks for that, and try its own parts.

    Args:
        config: of the run.
        device: where own parts are tried: some need what the run will be trained on.
        graphs: whether its steps are to be replayed.

    Raises:
        SeedwiseError: one line that says what is wanted.

    """
    # What the caller's own generators draw next is not changed.
    with Randomness().scope("init"):
        checked = TrainerConfig.model_validate(config)
        if graphs:
            check_graphs(checked)
        if isinstance(checked.model, Network) and checked.model.selection is not None:
            _check_selection(checked)
        if own_parts(checked):
            _try_one_step(config, checked, device)


def own_parts(config: TrainerConfig) -> list[str]:
    """Return the names of the parts of the user's own that a training calls."""
    parts = [*config.groups, *config.task.metrics]
    return [part.name for part in parts if isinstance(part, OwnPart)]


def _check_selection(checked: TrainerConfig) -> None:
    from seedwise.selection import selectable_layers

    model, task = checked.model, checked.task
    assert isinstance(model, Network)
    assert isinstance(task, ClassificationTask)
    assert model.selection is not None
    size = task.size()
    assert size is not None
    try:
        selectable_layers(build_network(model, size), model.selection.options.leave)
    except ValueError as error:
        raise SeedwiseError(f"model.selection of '{model.name}': {error}") from None


def _try_one_step(config: Mapping[str, Any], checked: TrainerConfig, device: str) -> None:
    import torch

    from seedwise.models._smelu import CallsOfReLU
    from seedwise.training._loop import Trainer
    from seedwise.training._losses import checked_loss
    from seedwise.training._tasks import load_task

    own = " and ".join(f"'{name}'" for name in own_parts(checked))
    run, task = Run(RunSpec(FUNCTION, config, {}), checked, device=device), load_task(checked.task, device)
    with _in_one_line(f"{own} cannot be made"):
        trainer = Trainer(run, task)
    *inputs, targets = task.batch(trainer.splits["train"], slice(0, _EXAMPLES))
    targets = torch.cat([targets] * trainer.members)
    model, train = checked.model.name, checked.train
    calls = CallsOfReLU()
    with _in_one_line(f"model: '{model}' fails on inputs {_shapes(*inputs)}"), calls:
        outputs = trainer.model.train()(*inputs)
    if calls.count and isinstance(checked.model, Network) and checked.model.smelu is not None:
        raise SeedwiseError(
            f"model.smelu of '{model}': it calls relu {calls.count} times as a function: write a torch.nn.ReLU for each"
        )
    wanted = task.output_shape(targets)
    if getattr(outputs, "shape", None) != wanted:
        found = _shapes(outputs) if hasattr(outputs, "shape") else type(outputs).__name__
        raise SeedwiseError(f"model: '{model}' returned {found} for inputs {_shapes(*inputs)}: {wanted} is needed")
    with _in_one_line(f"train.loss: '{train.loss.name}' fails on outputs {wanted} and targets {_shapes(targets)}"):
        checked_loss(trainer.loss(outputs, targets), train.loss.name).backward()
    with _in_one_line(f"task.metrics: a metric fails on outputs {wanted} and targets {_shapes(targets)}"):
        task.evaluate(outputs.detach(), targets)
    with _in_one_line(f"train.optimizer: '{train.optimizer.name}' fails in a step"):
        trainer.optimizer.step()
    with _in_one_line(f"train.schedule: '{train.schedule.name}' fails in a step"):
        trainer.lr_factor(0)
        trainer.lr_factor(train.epochs * trainer.steps - 1)


def _shapes(*tensors: Tensor) -> str:
    return ", ".join(str(tuple(tensor.shape)) for tensor in tensors)


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    try:
        yield
    except SeedwiseError:
        raise
    except Exception as error:  # whatever the user's code raises
        reason = (str(error).strip() or "no message").splitlines()[0]
        raise SeedwiseError(f"{what}: {type(error).__name__}: {reason}") from error
