"""The Variance Minimizer Loss: a penalty on how far the batch loss strays from its running mean."""

from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor

from seedwise.losses._controller import Control, Controller, Loss, is_finite, keep
from seedwise.losses._parameters import choice, real, whole

if TYPE_CHECKING:
    import torch.distributed as dist

DeltaMode = Literal["absolute", "sigma", "sigma_ref"]
Gradient = Literal["through", "stopped"]


def _positive(delta: float | Tensor, dtype: torch.dtype) -> float | Tensor:
    # The smallest normal number stands for 0: the functions below then take their limits by themselves.
    if isinstance(delta, Tensor):
        return delta.clamp(min=torch.finfo(delta.dtype).tiny)
    return max(real("delta", delta, at_least=0), torch.finfo(dtype).tiny)


def huber(deviation: Tensor, delta: float | Tensor) -> Tensor:
    """Huber penalty scaled to slope 1, safe for a threshold of 0.

    rho_D(d) = d^2 / (2 D) if |d| <= D, else |d| - D/2; rho_0(d) = |d|. This is `torch.nn.SmoothL1Loss` with beta = D;
    `torch.nn.HuberLoss` is D times it.

    Args:
        deviation: d, any shape, floating point.
        delta: D >= 0, in the unit of d; a number, or a tensor that broadcasts and is a constant (a negative tensor
            counts as 0: looking would make the host wait for the device).

    Returns:
        rho_D(d), the shape of d, in the unit of d.

    Raises:
        ValueError: if `delta` is a number that is negative or not finite.

    Example:
        >>> huber(torch.tensor([0.1, -0.2, 1.0]), 0.2)
        tensor([0.0250, 0.1000, 0.9000])
        >>> huber(torch.tensor([0.1, -0.2, 1.0]), 0.0)
        tensor([0.1000, 0.2000, 1.0000])

    Source: Variance Minimizer Loss paper, eq. 7 and 11.
    """
    threshold = _positive(delta, deviation.dtype)
    size = deviation.abs()
    # rho is the maximum of q |d| - D q^2 / 2 over q in [0, 1]; unlike two branches it has no unselected one whose
    # gradient could be infinite.
    slope = (size / threshold).clamp(max=1)
    return slope * size - threshold * slope.square() / 2


def huber_slope(deviation: Tensor, delta: float | Tensor) -> Tensor:
    """Derivative of `huber` by the deviation.

    psi_D(d) = clip(d / D, -1, 1); psi_0(d) = sign(d), and psi(0) = 0.

    Args:
        deviation: d, any shape, floating point.
        delta: D >= 0, as in `huber`.

    Returns:
        psi_D(d) in [-1, 1], the shape of d.

    Raises:
        ValueError: if `delta` is a number that is negative or not finite.

    Example:
        >>> huber_slope(torch.tensor([0.1, -0.2, 1.0]), 0.2)
        tensor([ 0.5000, -1.0000,  1.0000])

    Source: Variance Minimizer Loss paper, appendix A.2.
    """
    return (deviation / _positive(delta, deviation.dtype)).clamp(-1, 1)


