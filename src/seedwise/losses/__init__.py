"""Drop-in losses that try to make training depend less on the seed, and two controls to test them against.

    loss = VarianceMinimizerLoss(warmup_steps=200).to(device)
    for batch, target in loader:
        loss(model(batch), target).backward()
        ...
    loss.epoch_summary()     # what it did to the gradient
    loss.on_epoch_end()

Needs torch and nothing else of seedwise.
"""

from seedwise.losses._controller import ControlledLoss
from seedwise.losses.clf import CLFLoss, residual_variance, stable_penalty, variance_penalty
from seedwise.losses.lr_control import LearningRateControl
from seedwise.losses.placebo import PlaceboLoss
from seedwise.losses.vml import VarianceMinimizerLoss, huber, huber_slope

__all__ = [
    "CLFLoss",
    "ControlledLoss",
    "LearningRateControl",
    "PlaceboLoss",
    "VarianceMinimizerLoss",
    "huber",
    "huber_slope",
    "residual_variance",
    "stable_penalty",
    "variance_penalty",
]
