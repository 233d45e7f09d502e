"""From a study file's ``loss:`` to a loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from seedwise.losses import CLFLoss, ControlledLoss, LearningRateControl, PlaceboLoss, VarianceMinimizerLoss
from seedwise.randomness import Randomness
from seedwise.training._config import CLF, VML, CrossEntropy, LRControl, Placebo

BaseLoss = Callable[..., Tensor]


def build_loss(
    config: CrossEntropy | VML | CLF | Placebo | LRControl, base: BaseLoss, randomness: Randomness
) -> ControlledLoss | BaseLoss:
    """Return the loss; a placebo draws from the ``dropout`` source."""
    match config:
        case Placebo():
            return PlaceboLoss(_controller(config.controller, base), seed=randomness.integer("dropout", "placebo"))
        case LRControl():
            return LearningRateControl(_controller(config.controller, base))
        case CrossEntropy():
            return partial(base, label_smoothing=config.label_smoothing) if config.label_smoothing else base
        case _:
            return _controller(config, base)


def _controller(config: VML | CLF, base: BaseLoss) -> VarianceMinimizerLoss | CLFLoss:
    options = config.model_dump(exclude={"name"})
    return VarianceMinimizerLoss(base, **options) if isinstance(config, VML) else CLFLoss(base, **options)