class VarianceMinimizerLoss(Controller):
    r"""Variance Minimizer Loss (VML): the base loss plus a penalty on its deviation from its running mean.

    With l the batch loss of step t = 1, 2, ..., baseline m, volatility s and reference s_ref::

        d     = l - m                              m from before the step; d = 0 in the first step
        s     = (1 - beta) s + beta |d|            starts at 0
        m     = (1 - alpha) m + alpha l            starts at the first l
        s_ref = max(s, eps)                        once, at step t = warmup_steps
        gain  = s / (s_ref + eps)                          if gamma = 1
                max(s - gamma s_ref, 0) / (s_ref + eps)    if gamma > 1
        lam   = clip(lambda_base gain, lambda_min, lambda_max);  0 before step warmup_steps
        L     = l + penalty_weight lam rho_D(d)    rho: `huber`

    m, s, s_ref and lam are constants to the gradient, so VML multiplies the gradient of the base loss by the factor
    1 + penalty_weight lam clip(d / D, -1, 1). A batch whose loss is above the running mean (d > 0) is *amplified*, up
    to 1 + penalty_weight lambda_max, although the paper says that the penalty "rescales but never amplifies"; a batch
    below it is damped, and with penalty_weight lam > 1 its gradient is *reversed*. Where `last_factor` and
    `epoch_summary()` say that the factor stayed near 1, VML did next to nothing.

    A step is one call in training mode, so with gradient accumulation each micro-batch is a step. A non-finite batch
    loss is returned as it is, and moves no state. Under `DistributedDataParallel` the loss l of the formulas is the
    mean over ranks (one all-reduce of one number a step), so that all ranks hold the same state, and with shards of
    equal size the averaged gradient is that of a single process; the value returned is this rank's l plus the penalty.

    Args:
        base: the base loss, a function of (output, target) that returns one number; None is cross-entropy.
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
        gradient: "through": as above, which is what the paper's eq. 9-10 derive. "stopped": no gradient through l in
            d, which is what the paper's Algorithm 1 (line 7) says; the penalty then has no gradient, the factor is 1,
            and VML has no effect on training.
        process_group: ranks whose losses are averaged; None is the default group, if `torch.distributed` is
            initialised. For ranks that train separate models pass each a group of its own
            (`torch.distributed.new_subgroups(1)[0]`); a group of one communicates nothing.

    Attributes:
        baseline: m, 0-dim float32.
        volatility: s, 0-dim float32.
        reference: s_ref, 0-dim float32; 0 before it is taken.

    Raises:
        TypeError, ValueError: if an argument is out of range; and on a call if the base loss is not one floating-point
            number, if the shapes do not match, or if the loss is on another device than the state.

    Example:
        >>> vml = VarianceMinimizerLoss(lambda_base=1.0, warmup_steps=2)
        >>> logits, target = torch.zeros(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])
        >>> for scale in (1.0, 1.5, 2.5):
        ...     total = vml(logits + scale * torch.tensor([0.0, 0.0, 1.0]), target)
        >>> vml.last_factor > 1  # the loss rose above its running mean
        tensor(True)

    Source: Variance Minimizer Loss paper, eq. 1-10, appendix A.2 and Table 5. gamma and penalty_weight are not given
    there; 1 is what its table's formula implies. Eq. 5 and 8 disagree at gamma = 1; this is eq. 5.
    """

    baseline: Tensor
    volatility: Tensor
    reference: Tensor

    def __init__(
        self,
        base: Loss | None = None,
        *,
        lambda_base: float = 0.1,
        alpha: float = 0.05,
        beta: float = 0.2,
        delta: float = 0.2,
        warmup_steps: int = 200,
        lambda_min: float = 0.0,
        lambda_max: float = 2.0,
        gamma: float = 1.0,
        penalty_weight: float = 1.0,
        eps: float = 1e-8,
        delta_mode: DeltaMode = "absolute",
        gradient: Gradient = "through",
        process_group: "dist.ProcessGroup | None" = None,
    ) -> None:
        super().__init__(base, process_group)
        self.lambda_base = real("lambda_base", lambda_base, at_least=0)
        self.alpha = real("alpha", alpha, above=0, at_most=1)
        self.beta = real("beta", beta, above=0, at_most=1)
        self.delta = real("delta", delta, above=0)
        self.warmup_steps = whole("warmup_steps", warmup_steps, at_least=2)
        self.lambda_min = real("lambda_min", lambda_min, at_least=0)
        self.lambda_max = real("lambda_max", lambda_max, at_least=self.lambda_min)
        self.gamma = real("gamma", gamma, at_least=1)
        self.penalty_weight = real("penalty_weight", penalty_weight, at_least=0)
        self.eps = real("eps", eps, above=0)
        self.delta_mode = choice("delta_mode", delta_mode, get_args(DeltaMode))
        self.gradient = choice("gradient", gradient, get_args(Gradient))
        for name in ("baseline", "volatility", "reference"):
            self.register_buffer(name, torch.tensor(0.0, dtype=torch.float32))

    def _control(self, loss: Tensor, output: Any, target: Any) -> Control:  # noqa: ARG002 - CLF needs them
        seen = loss.detach().float()
        sound = is_finite(seen)
        step = self.steps + 1
        baseline = torch.where(self.steps == 0, seen, self.baseline)
        # A NaN is taken out before the penalty: behind it, 0 times its gradient would still be NaN.
        deviation = torch.where(sound, loss - baseline, 0.0)
        observed = deviation.detach().float()

        keep(self.volatility, torch.lerp(self.volatility, observed.abs(), self.beta), sound)
        keep(self.baseline, torch.lerp(baseline, seen, self.alpha), sound)
        keep(self.reference, self.volatility.clamp(min=self.eps), sound & (step == self.warmup_steps))

        lam = torch.where(sound & (step >= self.warmup_steps), self._coefficient(), 0.0)
        delta = self._threshold()
        if self.gradient == "stopped":
            deviation = deviation.detach()
            factor = torch.ones_like(lam)
        else:
            factor = 1 + self.penalty_weight * lam * huber_slope(observed, delta)
        control = Control(self.penalty_weight * lam * huber(deviation, delta), factor, lam, sound)
        self._record(seen, control)
        return control

    def _coefficient(self) -> Tensor:
        volatility = self.volatility
        if self.gamma > 1:
            volatility = (volatility - self.gamma * self.reference).clamp(min=0)
        gain = volatility / (self.reference + self.eps)
        return (self.lambda_base * gain).clamp(self.lambda_min, self.lambda_max)

    def _threshold(self) -> float | Tensor:
        if self.delta_mode == "absolute":
            return self.delta
        return self.delta * (self.volatility if self.delta_mode == "sigma" else self.reference)
