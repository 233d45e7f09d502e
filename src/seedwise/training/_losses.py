"""From a study file's ``loss:`` to a loss."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from seedwise.losses import CLFLoss, PlaceboLoss, VarianceMinimizerLoss
from seedwise.randomness import Randomness
from seedwise.training._config import CLF, VML, CrossEntropy, Placebo

BaseLoss = Callable[[Tensor, Tensor], Tensor]
ControlledLoss = VarianceMinimizerLoss | CLFLoss | PlaceboLoss


def build_loss(
    config: CrossEntropy | VML | CLF | Placebo, base: BaseLoss, randomness: Randomness
) -> ControlledLoss | BaseLoss:
    """Return the loss; a placebo draws from the ``dropout`` source."""
    options = config.model_dump(exclude={"name", "controller"})
    match config:
        case VML():
            return VarianceMinimizerLoss(base, **options)
        case CLF():
            return CLFLoss(base, **options)
        case Placebo():
            controller = build_loss(config.controller, base, randomness)
            assert isinstance(controller, (VarianceMinimizerLoss, CLFLoss))
            return PlaceboLoss(controller, seed=randomness.integer("dropout", "placebo"))
        case _:
            return base
