"""How the weights of a network start."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

from seedwise.models._options import Init

_Network = TypeVar("_Network", bound=nn.Module)


def started(network: _Network, init: Init) -> _Network:
    r"""Return the network with the first weights that ``init`` names.

    ``torch`` leaves the layers as torch makes them. ``glorot`` draws the weights of convolutions and linear layers
    evenly from -b..b, b = sqrt(6 / (fan_in + fan_out)), and sets their biases to 0. A slot machine's subnetwork that is
    chosen at random starts in the same way: each of its weights is one of k such draws, taken without looking at them.

    Args:
        network: changed in place.
        init: ``torch`` or ``glorot``.

    Source: Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, eq. 16.

    """
    if init == "glorot":
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
    return network
