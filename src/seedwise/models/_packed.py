"""Several networks in one, which is trained once and asked once."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class PackedEnsemble(nn.Module):
    r"""M networks that are trained and asked together.

    In training mode the outputs are those of each network, one after another, (M * N, C): compare them with the
    targets M times over and multiply a mean loss by M, so that each network learns as if it were alone,

        sum over m of mean_i loss(z_mi, y_i).

    In evaluation mode they are the logarithm of the mean of the probabilities, (N, C), whose softmax is that mean:

        log (1/M sum_m softmax(z_mi)).

    The networks are called one after another: on processors that is faster than grouped convolutions
    (``benchmarks/packed.py``).

    Args:
        networks: M modules, from the same inputs to logits (N, C), each initialized on its own.

    Raises:
        ValueError: if there is none.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> both = PackedEnsemble([nn.Linear(4, 3), nn.Linear(4, 3)])
        >>> inputs, targets = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])
        >>> outputs = both(inputs)
        >>> loss = both.members * nn.functional.cross_entropy(outputs, targets.repeat(both.members))
        >>> outputs.shape, torch.allclose(both.eval()(inputs).exp().sum(1), torch.ones(5))
        (torch.Size([10, 3]), True)

    Source: Kondratyuk et al. 2020, When ensembling smaller models is more efficient than single large models (arXiv
    2005.00570); trained in one module as in Laurent et al. 2023, Packed-Ensembles (arXiv 2210.09184), which has grouped
    convolutions.

    """

    def __init__(self, networks: Iterable[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.members = len(self.networks)
        if not self.members:
            raise ValueError("an ensemble needs at least one network")

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return logits (M * N, C) in training mode, else log probabilities (N, C)."""
        outputs = [network(*inputs) for network in self.networks]
        if self.training:
            return torch.cat(outputs)
        log_probabilities = torch.stack(outputs).log_softmax(2)
        return log_probabilities.logsumexp(0) - math.log(self.members)
