"""The Custom Loss Function: penalties on change between epochs and on the spread of logits within a class."""

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.utils._pytree import tree_map_only

from seedwise.losses._controller import Control, Controller, Loss, is_finite, keep, mean_scalar
from seedwise.losses._parameters import takes
from seedwise.losses.clf_options import CLFOptions

_OTHER_TASKS = (
    "for regression give CLFLoss variance=residual_variance, for yes or no variance=binary_variance, for anything else "
    "a function of (output, target) of your own, or lambda_v=0"
)


def stable_penalty(loss: Tensor, previous: float | Tensor) -> Tensor:
    """Distance of a loss from that of the previous epoch.

        SL = |l - l_prev|

    with gradient sign(l - l_prev), and 0 where they are equal.

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

        VPL = mean_j Var_j,   Var_j = 1/n_j sum_i (f_j(x_i) - mean_j)^2

    over the n_j members i of class j, for the classes with n_j >= 2; 0 if there is none. With class probabilities p
    (mixup, smoothed labels) members count by their probability,

        n_j = sum_i p_ij,   Var_j = 1/n_j sum_i p_ij (f_j(x_i) - mean_j)^2

    with the mean weighted alike, for the classes with n_j >= 1 and at least two effective members,
    n_j^2 >= 2 sum_i p_ij^2; with rows that name one class this is the same.

    Args:
        logits: f, (N, C) or (N, C, ...), floating point; computed in at least float32. Of dense outputs every entry
            is a member of its class.
        target: class indices in [0, C), (N,) or (N, ...), integer; members with any other index (say -100) belong to
            no class. Or class probabilities of the shape of the logits, floating point.

    Returns:
        0-dim tensor, in the unit of a logit squared.

    Raises:
        ValueError: if the shapes are others.
        TypeError: if logits are not floating point, class indices no integers, or probabilities not floating point.

    Example:
        >>> logits = torch.tensor([[1.0, 9.0], [3.0, 9.0], [9.0, 5.0]])
        >>> variance_penalty(logits, torch.tensor([0, 0, 1]))  # class 1 has one member: not counted
        tensor(1.)

    Source: Custom Loss Function paper (arXiv 2601.00578), Variance Penalty Loss; for probabilities and dense outputs
    our reading.
    """
    if logits.dim() < 2 or target.shape not in ((logits.shape[0], *logits.shape[2:]), logits.shape):
        raise ValueError(
            "variance_penalty needs logits of shape (N, C) or (N, C, ...) with class indices of shape (N,) or (N, ...) "
            f"or probabilities of the shape of the logits, got {tuple(logits.shape)} and {tuple(target.shape)}; "
            + _OTHER_TASKS
        )
    if not logits.dtype.is_floating_point:
        raise TypeError(f"variance_penalty needs floating-point logits, got {logits.dtype}")
    classes = logits.shape[1]
    if target.shape == logits.shape:
        if not target.dtype.is_floating_point:
            raise TypeError(
                f"a target of the shape of the logits holds class probabilities, floating point, got {target.dtype}"
            )
        share = _by_class(target)
    elif target.dtype.is_floating_point or target.dtype.is_complex or target.dtype == torch.bool:
        raise TypeError(f"variance_penalty needs integer class indices, got {target.dtype}; {_OTHER_TASKS}")
    else:
        # A comparison and sums, where a scatter would be shorter: sums are deterministic on every device.
        share = target.reshape(-1)[:, None] == torch.arange(classes, device=logits.device)
    return _variance_within(_by_class(logits), share)


