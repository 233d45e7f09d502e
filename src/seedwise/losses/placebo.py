"""The placebo: the factors of a controller, cut off from the losses that caused them."""

from typing import Any

import torch
from torch import Tensor

from seedwise.losses._controller import Control, Controller, ControlOfFactors, keep
from seedwise.losses._draws import keys_of, word_at
from seedwise.losses._parameters import whole

RING_SIZE = 512


class PlaceboLoss(ControlOfFactors):
    r"""Placebo of a controller: the base loss times a factor that the controller gave at another, random step.

    The controller runs as a shadow on the base loss. At step t::

        L = f base,   f drawn uniformly from the shadow's last 512 factors before t

    and f = 1 in the first step. So f has the distribution and the time course of the controller's factors, but no tie
    to the loss of the batch it multiplies. A stabilising loss that does not beat its placebo owes its effect to the
    distribution of its factors, not to its control.

    The draw is a hash of (seed, step): it takes nothing from any random generator, and needs no state but the step
    count. A non-finite batch loss is returned as it is, and moves no state.

    The buffers `last_factor`, `last_penalty` (L - base), `last_lambda` (the one that belonged to f) and
    `epoch_summary()` describe the factors applied; those of the shadow are on `controller`. Ranks of a
    `DistributedDataParallel` training need the same seed, so that they draw the same factors.

    Args:
        controller: a new `Controller` that only rescales the gradient, such as `VarianceMinimizerLoss`, `CLFLoss` with
            lambda_v = 0 (a variance term is not a factor) or your own. It belongs to the placebo from then on; its base
            loss and process group are used.
        seed: from 0 to 2^63 - 1.

    Attributes:
        controller: the shadow.
        ring: float32, (2, 512): the shadow's last factors and lambdas.
        keys: int64, (2,): the hashed seed.

    Raises:
        TypeError, ValueError: if an argument is none of these; and on a call where `controller` would.

    Example:
        >>> from seedwise.losses import VarianceMinimizerLoss
        >>> placebo = PlaceboLoss(VarianceMinimizerLoss(warmup_steps=2), seed=1)
        >>> logits, target = torch.zeros(4, 2, requires_grad=True), torch.tensor([0, 1, 0, 0])
        >>> placebo(logits, target)
        tensor(0.6931, grad_fn=<MulBackward0>)

    Source: Variance Minimizer Loss paper, eq. 10 (the factor); the control is this library's own.
    """

    ring: Tensor
    keys: Tensor

    def __init__(self, controller: Controller, *, seed: int) -> None:
        super().__init__(controller)
        keys = keys_of(whole("seed", seed, ge=0, le=2**63 - 1))
        self.register_buffer("keys", torch.tensor(keys, dtype=torch.int64))
        # Factor 1 and lambda 0 in every slot: what the first step draws from the still empty ring.
        self.register_buffer("ring", torch.tensor([[1.0], [0.0]], dtype=torch.float32).repeat(1, RING_SIZE))

    def on_epoch_end(self) -> None:
        """Start a new epoch, for the shadow too; call it once after each training epoch, after `epoch_summary()`."""
        super().on_epoch_end()
        self.controller.on_epoch_end()

    def _total(self, loss: Tensor, shared: Tensor, output: Any, target: Any) -> Tensor:
        seen = shared.detach()
        shadow = self.controller.observe(seen, output, target)
        slot = word_at(self.steps, self.keys) % self.steps.clamp(1, RING_SIZE)
        # Not self.ring[:, slot]: indexing by a tensor with one number makes the host wait for it.
        drawn, lam = self.ring.index_select(1, slot.view(1)).view(2).unbind()
        factor = torch.where(shadow.sound, drawn, 1.0)
        lam = torch.where(shadow.sound, lam, 0.0)
        self._push(shadow)
        self._record(seen, Control((factor - 1) * seen, factor, lam, shadow.sound))
        return factor * loss

    def _push(self, shadow: Control) -> None:
        oldest = torch.arange(RING_SIZE, device=self.ring.device) == self.steps % RING_SIZE
        newest = torch.stack([shadow.factor, shadow.lam]).view(2, 1)
        keep(self.ring, newest, oldest & shadow.sound)
