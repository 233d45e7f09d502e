"""Options of the plain losses, of torch's optimizers with torch's defaults, and of sharpness-aware minimisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

Share = Annotated[float, ("gt", 0), ("lt", 1)]
NonNegative = Annotated[float, ("ge", 0)]


@dataclass(frozen=True)
class CrossEntropy:
    """The plain base loss; ``label_smoothing`` spreads that share of each target over all classes."""

    label_smoothing: Annotated[float, ("ge", 0), ("lt", 1)] = 0.0

    learns = ("classification",)


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """Binary cross-entropy of logits, the mean over examples and labels: the plain loss of yes or no."""

    learns = ("binary", "multilabel")


@dataclass(frozen=True)
class SquaredError:
    """The mean of the squared errors of standardized values: the plain loss of values, that of forecasts too."""

    learns = ("regression", "forecasting")


@dataclass(frozen=True)
class AbsoluteError:
    """The mean of the absolute errors of standardized values."""

    learns = ("regression", "forecasting")


@dataclass(frozen=True)
class Huber:
    """The mean of e^2 / 2 where an error |e| is at most delta, and of delta (|e| - delta / 2) beyond.

    Args:
        delta: in SDs of the target, as values are standardized.

    Source: Huber 1964, Robust estimation of a location parameter, example (iii).
    """

    delta: Annotated[float, ("gt", 0)] = 1.0

    learns = ("regression", "forecasting")


@dataclass(frozen=True)
class SGD:
    """``torch.optim.SGD``."""

    momentum: Annotated[float, ("ge", 0), ("lt", 1)] = 0.0
    weight_decay: NonNegative = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum: set momentum: 0.9")


@dataclass(frozen=True)
class AdamW:
    """``torch.optim.AdamW``."""

    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: NonNegative = 0.01


@dataclass(frozen=True)
class Adam:
    """``torch.optim.Adam``."""

    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: NonNegative = 0.0


@dataclass(frozen=True)
class Sharpness:
    """Sharpness-aware minimisation: gradients at the weights plus ``rho`` times the direction of steepest ascent."""

    rho: Annotated[float, ("gt", 0)]

    on_host = "sharpness puts the generators back between two passes"
