"""The Variance Minimizer Loss: a penalty on how far the batch loss strays from its running mean."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from seedwise.losses._controller import Control, Controller, Loss, is_finite, keep
from seedwise.losses._parameters import real, takes
from seedwise.losses.vml_options import VMLOptions

if TYPE_CHECKING:
    import torch.distributed as dist


def _positive(delta: float | Tensor, dtype: torch.dtype) -> float | Tensor:
    # The smallest normal number stands for 0: the functions below then take their limits by themselves.
    if isinstance(delta, Tensor):
        return delta.clamp(min=torch.finfo(delta.dtype).tiny)
    return max(real("delta", delta, ge=0), torch.finfo(dtype).tiny)


def huber(deviation: Tensor, delta: float | Tensor) -> Tensor:
    """Huber penalty scaled to slope 1, safe for a threshold of 0.

        rho_D(d) = d^2 / (2 D) if |d| <= D,   |d| - D/2 otherwise,   rho_0(d) = |d|

    This is `torch.nn.SmoothL1Loss` with beta = D; `torch.nn.HuberLoss` is D times it.

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

        psi_D(d) = clip(d / D, -1, 1),   psi_0(d) = sign(d),   psi(0) = 0

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

    With l the batch loss of step t = 1, 2, ..., baseline m, volatility s and reference s_ref:

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
        options: of :class:`VMLOptions`.
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

    @takes(VMLOptions)
    def __init__(
        self, base: Loss | None = None, *, process_group: "dist.ProcessGroup | None" = None, options: VMLOptions
    ) -> None:
        super().__init__(base, process_group)
        self.options = options
        for name in ("baseline", "volatility", "reference"):
            self.register_buffer(name, torch.tensor(0.0, dtype=torch.float32))

    def control(self, loss: Tensor, output: Any, target: Any) -> Control:  # noqa: ARG002 - CLF needs them
        """Return the penalty on the loss's distance from its running mean; see the class."""
        seen = loss.detach().float()
        sound = is_finite(seen)
        step = self.steps + 1
        baseline = torch.where(self.steps == 0, seen, self.baseline)
        # A NaN is taken out before the penalty: behind it, 0 times its gradient would still be NaN.
        deviation = torch.where(sound, loss - baseline, 0.0)
        observed = deviation.detach().float()

        keep(self.volatility, torch.lerp(self.volatility, observed.abs(), self.options.beta), sound)
        keep(self.baseline, torch.lerp(baseline, seen, self.options.alpha), sound)
        keep(self.reference, self.volatility.clamp(min=self.options.eps), sound & (step == self.options.warmup_steps))

        lam = torch.where(sound & (step >= self.options.warmup_steps), self._coefficient(), 0.0)
        delta = self._threshold()
        if self.options.gradient == "stopped":
            deviation = deviation.detach()
            factor = torch.ones_like(lam)
        else:
            factor = 1 + self.options.penalty_weight * lam * huber_slope(observed, delta)
        return Control(self.options.penalty_weight * lam * huber(deviation, delta), factor, lam, sound)

    def _coefficient(self) -> Tensor:
        volatility = self.volatility
        if self.options.gamma > 1:
            volatility = (volatility - self.options.gamma * self.reference).clamp(min=0)
        gain = volatility / (self.reference + self.options.eps)
        return (self.options.lambda_base * gain).clamp(self.options.lambda_min, self.options.lambda_max)

    def _threshold(self) -> float | Tensor:
        if self.options.delta_mode == "absolute":
            return self.options.delta
        return self.options.delta * (self.volatility if self.options.delta_mode == "sigma" else self.reference)
