"""The Custom Loss Function with weights that follow the training."""

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from seedwise.losses._controller import Control, Loss, keep
from seedwise.losses._parameters import takes
from seedwise.losses.clf import CLFLoss
from seedwise.losses.clf_options import CLFOptions
from seedwise.losses.dynamic_clf_options import DynamicCLFOptions

_MEAN, _VOLATILITY = 0.05, 0.2
"""Rates of the exponential averages, those of the Variance Minimizer Loss."""


class DynamicCLFLoss(CLFLoss):
    r"""CLF whose weights lambda_s and lambda_v are multiplied by min(signal^power, most).

    The signal is 1 in the first epoch, and in epoch e = 1, 2, ..., with l_e the mean loss and s_e the volatility at the
    end of an epoch, by choice:

        level        l_(e-1) / l_0
        epoch        2^(-e / half_life)
        volatility   s_(e-1) / s_0,   after each step  s <- s + .2 (|l - m| - s),  m <- m + .05 (l - m)

    with m = l at the first step, and s = 0. A signal that is not finite (l_0 or s_0 is 0) counts as 1. It is constant
    within an epoch, and the gradient does not flow through it.

    All else is as of :class:`CLFLoss`: the window, what a step and what an epoch is, the diagnostics (`last_lambda` is
    the multiplied lambda_s), the ranks.

    Args:
        base, variance, weight, process_group: as of :class:`CLFLoss`.
        options: of :class:`DynamicCLFOptions`.

    Attributes:
        first_mean: l_0, 0-dim float32; NaN during the first epoch.
        mean, volatility: m and s, 0-dim float32.
        first_volatility, previous_volatility: s_0 and s_(e-1), 0-dim float32; NaN during the first epoch.

    Raises:
        TypeError, ValueError: as of :class:`CLFLoss`.

    Example:
        >>> clf = DynamicCLFLoss(lambda_s=0.1, lambda_v=0.0, by="epoch", half_life=1)
        >>> logits, target = torch.zeros(4, 2, requires_grad=True), torch.tensor([0, 1, 0, 0])
        >>> first = clf(logits, target)
        >>> clf.on_epoch_end()
        >>> second = clf(logits + torch.tensor([1.0, 0.0]), target)  # below the epoch before, at half of lambda_s
        >>> clf.last_factor
        tensor(0.9500)

    Source: the first open question of the Custom Loss Function paper (arXiv 2601.00578); the schedules are ours.
    """

    options: DynamicCLFOptions
    first_mean: Tensor
    mean: Tensor
    volatility: Tensor
    first_volatility: Tensor
    previous_volatility: Tensor

    @takes(DynamicCLFOptions)
    def __init__(
        self,
        base: Loss | None = None,
        *,
        variance: Callable[[Any, Any], Tensor] | None = None,
        weight: Callable[[Any, Any], Tensor | float] | None = None,
        process_group: "dist.ProcessGroup | None" = None,
        options: DynamicCLFOptions,
    ) -> None:
        fixed = {field.name: getattr(options, field.name) for field in fields(CLFOptions)}
        super().__init__(base, variance=variance, weight=weight, process_group=process_group, **fixed)
        self.options = options
        for name, start in (
            ("first_mean", math.nan),
            ("mean", math.nan),
            ("volatility", 0.0),
            ("first_volatility", math.nan),
            ("previous_volatility", math.nan),
        ):
            self.register_buffer(name, torch.tensor(start, dtype=torch.float32))

    def scale(self) -> Tensor:
        """Return what both weights are multiplied by, 0-dim float32."""
        options = self.options
        if options.by == "epoch":
            signal = torch.exp2(-self.epoch.float() / options.half_life)
        elif options.by == "level":
            signal = self.previous_mean / self.first_mean
        else:
            signal = self.previous_volatility / self.first_volatility
        power = signal**options.power
        return torch.where(power.abs() < math.inf, power, 1.0).clamp(max=options.most)

    def on_epoch_end(self) -> None:
        """Start a new epoch, as of :class:`CLFLoss`, and remember the signals of the first."""
        super().on_epoch_end()
        known = self.previous_mean == self.previous_mean  # false for NaN only
        # Not read of `volatility` in a step: a compiled backward pass would compute it again, from what it is by then.
        keep(self.previous_volatility, self.volatility, known)
        keep(self.first_volatility, self.volatility, known & (self.first_volatility != self.first_volatility))
        keep(self.first_mean, self.previous_mean, known & (self.first_mean != self.first_mean))

    def control(self, loss: Tensor, output: Any, target: Any) -> Control:
        """Return the penalties with the weights of this epoch, and follow the volatility."""
        found = super().control(loss, output, target)
        seen = loss.detach().float()
        before = torch.where(self.mean == self.mean, self.mean, seen)
        deviation = seen - before
        keep(self.volatility, torch.lerp(self.volatility, deviation.abs(), _VOLATILITY), found.sound)
        keep(self.mean, before + _MEAN * deviation, found.sound)
        return found
