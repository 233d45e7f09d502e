"""The mean of the weights of several epochs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from seedwise.models import recompute_batch_norm


def mean_state(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of states of one network; what is no floating-point number is that of the last.

    Args:
        states: at least one ``state_dict``; all with the same names and shapes.

    Returns:
        A ``state_dict``.

    Example:
        >>> mean_state([{"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([3.0, 6.0])}])
        {'w': tensor([2., 4.])}

    """
    last = states[-1]
    return {
        # In double precision: the mean of equal weights is that weight to the last bit.
        name: torch.stack([state[name].double() for state in states]).mean(0).to(value.dtype)
        if value.is_floating_point()
        else value.clone()
        for name, value in last.items()
    }


def average_weights(network: nn.Module, states: Sequence[Mapping[str, Tensor]], batches: Iterable[Tensor]) -> None:
    """Load the mean of ``states`` into a network and recompute its batch-norm statistics.

    The statistics that were tracked belong to the single states and fit their mean badly.

    Args:
        network: of the same shape; changed in place, and left in evaluation mode.
        states: see :func:`mean_state`.
        batches: inputs (B, ...), the training set once; see ``models.recompute_batch_norm``.

    Source:
        Izmailov et al. 2018 (arXiv 1803.05407), section 3.

    """
    network.load_state_dict(mean_state(states))
    network.eval()
    recompute_batch_norm(network, batches)
