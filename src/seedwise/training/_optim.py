"""Optimizers."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from seedwise.errors import SeedwiseError
from seedwise.training._parts import Optimizer

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def _kinds(model: nn.Module) -> dict[str, str]:
    """Return ``bias``, ``norm`` or ``weight`` for every parameter's name."""
    norms = {f"{name}.weight".lstrip(".") for name, module in model.named_modules() if isinstance(module, _NORMS)}
    return {
        name: "norm" if name in norms else "bias" if name.rpartition(".")[2] == "bias" else "weight"
        for name, _ in model.named_parameters()
    }


# One kernel for all parameters: on small networks the loop over them costs as much as their gradients.
sgd = partial(torch.optim.SGD, fused=True)
adam = partial(torch.optim.Adam, fused=True)
adamw = partial(torch.optim.AdamW, fused=True)


def build_optimizer(config: Optimizer, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer with one group per set of kinds; ``lr_scale`` is kept in each group for the schedule.

    Raises:
        SeedwiseError: if what is made is no optimizer, or has no weight decay and a group asks for one.

    """
    kinds = _kinds(model)
    named = dict(model.named_parameters())
    listed = {kind for group in config.groups for kind in group.kinds}
    rest = [named[name] for name, kind in kinds.items() if kind not in listed]
    groups: list[dict[str, object]] = [{"params": rest, "lr_scale": 1.0}] if rest else []
    for group in config.groups:
        members = [named[name] for name, kind in kinds.items() if kind in group.kinds]
        if members:
            decay = {} if group.weight_decay is None else {"weight_decay": group.weight_decay}
            groups.append({"params": members, "lr_scale": group.lr_scale, **decay})
    optimizer = config.make(groups, lr=config.lr)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise SeedwiseError(f"'{config.name}' returned {type(optimizer).__name__}: a torch.optim.Optimizer is needed")
    if "weight_decay" not in optimizer.defaults and any(group.weight_decay is not None for group in config.groups):
        raise SeedwiseError(f"'{config.name}' has no weight_decay: leave it out of the groups of train.optimizer")
    return optimizer


def clip_gradient(optimizer: torch.optim.Optimizer, norm: float) -> None:
    """Shorten the gradient of all weights together to ``norm`` before every step in which it is longer."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]

    def shorten(*_: object) -> None:
        nn.utils.clip_grad_norm_(parameters, norm)

    optimizer.register_step_pre_hook(shorten)
