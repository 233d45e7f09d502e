"""The options of the controls that a controller is tested against."""

from dataclasses import dataclass
from typing import Annotated, Any


def only_factors(beyond: str) -> str:
    """Return why what a controller does beyond factors rules out a control."""
    return f"this control is made of gradient factors, and {beyond}"


@dataclass(frozen=True)
class ControlOptions:
    """Options of ``PlaceboLoss`` and ``LearningRateControl``.

    Args:
        controller: the options of the controller that it is a control of.
    """

    controller: Annotated[Any, ("part", "controller")]

    def __post_init__(self) -> None:
        beyond = getattr(self.controller, "beyond_factors", None)
        if beyond is not None:
            raise ValueError(only_factors(beyond))


@dataclass(frozen=True)
class PlaceboOptions(ControlOptions):
    """``losses.PlaceboLoss`` around a controller, which shuffles its gradient factors in time.

    Args:
        controller: the options of the controller that it is a placebo of.
    """


@dataclass(frozen=True)
class LRControlOptions(ControlOptions):
    """``losses.LearningRateControl``, which gives the learning rate the mean factor of the epoch before.

    Args:
        controller: the options of the controller whose factors it averages.
    """
