"""How far the choice of weights has come."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from seedwise.selection._choose import greedy
from seedwise.selection._selecting import Selecting

_BLOCK = 1 << 20


@dataclass(frozen=True)
class SelectionStats:
    """What the scores of a network say.

    Attributes:
        changed: share of connections whose highest score is at another candidate than at the last call, or, in the
            first call, than at the start; 0 to 1.
        entropy: mean over connections of the entropy of softmax(scores), in nats; 0 to ln k.
        connections: how many there are.

    """

    changed: float
    entropy: float
    connections: int


@torch.no_grad()
def selection_stats(model: nn.Module) -> SelectionStats:
    r"""Say how many choices changed since the last call, and how undecided the scores are.

        entropy = 1/n sum_i -sum_j p_ij ln p_ij,   p_i = softmax(s_i)

    The choices of this call are kept in each layer (one byte a connection), and in its ``state_dict``.

    Args:
        model: a network with selecting layers.

    Raises:
        ValueError: if it has none.

    Example:
        >>> from seedwise.selection import select_weights
        >>> model = select_weights(nn.Linear(4, 2), k=2, seed=1)
        >>> selection_stats(model).changed
        0.0
        >>> model.scores.data.neg_().shape
        torch.Size([2, 8])
        >>> selection_stats(model).changed
        1.0
    """
    layers = [module for module in model.modules() if isinstance(module, Selecting)]
    if not layers:
        raise ValueError("the network has no selecting layer")
    sums = []
    for layer in layers:
        choice = layer.compact(greedy(layer.scores))
        changed = (choice != layer.last_choice).sum(dtype=torch.float64)
        layer.last_choice.copy_(choice)
        entropy = torch.zeros((), dtype=torch.float64, device=choice.device)
        for part in layer.scores.detach().split(max(_BLOCK // layer.k, 1), dim=1):
            log_p = part.float().log_softmax(0)
            entropy -= (log_p.exp() * log_p).sum(dtype=torch.float64)
        sums.append(torch.stack((changed, entropy)))
    count = sum(layer.weight_shape.numel() for layer in layers)
    changed_sum, entropy_sum = torch.stack(sums).sum(0).tolist()
    return SelectionStats(changed_sum / count, entropy_sum / count, count)
