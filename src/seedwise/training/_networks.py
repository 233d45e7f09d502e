"""From a name to a network that fits the data; torch is imported when one is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seedwise.data import Size
from seedwise.declarations import Part
from seedwise.errors import SeedwiseError
from seedwise.training._parts import Network

if TYPE_CHECKING:
    from torch import nn


def build_network(model: Part, size: Size) -> nn.Module:
    """Return a freshly initialised network of images, or as many in one as are asked for.

    Args:
        model: which one, and its options.
        size: channels and size of its images, and the number of logits.

    Raises:
        SeedwiseError: if the function does not exist, or returns something else.

    """
    from seedwise.models import PackedEnsemble

    channels, *image_size = size.image

    def make() -> nn.Module:
        made = model.make(channels, size.classes, offered={"image_size": lambda: tuple(image_size)})
        return checked_network(made, model.name)

    packed = model.packed if isinstance(model, Network) else None
    return make() if packed is None else PackedEnsemble(make() for _ in range(packed.given["members"]))


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