def binary_variance(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over outputs of the variance of a logit among the positive and among the negative examples.

    `variance_penalty` for outputs that each say yes or no, as those of binary cross-entropy: each output has the two
    classes "yes", with probability p, and "no", with 1 - p.

    Args:
        logits: (N,), (N, C) or (N, C, ...), floating point; computed in at least float32.
        target: p in [0, 1], the same shape.

    Returns:
        0-dim tensor, in the unit of a logit squared.

    Raises:
        ValueError: if the shapes differ or there is no axis.
        TypeError: if logits are not floating point.

    Example:
        >>> binary_variance(torch.tensor([1.0, 3.0, 7.0, 7.0]), torch.tensor([1.0, 1.0, 0.0, 0.0]))  # variances 1, 0
        tensor(0.5000)

    Source: Custom Loss Function paper (arXiv 2601.00578), Variance Penalty Loss, read for one logit.
    """
    if logits.dim() == 0 or logits.shape != target.shape:
        raise ValueError(
            "binary_variance needs logits and targets of one shape (N,), (N, C) or (N, C, ...), got "
            f"{tuple(logits.shape)} and {tuple(target.shape)}"
        )
    if not logits.dtype.is_floating_point:
        raise TypeError(f"binary_variance needs floating-point logits, got {logits.dtype}")
    if logits.dim() == 1:
        logits, target = logits[:, None], target[:, None]
    values, yes = _by_class(logits), _by_class(target).to(logits.dtype)
    return _variance_within(torch.cat([values, values], 1), torch.cat([yes, 1 - yes], 1))


def _by_class(dense: Tensor) -> Tensor:
    return dense if dense.dim() == 2 else dense.movedim(1, -1).reshape(-1, dense.shape[1])


def _variance_within(values: Tensor, share: Tensor) -> Tensor:
    """Return the mean variance of the columns of (n, C) `values`, with weights `share` in [0, 1]; see above."""
    if torch.finfo(values.dtype).bits < 32:
        values = values.float()
    weight = share.to(values.dtype)
    member = weight > 0  # what is no member may be infinite
    mass = weight.sum(0)
    divisor = mass.clamp(min=1)
    mean = (weight * torch.where(member, values, 0.0)).sum(0) / divisor
    variance = (weight * torch.where(member, values - mean, 0.0).square()).sum(0) / divisor
    counts = (mass >= 1) & (mass.square() >= 2 * weight.square().sum(0))
    return torch.where(counts, variance, 0.0).sum() / counts.sum().clamp(min=1)


def residual_variance(output: Tensor, target: Tensor) -> Tensor:
    """Mean over output variables of the variance of the residual within a variable: for regression.

        VPL = mean_c Var_c,   Var_c = 1/n sum_i (r_ic - mean_c)^2,   r = output - target

    over the n entries i of variable c in the batch, every example and every step of a forecast. A constant error of a
    variable is not in it.

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

    In epochs [start_epoch, end_epoch), with l the batch loss and l_prev the mean loss of the previous epoch:

        L = l + lambda_s |l - l_prev| + lambda_v mean_j Var_j       `stable_penalty`, `variance_penalty`

    and L = l in all other epochs. l_prev is a constant, a mean weighted by what the base loss averages over, and known
    from the second epoch on; until then the stable term is off. It is followed also outside the window. Call
    `on_epoch_end()` after every training epoch: without it there is never a previous epoch, and the stable term stays
    off.

    The stable term multiplies the gradient of the base loss by 1 + lambda_s sign(l - l_prev); since most batches are
    below the previous epoch's mean, it acts mostly like a smaller learning rate, and with lambda_s > 1 it *reverses*
    the gradient of those batches. `last_factor` is this factor, without the variance term; `last_lambda` is lambda_s
    where the stable term is on, else 0; `last_penalty` has both terms.

    A step is one call in training mode, so with gradient accumulation each micro-batch is a step. A non-finite batch
    loss is returned as it is, without either term, and moves no state. Under `DistributedDataParallel` the stable term
    uses the mean loss over ranks and the sum of what they average over (two all-reduces of one number a step), so that
    all ranks hold the same state, and with shards of equal size its averaged gradient is that of a single process; the
    variance term stays that of each rank's own examples. The value returned is this rank's l plus the penalties.

    Outputs and targets may be dictionaries or tuples where the base, `variance` (or ``lambda_v=0``) and `weight` know
    what to do with them.

    Args:
        base: the base loss, a function of (output, target) that returns one number; None is cross-entropy.
        options: of :class:`CLFOptions`.
        variance: the variance term, a function of (output, target) that returns one number. None takes what fits the
            base: `binary_variance` for PyTorch's binary cross-entropies, `residual_variance` for its losses of
            regression (squared, absolute and Huber error), else `variance_penalty`, which needs classes.
        weight: what the base loss averages over, a function of (output, target) that returns a number: the epoch's mean
            loss is weighted by it. None: for PyTorch's cross-entropies the entries that count, or their class weights
            (`ignore_index` and `weight` are read from the module, or from `functools.partial`), else the number of
            examples, the first axis of the first tensor in the target.
        process_group: ranks whose losses are averaged; None is the default group, if `torch.distributed` is
            initialised. For ranks that train separate models pass each a group of its own
            (`torch.distributed.new_subgroups(1)[0]`); a group of one communicates nothing.

    Attributes:
        epoch: 0-dim int64, the running epoch, from 0.
        previous_mean: l_prev, 0-dim float32; NaN as long as there is none.
        running_mean: mean loss of the running epoch so far, 0-dim float32.
        running_examples: what that mean was taken over so far, 0-dim float32: examples, or see `weight`.

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
        weight: Callable[[Any, Any], Tensor | float] | None = None,
        process_group: "dist.ProcessGroup | None" = None,
        options: CLFOptions,
    ) -> None:
        super().__init__(base, process_group)
        for name, function in (("variance", variance), ("weight", weight)):
            if function is not None and not callable(function):
                raise TypeError(f"{name} must be a function of (output, target) or None, got {function!r}")
        self.options = options
        self.variance = _VARIANCES.get(self._known.kind, variance_penalty) if variance is None else variance
        self.weight = weight
        self.register_buffer("epoch", torch.tensor(0, dtype=torch.int64))
        self.register_buffer("previous_mean", torch.tensor(torch.nan, dtype=torch.float32))
        self.register_buffer("running_mean", torch.tensor(0.0, dtype=torch.float32))
        self.register_buffer("running_examples", torch.tensor(0.0, dtype=torch.float32))

    @property
    def beyond_factors(self) -> str | None:
        """The variance term, where there is one."""
        return self.options.beyond_factors

    def scale(self) -> Tensor | float:
        """Return what both weights are multiplied by: 1, unless a subclass lets them follow the training."""
        return 1.0

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
        scale = self.scale()
        lam = torch.where(stable, self.options.lambda_s * scale, 0.0)
        factor = 1 + lam * (compared.detach().float() - previous).sign()
        penalty = lam * stable_penalty(compared, previous)
        if self.options.lambda_v > 0:
            penalty = penalty + self.options.lambda_v * scale * self._variance(sound & window, output, target)
        self._follow(seen, sound, self._averaged_over(output, target))
        return Control(penalty, factor, lam, sound)

    def _variance(self, on: Tensor, output: Any, target: Any) -> Tensor:
        # Zeros in place of whatever floating-point numbers the output is made of.
        seen = tree_map_only(Tensor, lambda t: torch.where(on, t, 0.0) if t.dtype.is_floating_point else t, output)
        value = mean_scalar(self.variance(seen, target), "variance")
        return torch.where(on, value, 0.0)

    def _averaged_over(self, output: Any, target: Any) -> Tensor:
        found = self._known.mean_over(target) if self.weight is None else self.weight(output, target)
        if isinstance(found, Tensor):
            found = found.detach().to(self.running_examples, copy=True)  # the ranks' sum takes its place below
        else:
            found = torch.full_like(self.running_examples, found)
        if self._world_size() > 1:
            dist.all_reduce(found, group=self.process_group)
        return found

    def _follow(self, seen: Tensor, sound: Tensor, examples: Tensor) -> None:
        # A running mean and not a sum: a sum of 50 000 large but finite losses can overflow float32.
        self.running_examples.add_(torch.where(sound, examples, 0.0))
        share = torch.where(self.running_examples > 0, examples / self.running_examples, 0.0)
        keep(self.running_mean, self.running_mean + share * (seen - self.running_mean), sound)


_VARIANCES: dict[Any, Callable[[Tensor, Tensor], Tensor]] = {"binary": binary_variance, "values": residual_variance}
