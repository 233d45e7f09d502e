"""The Custom Loss Function: penalties on change between epochs and on the spread of logits within a class."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from seedwise.losses._controller import Control, Controller, Loss, is_finite, keep, mean_scalar
from seedwise.losses._parameters import takes
from seedwise.losses.clf_options import CLFOptions

if TYPE_CHECKING:
    import torch.distributed as dist


def stable_penalty(loss: Tensor, previous: float | Tensor) -> Tensor:
    """Distance of a loss from that of the previous epoch.

    SL = |l - l_prev|, with gradient sign(l - l_prev), and 0 where they are equal.

    Args:
        loss: l, any shape, floating point.
        previous: l_prev, mean loss of the previous epoch, a constant: a number, or a tensor that broadcasts.

    Returns:
        SL, in the unit of the loss, the shape of `loss`.

    Example:
        >>> stable_penalty(torch.tensor(0.5), 0.75)
        tensor(0.2500)

    Source: Custom Loss Function paper (arXiv 2601.00578), Stable Loss.
    """
    return (loss - previous).abs()


def variance_penalty(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over classes of the variance of a class's own logit among its members in the batch.

    VPL = mean_j Var_j, Var_j = 1/n_j sum_i (f_j(x_i) - mean_j)^2 over the n_j members i of class j, for the classes
    with n_j >= 2; 0 if there is none.

    Args:
        logits: f, (N, C), floating point; computed in at least float32.
        target: class indices in [0, C), (N,), integer; members with any other index (say -100) belong to no class.

    Returns:
        0-dim tensor, in the unit of a logit squared.

    Raises:
        ValueError: if the shapes are others.
        TypeError: if logits are not floating point or targets not integers.

    Example:
        >>> logits = torch.tensor([[1.0, 9.0], [3.0, 9.0], [9.0, 5.0]])
        >>> variance_penalty(logits, torch.tensor([0, 0, 1]))  # class 1 has one member: not counted
        tensor(1.)

    Source: Custom Loss Function paper (arXiv 2601.00578), Variance Penalty Loss.
    """
    if logits.dim() != 2 or target.shape != logits.shape[:1]:
        raise ValueError(
            "variance_penalty needs logits of shape (N, C) and class indices of shape (N,), got "
            f"{tuple(logits.shape)} and {tuple(target.shape)}; for other tasks give CLFLoss lambda_v=0, or variance=, "
            "a function of (output, target) such as residual_variance"
        )
    if not logits.dtype.is_floating_point:
        raise TypeError(f"variance_penalty needs floating-point logits, got {logits.dtype}")
    if target.dtype.is_floating_point or target.dtype.is_complex or target.dtype == torch.bool:
        raise TypeError(f"variance_penalty needs integer class indices, got {target.dtype}; use target.long()")
    if torch.finfo(logits.dtype).bits < 32:
        logits = logits.float()
    # A comparison and sums, where a scatter would be shorter: sums are deterministic on every device.
    member = target[:, None] == torch.arange(logits.shape[1], device=logits.device)
    count = member.sum(0)
    divisor = count.clamp(min=1)
    mean = torch.where(member, logits, 0.0).sum(0) / divisor
    variance = torch.where(member, logits - mean, 0.0).square().sum(0) / divisor
    # The variance of a single member is 0 already: only the divisor has to know which classes count.
    return variance.sum() / (count >= 2).sum().clamp(min=1)


