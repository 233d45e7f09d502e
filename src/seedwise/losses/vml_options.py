"""The options of the Variance Minimizer Loss."""

from dataclasses import dataclass
from typing import Annotated, Literal

from seedwise.losses._parameters import NonNegative, Positive, Rate, check


@dataclass(frozen=True)
class VMLOptions:
    """Options of ``VarianceMinimizerLoss``, a penalty on how far the batch loss strays from its running mean.

    Args:
        lambda_base: penalty per unit of gain, >= 0.
        alpha: weight of the newest loss in the baseline m, in (0, 1].
        beta: weight of the newest deviation in the volatility s, in (0, 1].
        delta: Huber threshold D > 0: in the unit of the loss, or a multiple of s or s_ref (see `delta_mode`).
        warmup_steps: step at which the reference is taken and the penalty begins, >= 2. The paper's 200 is about two
            epochs of CIFAR-10 at batch 512; a shorter training needs a smaller number, about 5 % of all its steps.
        lambda_min: lower bound of lam once the penalty is on, >= 0.
        lambda_max: upper bound of lam, >= lambda_min.
        gamma: tolerance, >= 1: only volatility above gamma times the reference counts. 1 counts all of it.
        penalty_weight: weight of the penalty (w_VML in the paper), >= 0. With 0 the training is bit for bit that of
            the base loss.
        eps: smallest reference, > 0, in the unit of the loss.
        delta_mode: "absolute": D = delta; "sigma": D = delta s, with s of this step; "sigma_ref": D = delta s_ref.
        gradient: "through": that of the formulas, which is what the paper's eq. 9-10 derive. "stopped": no gradient
            through l in d, which is what the paper's Algorithm 1 (line 7) says; the penalty then has no gradient, the
            factor is 1, and VML has no effect on training.

    Source: Variance Minimizer Loss paper, Table 5.
    """

    lambda_base: NonNegative = 0.1
    alpha: Rate = 0.05
    beta: Rate = 0.2
    delta: Positive = 0.2
    warmup_steps: Annotated[int, ("ge", 2)] = 200
    lambda_min: NonNegative = 0.0
    lambda_max: NonNegative = 2.0
    gamma: Annotated[float, ("ge", 1)] = 1.0
    penalty_weight: NonNegative = 1.0
    eps: Positive = 1e-8
    delta_mode: Literal["absolute", "sigma", "sigma_ref"] = "absolute"
    gradient: Literal["through", "stopped"] = "through"

    def __post_init__(self) -> None:
        check(self)
        if self.lambda_min > self.lambda_max:
            raise ValueError(f"lambda_min {self.lambda_min} must not exceed lambda_max {self.lambda_max}")

    def notes(self, steps: int) -> list[str]:
        """Return what is to be said of a training of so many steps."""
        if steps >= 2 * self.warmup_steps:
            return []
        suggested = max(steps // 20, 2)
        return [f"the penalty warms up for {self.warmup_steps} of {steps} steps: set warmup_steps to about {suggested}"]
