"""From a study file's ``loss:`` to a loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from seedwise.losses import CLFLoss, ControlledLoss, LearningRateControl, PlaceboLoss, VarianceMinimizerLoss
from seedwise.randomness import Randomness
from seedwise.training._config import CLF, VML, CrossEntropy, LRControl, Placebo
from seedwise.training._task import Task

BaseLoss = Callable[..., Tensor]


def build_loss(
    config: CrossEntropy | VML | CLF | Placebo | LRControl, task: Task, randomness: Randomness
) -> ControlledLoss | BaseLoss:
    """Return the loss on the base of the task's own; a placebo draws from the ``dropout`` source."""
    base = task.default_loss
    match config:
        case Placebo():
            return PlaceboLoss(_controller(config.controller, task), seed=randomness.integer("dropout", "placebo"))
        case LRControl():
            return LearningRateControl(_controller(config.controller, task))
        case CrossEntropy():
            return partial(base, label_smoothing=config.label_smoothing) if config.label_smoothing else base
        case _:
            return _controller(config, task)


def _controller(config: VML | CLF, task: Task) -> VarianceMinimizerLoss | CLFLoss:
    options = config.model_dump(exclude={"name"})
    if isinstance(config, VML):
        return VarianceMinimizerLoss(task.default_loss, **options)
    return CLFLoss(task.default_loss, variance=task.variance, **options)
