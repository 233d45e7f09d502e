"""The mean of the weights of several epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from seedwise.models import recompute_batch_norm


def gain_shares(scores: Sequence[float], power: int = 1) -> list[float]:
    r"""Return shares of a mean of weights, proportional to how much better than the worst each epoch is.

    .. math:: w_e = g_e^p / \sum_j g_j^p, \qquad g_e = m_e - \min_j m_j

    Equal scores give equal shares. The larger the power, the closer the mean is to the best epoch.

    Args:
        scores: a metric on validation data, one per epoch, higher being better.
        power: the exponent p, at least 1.

    Returns:
        One share per epoch, with sum 1.

    Example:
        >>> gain_shares([70.0, 72.0, 76.0]), gain_shares([0.7, 0.7])
        ([0.0, 0.25, 0.75], [0.5, 0.5])

    Source:
        Our reading of metrics-weighted averaging (arXiv 2504.18580), whose exact formula we could not find.

    """
    gains = np.asarray(scores) - min(scores)
    gains = (gains / gains.max() if gains.max() > 0 else np.ones(len(gains))) ** power
    shares: list[float] = (gains / gains.sum()).tolist()
    return shares


def mean_state(states: Sequence[Mapping[str, Tensor]], shares: Sequence[float] | None = None) -> dict[str, Tensor]:
    """Return the mean of states of one network; what is no floating-point number is that of the last.

    Args:
        states: at least one ``state_dict``; all with the same names and shapes.
        shares: how much each weighs, with sum 1; default: all equally.

    Returns:
        A ``state_dict``.

    Example:
        >>> mean_state([{"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([3.0, 6.0])}])
        {'w': tensor([2., 4.])}

    """
    last = states[-1]

    def mean(values: Tensor) -> Tensor:
        return values.mean(0) if shares is None else torch.einsum("s,s...->...", values.new_tensor(shares), values)

    return {
        # In double precision: the mean of equal weights is that weight to the last bit.
        name: mean(torch.stack([state[name].double() for state in states])).to(value.dtype)
        if value.is_floating_point()
        else value.clone()
        for name, value in last.items()
    }


def average_weights(
    network: nn.Module,
    states: Sequence[Mapping[str, Tensor]],
    batches: Iterable[Tensor],
    shares: Sequence[float] | None = None,
) -> None:
    """Load the mean of ``states`` into a network and recompute its batch-norm statistics.

    The statistics that were tracked belong to the single states and fit their mean badly.

    Args:
        network: of the same shape; changed in place, and left in evaluation mode.
        states: see :func:`mean_state`.
        batches: inputs (B, ...), the training set once; see ``models.recompute_batch_norm``.
        shares: see :func:`mean_state`.

    Source:
        Izmailov et al. 2018 (arXiv 1803.05407), section 3.

    """
    network.load_state_dict(mean_state(states, shares))
    network.eval()
    recompute_batch_norm(network, batches)
