"""The options of the losses that take the place of cross-entropy."""

from dataclasses import dataclass
from typing import Annotated, Literal

from seedwise.losses._parameters import Count, NonNegative, Positive, check


@dataclass(frozen=True)
class CompSumOptions:
    """Options of ``CompSumLoss``, the family (p^(tau-1) - 1) / (1 - tau) of the probability p of the true class.

    Args:
        tau: in [0, 2]. 0 is the sum-exponential loss, 1 cross-entropy, between 1 and 2 generalised cross-entropy with
            q = tau - 1, and 2 the mean absolute error.

    Source: Mao, Mohri & Zhong 2023 (arXiv 2304.07288).
    """

    tau: Annotated[float, ("ge", 0), ("le", 2)] = 1.5

    learns = ("classification",)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class ZLossOptions:
    """Options of ``ZLoss``, a softplus of the true class's standardised logit.

    Args:
        sharpness: a > 0, how sharply the softplus bends.
        shift: b, the standardised logit at which it bends.
        eps: added to the variance of the logits, > 0: without it the gradient is infinite where all are equal.

    Source: de Brebisson & Vincent 2016 (arXiv 1604.08859).
    """

    sharpness: Positive = 1.0
    shift: float = 0.0
    eps: Positive = 1e-5

    learns = ("classification",)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class LogPartitionOptions:
    """Options of ``LogPartitionLoss``, cross-entropy plus the squared logarithm of the softmax's denominator.

    Args:
        coefficient: of the square, >= 0.

    Source: Chowdhery et al. 2022 (arXiv 2204.02311), section 5, where it is called z-loss.
    """

    coefficient: NonNegative = 1e-4

    learns = ("classification",)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class TaylorSoftmaxOptions:
    """``TaylorSoftmaxLoss``, cross-entropy with 1 + z + z^2 / 2 in the place of exp(z).

    Source: de Brebisson & Vincent 2016 (arXiv 1511.05042).
    """

    learns = ("classification",)


@dataclass(frozen=True)
class AnyLossOptions:
    """Options of ``AnyLoss``, one minus a metric of the confusion matrix.

    Args:
        metric: which one: "accuracy", "f_beta", "geometric_mean" or "balanced_accuracy".
        beta: weight of recall against precision in "f_beta", > 0; 1 is F1.
        amplification: how steeply a probability becomes a yes or no at 1/2, > 0.
        one_against_rest: whether several classes are trained, each against the rest; with two there is no need.

    Source: Han, Moniz & Chawla 2024 (arXiv 2405.14745), binary; one against the rest is this library's own.
    """

    metric: Literal["accuracy", "f_beta", "geometric_mean", "balanced_accuracy"] = "f_beta"
    beta: Positive = 1.0
    amplification: Positive = 73.0
    one_against_rest: bool = False

    learns = ("classification", "binary")

    def __post_init__(self) -> None:
        check(self)

    def fits_classes(self, classes: int) -> None:
        """Raise ValueError unless it can be trained with so many classes."""
        if classes > 2 and not self.one_against_rest:
            raise ValueError(f"any_loss is for two classes, and the task has {classes}: set one_against_rest: true")


@dataclass(frozen=True)
class EnsLossOptions:
    """Options of ``EnsLoss``, which draws the derivatives of a calibrated loss at random in every step.

    Args:
        power: lambda of the inverse Box-Cox transform that makes derivatives of normal draws, in [-1, 1]; None draws
            it anew from [-1, 1] every ``period`` steps.
        period: in steps.

    Source: Dai 2024 (arXiv 2409.00908).
    """

    power: Annotated[float, ("ge", -1), ("le", 1)] | None = None
    period: Count = 10

    learns = ("classification", "binary")

    def __post_init__(self) -> None:
        check(self)

    def fits_classes(self, classes: int) -> None:
        """Raise ValueError unless it can be trained with so many classes."""
        if classes > 2:
            raise ValueError(f"ens_loss is for two classes, and the task has {classes}: take another loss")
