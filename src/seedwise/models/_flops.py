"""How many floating-point operations a forward pass takes."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def flops(network: nn.Module, inputs: list[torch.Tensor]) -> int | None:
    """Return the floating-point operations of a forward pass, a multiplication and an addition being two.

    Products of matrices and convolutions are counted, and nothing else. None if the network cannot take the inputs.

    Example:
        >>> flops(nn.Linear(3, 5), [torch.zeros(1, 3)])
        30

    """
    with FlopCounterMode(display=False) as counter:
        try:
            network(*inputs)
        except Exception:  # a network of the user's that takes no single example: its run is finished all the same
            return None
    return int(counter.get_total_flops())
