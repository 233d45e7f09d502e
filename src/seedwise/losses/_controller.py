"""What the stabilising losses share: the base loss, the ranks, the diagnostics and when state may move."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.losses._bases import Base
from seedwise.losses.control_options import only_factors

Loss = Callable[[Any, Any], Tensor]


def batch_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy that says which target shape was expected when the shapes do not match.

    Args:
        output: logits, (N, C), (N, C, ...) or (C,).
        target: class indices of the same shape without the class axis, or class probabilities of the same shape.

    Returns:
        0-dim tensor, in nats.

    Raises:
        ValueError: if the shapes do not match.
    """
    class_axis = 1 if output.dim() > 1 else 0
    classes_removed = (*output.shape[:class_axis], *output.shape[class_axis + 1 :])
    if output.dim() == 0 or target.shape not in (classes_removed, output.shape):
        raise ValueError(
            f"cross-entropy of logits {tuple(output.shape)} needs class indices of shape {classes_removed} "
            f"or probabilities of the shape of the logits, got a target of shape {tuple(target.shape)}; "
            "for any other kind of target pass base=, a function of (output, target)"
        )
    return F.cross_entropy(output, target)


def _check_classes(output: Tensor) -> None:
    if output.shape[1 if output.dim() > 1 else 0] == 1:
        raise ValueError(
            f"cross-entropy over a single class is 0 and trains nothing (outputs of shape {tuple(output.shape)}): "
            "for yes or no pass base=torch.nn.BCEWithLogitsLoss(), for regression base=torch.nn.MSELoss()"
        )


