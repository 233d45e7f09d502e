"""From a name to a network that fits the data; torch is imported when one is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seedwise.declarations import Part, bind
from seedwise.errors import SeedwiseError
from seedwise.registry import NETWORKS, resolve
from seedwise.run import load_function

if TYPE_CHECKING:
    from torch import nn


def build_network(name: str, image: tuple[int, int, int], num_classes: int, options: Mapping[str, Any]) -> nn.Module:
    """Return a freshly initialised network.

    Args:
        name: one of ``registry.NETWORKS``, or the user's own ``my_project.nets:make``.
        image: channels, height and width of an image.
        num_classes: number of logits.
        options: keyword arguments of the function.

    Raises:
        SeedwiseError: if the function does not exist, or returns something else.

    """
    make: Callable[..., Any] = resolve(NETWORKS[name].make) if name in NETWORKS else load_function(name)
    arguments = bind(make, (image[0], num_classes), {"image_size": lambda: image[1:]}, options)
    return checked_network(make(*arguments.args, **arguments.kwargs), name)


def build_forecaster(model: Part, variables: int, lookback: int, horizon: int, calendar: int) -> nn.Module:
    """Return a freshly initialised network of time series.

    Raises:
        SeedwiseError: as ``build_network`` does.

    """
    return checked_network(model.make(variables, lookback, horizon, calendar), model.name)


def checked_network(network: Any, name: str) -> nn.Module:
    """Return what a function returned, or raise SeedwiseError if it is no network."""
    from torch import nn

    if not isinstance(network, nn.Module):
        raise SeedwiseError(f"'{name}' returned {type(network).__name__}: a torch.nn.Module is needed")
    return network
