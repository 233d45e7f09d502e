"""The options of CLF with weights that follow the training."""

from dataclasses import dataclass
from typing import Literal

from seedwise.losses._parameters import Positive
from seedwise.losses.clf_options import CLFOptions

Signal = Literal["level", "epoch", "volatility"]


@dataclass(frozen=True)
class DynamicCLFOptions(CLFOptions):
    """Options of ``DynamicCLFLoss``: those of ``CLFLoss``, whose two weights are multiplied by a power of a signal.

    Args:
        lambda_s, lambda_v, start_epoch, end_epoch: as of ``CLFLoss``; the weights are those of a signal of 1.
        by: the signal. ``level``: the mean loss of the previous epoch over that of the first. ``epoch``: 1/2 after
            ``half_life`` epochs, 1/4 after twice as many. ``volatility``: how much the loss varied from step to step at
            the end of the previous epoch, over what it did at the end of the first. 1 during the first epoch.
        power: the exponent; with less than 0 the weights grow where the signal falls.
        most: the largest multiple, > 0.
        half_life: epochs, > 0, for ``by: epoch``.

    Source: the first open question of the Custom Loss Function paper (arXiv 2601.00578), which names no schedule.
    """

    by: Signal = "level"
    power: float = 1.0
    most: Positive = 2.0
    half_life: Positive = 10.0