def mean_scalar(value: object, name: str) -> Tensor:
    """Return `value` in at least float32, or raise TypeError or ValueError if it is not one floating-point number."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must return a tensor with one number, got {type(value).__name__}")
    if value.dim() != 0:
        raise ValueError(
            f"{name} must return one number, got a tensor of shape {tuple(value.shape)}; "
            "use reduction='mean' or take its .mean()"
        )
    if not value.dtype.is_floating_point:
        raise TypeError(f"{name} must return a floating-point number, got {value.dtype}")
    return value.float() if torch.finfo(value.dtype).bits < 32 else value


class Control(NamedTuple):
    """What a controller decided in one step; all 0-dim, all but ``penalty`` without gradient.

    Attributes:
        penalty: what is added to the base loss.
        factor: what the gradient of the base loss is multiplied by, the penalty included.
        lam: the controller's coefficient; the penalty counts as active where it is above 0.
        sound: bool, whether the base loss was finite.
    """

    penalty: Tensor
    factor: Tensor
    lam: Tensor
    sound: Tensor

    @classmethod
    def of_factor(cls, loss: Tensor, factor: Tensor) -> Self:
        """Return what multiplies the gradient of a loss by a factor: the penalty (factor - 1) loss.

        A step in which one of the two is not finite is left as it is, and is not sound.

        Args:
            loss: the base loss, 0-dim.
            factor: 0-dim; nothing flows back through it.

        Example:
            >>> control = Control.of_factor(torch.tensor(2.0), torch.tensor(0.5))
            >>> control.penalty, control.lam, control.sound
            (tensor(-1.), tensor(0.5000), tensor(True))
        """
        factor = factor.detach()
        sound = is_finite(loss.detach()) & is_finite(factor)
        factor = torch.where(sound, factor, 1.0)
        excess = factor - 1
        return cls(excess * torch.where(sound, loss, 0.0), factor, excess.abs(), sound)


class ControlledLoss(nn.Module, ABC):
    """A base loss under a controller that acts in training only.

    In `eval()` or with gradients disabled, calling it gives the base loss, moves no state and communicates nothing.
    All state is in buffers that are updated in place without waiting for the device, and that stay float32 (counters
    int64) when the module is cast: an exponential average does not survive bfloat16.

    Attributes:
        last_base, last_penalty, last_lambda, last_factor: 0-dim tensors of the last step with a finite loss: the base
            loss, what was added to it, the controller's coefficient, and the number that the base loss's gradient was
            multiplied by.
        steps: 0-dim int64, steps with a finite loss so far.
    """

    last_base: Tensor
    last_penalty: Tensor
    last_lambda: Tensor
    last_factor: Tensor
    epoch_excess: Tensor
    epoch_excess_squared: Tensor
    epoch_min: Tensor
    epoch_max: Tensor
    epoch_lambda: Tensor
    steps: Tensor
    epoch_steps: Tensor
    epoch_active: Tensor

    def __init__(self, base: Loss | None = None, process_group: "dist.ProcessGroup | None" = None) -> None:
        super().__init__()
        if base is not None and not callable(base):
            raise TypeError(f"base must be a function of (output, target) or None for cross-entropy, got {base!r}")
        self.base = base
        self._known = Base(base)
        self.process_group = process_group
        for name, start in (
            ("last_base", 0.0),
            ("last_penalty", 0.0),
            ("last_lambda", 0.0),
            ("last_factor", 1.0),
            # Factors are close to 1: summing factor - 1 keeps the digits that float32 would lose.
            ("epoch_excess", 0.0),
            ("epoch_excess_squared", 0.0),
            ("epoch_min", math.inf),
            ("epoch_max", -math.inf),
            ("epoch_lambda", 0.0),
        ):
            self.register_buffer(name, torch.tensor(start, dtype=torch.float32))
        for name in ("steps", "epoch_steps", "epoch_active"):
            self.register_buffer(name, torch.tensor(0, dtype=torch.int64))

    def forward(self, output: Any, target: Any) -> Tensor:
        """Return the loss to call `backward()` on, 0-dim; see the class for its formula."""
        loss = self._base_loss(output, target)
        if not (self.training and torch.is_grad_enabled()):
            return loss
        if loss.device != self.steps.device:
            raise ValueError(
                f"the base loss is on {loss.device} and the state of {type(self).__name__} on {self.steps.device}; "
                f"move it there once, before training: loss.to({str(loss.device)!r})"
            )
        return self._total(loss, self._mean_over_ranks(loss), output, target)

    def on_epoch_end(self) -> None:
        """Start a new epoch; call it once after each training epoch, after `epoch_summary()`."""
        for total in (self.epoch_excess, self.epoch_excess_squared, self.epoch_lambda):
            total.zero_()
        self.epoch_min.fill_(math.inf)
        self.epoch_max.fill_(-math.inf)
        self.epoch_steps.zero_()
        self.epoch_active.zero_()

    def epoch_summary(self) -> dict[str, float]:
        """Say what the controller did since the last `on_epoch_end()`; waits for the device, so call it once an epoch.

        Returns:
            `factor_mean`, `factor_sd` (over all steps, ddof 0), `factor_min` and `factor_max` of the gradient factor,
            `active_share` (of steps with lambda > 0, in [0, 1]) and `lambda` (mean over steps). Steps with a
            non-finite loss are not counted; all values are NaN if there was no other step.
        """
        steps, active = torch.stack([self.epoch_steps, self.epoch_active]).tolist()
        excess, squared, low, high, lam = torch.stack(
            [self.epoch_excess, self.epoch_excess_squared, self.epoch_min, self.epoch_max, self.epoch_lambda]
        ).tolist()
        if steps == 0:
            return dict.fromkeys(
                ("factor_mean", "factor_sd", "factor_min", "factor_max", "active_share", "lambda"), math.nan
            )
        mean = excess / steps
        return {
            "factor_mean": 1 + mean,
            "factor_sd": math.sqrt(max(squared / steps - mean**2, 0.0)),
            "factor_min": low,
            "factor_max": high,
            "active_share": active / steps,
            "lambda": lam / steps,
        }

    @abstractmethod
    def _total(self, loss: Tensor, shared: Tensor, output: Any, target: Any) -> Tensor:
        """Move the state and return the loss to train on.

        Args:
            loss: this rank's base loss.
            shared: the mean base loss over ranks, with the gradient of this rank's.
            output, target: what the base loss was computed from.
        """

    def _base_loss(self, output: Any, target: Any) -> Tensor:
        base = batch_cross_entropy if self.base is None else self.base
        if self._known.function is F.cross_entropy and isinstance(output, Tensor) and output.dim() > 0:
            _check_classes(output)
        return mean_scalar(base(output, target), "base")

    def _world_size(self) -> int:
        if not (dist.is_available() and dist.is_initialized()):
            return 1
        return dist.get_world_size(self.process_group)

    def _mean_over_ranks(self, loss: Tensor) -> Tensor:
        world_size = self._world_size()
        if world_size == 1:
            return loss
        summed = loss.detach().clone()
        dist.all_reduce(summed, group=self.process_group)
        # Global value, local gradient: DistributedDataParallel averages the gradients itself.
        return loss + (summed / world_size - loss.detach())

    def _record(self, base: Tensor, control: Control) -> None:
        _, factor, lam, sound = control
        keep(self.last_base, base, sound)
        keep(self.last_penalty, control.penalty.detach(), sound)
        keep(self.last_lambda, lam, sound)
        keep(self.last_factor, factor, sound)
        # Whatever `control` says of a loss that is not finite, such a step counts nowhere.
        excess, lam = torch.where(sound, factor - 1, 0.0), torch.where(sound, lam, 0.0)
        self.epoch_excess.add_(excess)
        self.epoch_excess_squared.addcmul_(excess, excess)
        keep(self.epoch_min, factor, sound & (factor < self.epoch_min))
        keep(self.epoch_max, factor, sound & (factor > self.epoch_max))
        self.epoch_lambda.add_(lam)
        self.steps.add_(sound)
        self.epoch_steps.add_(sound)
        self.epoch_active.add_(lam > 0)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        before = dict(self._buffers)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, buffer in before.items():
            after = self._buffers[name]
            if buffer is not None and after is not None and after.dtype != buffer.dtype:
                self._buffers[name] = buffer.to(after.device)
        return self


class Controller(ControlledLoss):
    """A controlled loss whose penalty is a function of the base loss, so that it rescales the gradient.

    Write your own by defining `control`: the summaries, the checks, the ranks and the state of the base class are there
    already, and `PlaceboLoss` and `LearningRateControl` take it. State belongs in buffers that are updated in place.

    Example:
        >>> class Doubled(Controller):
        ...     def control(self, loss, output, target):
        ...         two = torch.tensor(2.0)
        ...         return Control(loss, two, torch.tensor(1.0), loss.detach().isfinite())
        >>> Doubled()(torch.zeros(4, 2, requires_grad=True), torch.tensor([0, 1, 0, 0]))  # twice the logarithm of 2
        tensor(1.3863, grad_fn=<AddBackward0>)
    """

    @property
    def beyond_factors(self) -> str | None:
        """What the loss adds that is no factor on the gradient of its base, and how to leave it out; None: nothing."""
        return None

    @abstractmethod
    def control(self, loss: Tensor, output: Any, target: Any) -> Control:
        """Move the state by one step with base loss `loss`, and return what follows from it.

        With a loss that is not finite nothing may move, penalty and lambda are 0 and the factor is 1.

        Args:
            loss: the base loss, 0-dim, the mean over ranks.
            output, target: what it was computed from.
        """

    def observe(self, loss: Tensor, output: Any, target: Any) -> Control:
        """Take a step and note it for `epoch_summary()`."""
        control = self.control(loss, output, target)
        self._record(loss.detach().float(), control)
        return control

    def _total(self, loss: Tensor, shared: Tensor, output: Any, target: Any) -> Tensor:
        return loss + self.observe(shared, output, target).penalty


class ControlOfFactors(ControlledLoss):
    """A control to test a controller against, which runs as its shadow on the same base loss.

    Args:
        controller: a new controller that does nothing but multiply the gradient of its base loss by a factor.

    Raises:
        TypeError, ValueError: for anything else.
    """

    def __init__(self, controller: Controller) -> None:
        if not isinstance(controller, Controller):
            raise TypeError(
                f"controller must be a Controller such as VarianceMinimizerLoss, got {type(controller).__name__}"
            )
        if controller.beyond_factors is not None:
            raise ValueError(only_factors(controller.beyond_factors))
        super().__init__(None, controller.process_group)
        self.controller = controller

    def _base_loss(self, output: Any, target: Any) -> Tensor:
        return self.controller._base_loss(output, target)


def is_finite(value: Tensor) -> Tensor:
    """Return a 0-dim bool tensor; two operations, where torch.isfinite takes four."""
    return value.abs() < math.inf


def keep(buffer: Tensor, value: Tensor, where: Tensor) -> None:
    """Set `buffer` to `value` in place where `where` holds, without asking the device whether it does."""
    # The cast is for float64 losses and default dtypes; elsewhere it is free.
    torch.where(where, value.to(buffer.dtype), buffer, out=buffer)
