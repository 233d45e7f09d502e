"""Batch-norm statistics of weights that were not trained with them."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


@torch.no_grad()
def recompute_batch_norm(network: nn.Module, batches: Iterable[Tensor]) -> None:
    r"""Replace the running statistics of every batch norm by those of the activations on ``batches``.

    Averaged weights have activations that no training step has seen, so that their batch norms need new statistics:
    with the mean m_b and the unbiased variance v_b of a channel over batch b of B,

        running_mean = 1/B sum_b m_b,    running_var = 1/B sum_b v_b.

    All other layers are as in evaluation: no dropout, so nothing random. (``torch.optim.swa_utils.update_bn`` leaves
    dropout on, with its noise in the variances.) The network is left in evaluation mode.

    Args:
        network: changed in place; without a batch norm that keeps statistics nothing happens, and no batch is read.
        batches: inputs, of about equal size, since each counts the same; at least one.

    Example:
        >>> norm = nn.BatchNorm1d(1)
        >>> recompute_batch_norm(norm, [torch.tensor([[1.0], [3.0]]), torch.tensor([[2.0], [6.0]])])
        >>> norm.running_mean, norm.running_var
        (tensor([3.]), tensor([5.]))

    Source: Izmailov et al. 2018, Averaging weights leads to wider optima and better generalization, section 3.2.
    """
    norms = [
        module
        for module in network.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.track_running_stats
    ]
    if not norms:
        return
    network.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # to torch: the mean over batches
        norm.train()
    for batch in batches:
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