def residual_variance(output: Tensor, target: Tensor) -> Tensor:
    """Mean over output variables of the variance of the residual within a variable: for regression.

    VPL = mean_c Var_c, Var_c = 1/n sum_i (r_ic - mean_c)^2, r = output - target, over the n entries i of variable c in
    the batch, every example and every step of a forecast. A constant error of a variable is not in it.

    The paper claims an effect on forecasting and defines the term for classes alone; this is our reading.

    Args:
        output: (N, ..., C), the last axis its variables, or (N,) for a single one; floating point; computed in at
            least float32.
        target: the same shape, floating point.

    Returns:
        0-dim tensor, in the unit of the output squared.

    Raises:
        ValueError: if the shapes differ or there is no axis.
        TypeError: if the output is not floating point.

    Example:
        >>> residual_variance(torch.tensor([[1.0, 5.0], [3.0, 5.0]]), torch.zeros(2, 2))  # variances 1 and 0
        tensor(0.5000)

    Source: Custom Loss Function paper (arXiv 2601.00578), Variance Penalty Loss, read for regression.
    """
    if output.dim() == 0 or output.shape != target.shape:
        raise ValueError(
            "residual_variance needs outputs and targets of one shape (N, ..., C) or (N,), got "
            f"{tuple(output.shape)} and {tuple(target.shape)}"
        )
    if not output.dtype.is_floating_point:
        raise TypeError(f"residual_variance needs floating-point outputs, got {output.dtype}")
    if torch.finfo(output.dtype).bits < 32:
        output = output.float()
    residual = (output - target).reshape(-1, output.shape[-1] if output.dim() > 1 else 1)
    return residual.var(0, correction=0).mean()


