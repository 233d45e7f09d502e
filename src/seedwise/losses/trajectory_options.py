"""The options of the trajectory loss."""

from dataclasses import dataclass
from typing import Annotated

from seedwise.losses._parameters import Count, Positive, check


@dataclass(frozen=True)
class TrajectoryOptions:
    """Options of ``TrajectoryLoss``, a penalty on the distance from the same example's logits some epochs ago.

    Args:
        weight: of the penalty, > 0.
        temperature: by which logits are divided before probabilities are taken of them, > 0.
        start_epoch: first epoch with the penalty, counted from 0.
        epochs_back: how many epochs ago the logits are from.

    Source: Du et al. 2022 (arXiv 2205.14083).
    """

    weight: Positive = 0.3
    temperature: Positive = 5.0
    start_epoch: Annotated[int, ("ge", 0)] = 5
    epochs_back: Count = 3

    def __post_init__(self) -> None:
        check(self)
