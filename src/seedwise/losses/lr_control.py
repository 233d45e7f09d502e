"""The control that gives the learning rate what a controller would have given the gradient."""

from typing import Any

import torch
from torch import Tensor

from seedwise.losses._controller import Control, Controller, ControlOfFactors


class LearningRateControl(ControlOfFactors):
    r"""The base loss unchanged, and the learning rate's factor that a controller amounts to on average.

    The controller runs as a shadow on the base loss, with factor f_t in step t. In epoch e

        L = base,    lr_factor = max(0, mean of f_t over the steps of epoch e - 1),

    and lr_factor = 1 in the first epoch, and after one without a finite loss. (The mean can be negative where the
    controller reverses gradients, with lambda above 1; a negative learning rate would climb.) Multiply the learning
    rate of every step of the epoch by it. What a stabilising loss does beyond this control is more than a change of the
    learning rate.

    A non-finite batch loss is returned as it is, and moves no state.

    The buffers `last_factor` and `last_lambda`, and `epoch_summary()`, describe what was applied: `lr_factor` and the
    shadow's mean lambda in the epoch before; `last_penalty` is 0. Those of the shadow are on `controller`.

    Args:
        controller: a new `Controller` that only rescales the gradient, such as `VarianceMinimizerLoss`, `CLFLoss` with
            lambda_v = 0 (a variance term is not a factor) or your own. It belongs to the control from then on; its base
            loss and process group are used.

    Attributes:
        controller: the shadow.
        lr_factor: 0-dim float32.
        previous_lambda: 0-dim float32, the shadow's mean lambda in the epoch before.

    Raises:
        TypeError, ValueError: if the controller is none of these; and on a call where `controller` would.

    Example:
        >>> from seedwise.losses import CLFLoss
        >>> control = LearningRateControl(CLFLoss(lambda_s=0.5, lambda_v=0))
        >>> logits, target = torch.zeros(4, 2, requires_grad=True), torch.tensor([0, 1, 0, 0])
        >>> for shift in (0.0, 1.0):  # in the second epoch the loss falls, and the shadow's factor is 0.5
        ...     loss = control(logits + shift * torch.tensor([1.0, 0.0]), target)
        ...     control.on_epoch_end()
        >>> control.lr_factor
        tensor(0.5000)

    Source: this library's own; the factors are those of `VarianceMinimizerLoss` and `CLFLoss`.
    """

    lr_factor: Tensor
    previous_lambda: Tensor

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self.register_buffer("lr_factor", torch.tensor(1.0, dtype=torch.float32))
        self.register_buffer("previous_lambda", torch.tensor(0.0, dtype=torch.float32))

    def on_epoch_end(self) -> None:
        """Set the next epoch's `lr_factor`; call it once after each training epoch, after `epoch_summary()`."""
        super().on_epoch_end()
        shadow = self.controller
        steps = shadow.epoch_steps.clamp(min=1)
        self.lr_factor.copy_((1 + shadow.epoch_excess / steps).clamp(min=0))
        self.previous_lambda.copy_(shadow.epoch_lambda / steps)
        shadow.on_epoch_end()

    def _total(self, loss: Tensor, shared: Tensor, output: Any, target: Any) -> Tensor:
        seen = shared.detach()
        sound = self.controller.observe(seen, output, target).sound
        factor = torch.where(sound, self.lr_factor, 1.0)
        lam = torch.where(sound, self.previous_lambda, 0.0)
        self._record(seen, Control(torch.zeros_like(seen), factor, lam, sound))
        return loss