class CLFLoss(Controller):
    r"""Custom Loss Function (CLF): the base loss, its distance from the previous epoch's, and a variance penalty.

    In epochs [start_epoch, end_epoch), with l the batch loss and l_prev the mean loss of the previous epoch::

        L = l + lambda_s |l - l_prev| + lambda_v mean_j Var_j       `stable_penalty`, `variance_penalty`

    and L = l in all other epochs. l_prev is a constant, weighted by examples, and known from the second epoch on; until
    then the stable term is off. It is followed also outside the window. Call `on_epoch_end()` after every training
    epoch: without it there is never a previous epoch, and the stable term stays off.

    The stable term multiplies the gradient of the base loss by 1 + lambda_s sign(l - l_prev); since most batches are
    below the previous epoch's mean, it acts mostly like a smaller learning rate, and with lambda_s > 1 it *reverses*
    the gradient of those batches. `last_factor` is this factor, without the variance term; `last_lambda` is lambda_s
    where the stable term is on, else 0; `last_penalty` has both terms.

    A step is one call in training mode, so with gradient accumulation each micro-batch is a step. A non-finite batch
    loss is returned as it is, without either term, and moves no state. Under `DistributedDataParallel` the stable term
    uses the mean loss over ranks (one all-reduce of one number a step), so that all ranks hold the same state, and with
    shards of equal size its averaged gradient is that of a single process; the variance term stays that of each rank's
    own examples. The value returned is this rank's l plus the penalties.

    Args:
        base: the base loss, a function of (output, target) that returns one number; None is cross-entropy.
        options: of :class:`CLFOptions`.
        variance: replaces `variance_penalty`; a function of (output, target) that returns one number. Regression
            needs one, as it has no classes: `residual_variance`.
        process_group: ranks whose losses are averaged; None is the default group, if `torch.distributed` is
            initialised. For ranks that train separate models pass each a group of its own
            (`torch.distributed.new_subgroups(1)[0]`); a group of one communicates nothing.

    The target's first axis must count the examples.

    Attributes:
        epoch: 0-dim int64, the running epoch, from 0.
        previous_mean: l_prev, 0-dim float32; NaN as long as there is none.
        running_mean: mean loss of the running epoch so far, 0-dim float32.
        running_examples: 0-dim int64, examples in it.

    Raises:
        TypeError, ValueError: if an argument is out of range; and on a call if the base loss or the variance is not
            one floating-point number, if the shapes do not match, or if the loss is on another device than the state.

    Example:
        >>> clf = CLFLoss(lambda_s=0.1, lambda_v=0.0)
        >>> logits, target = torch.zeros(4, 2, requires_grad=True), torch.tensor([0, 1, 0, 0])
        >>> first = clf(logits, target)  # 0.6931, the logarithm of 2
        >>> clf.on_epoch_end()
        >>> clf(logits + torch.tensor([1.0, 0.0]), target)  # 0.5633 + 0.1 |0.5633 - 0.6931|
        tensor(0.5763, grad_fn=<AddBackward0>)
        >>> clf.last_factor
        tensor(0.9000)

    Source: Custom Loss Function paper (arXiv 2601.00578).
    """

    epoch: Tensor
    previous_mean: Tensor
    running_mean: Tensor
    running_examples: Tensor

    @takes(CLFOptions)
    def __init__(
        self,
        base: Loss | None = None,
        *,
        variance: Callable[[Any, Any], Tensor] | None = None,
        process_group: "dist.ProcessGroup | None" = None,
        options: CLFOptions,
    ) -> None:
        super().__init__(base, process_group)
        if variance is not None and not callable(variance):
            raise TypeError(f"variance must be a function of (output, target) or None, got {variance!r}")
        self.options = options
        self.variance = variance_penalty if variance is None else variance
        self.register_buffer("epoch", torch.tensor(0, dtype=torch.int64))
        self.register_buffer("previous_mean", torch.tensor(torch.nan, dtype=torch.float32))
        self.register_buffer("running_mean", torch.tensor(0.0, dtype=torch.float32))
        self.register_buffer("running_examples", torch.tensor(0, dtype=torch.int64))

    @property
    def beyond_factors(self) -> str | None:
        """The variance term, where there is one."""
        return self.options.beyond_factors

    def on_epoch_end(self) -> None:
        """Make the epoch's mean loss the previous one, and start a new epoch; call it after each training epoch."""
        super().on_epoch_end()
        keep(self.previous_mean, self.running_mean, self.running_examples > 0)
        self.running_mean.zero_()
        self.running_examples.zero_()
        self.epoch.add_(1)

    def control(self, loss: Tensor, output: Any, target: Any) -> Control:
        """Return the penalties on the loss's distance from the epoch before and on the variance; see the class."""
        seen = loss.detach().float()
        sound = is_finite(seen)
        window = self.epoch >= self.options.start_epoch
        if self.options.end_epoch is not None:
            window = window & (self.epoch < self.options.end_epoch)
        stable = sound & window & (self.previous_mean == self.previous_mean)  # false for NaN only

        # NaNs are taken out before the penalties: behind them, 0 times their gradient would still be NaN.
        compared = torch.where(stable, loss, 0.0)
        previous = torch.where(stable, self.previous_mean, 0.0)
        lam = torch.where(stable, self.options.lambda_s, 0.0)
        factor = 1 + lam * (compared.detach().float() - previous).sign()
        penalty = lam * stable_penalty(compared, previous)
        if self.options.lambda_v > 0:
            penalty = penalty + self.options.lambda_v * self._variance(sound & window, output, target)
        self._follow(seen, sound, self._examples(target))
        return Control(penalty, factor, lam, sound)

    def _variance(self, on: Tensor, output: Any, target: Any) -> Tensor:
        value = mean_scalar(self.variance(torch.where(on, output, 0.0), target), "variance")
        return torch.where(on, value, 0.0)

    def _examples(self, target: Any) -> int:
        if not isinstance(target, Tensor):
            raise TypeError(f"CLFLoss counts the examples on the first axis of a target tensor, got {type(target)}")
        return (target.shape[0] if target.dim() > 0 else 1) * self._world_size()

    def _follow(self, seen: Tensor, sound: Tensor, examples: int) -> None:
        # A running mean and not a sum: a sum of 50 000 large but finite losses can overflow float32.
        self.running_examples.add_(sound * examples)
        share = examples / self.running_examples.clamp(min=1)
        keep(self.running_mean, self.running_mean + share * (seen - self.running_mean), sound)
