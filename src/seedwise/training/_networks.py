"""From a name to a network that fits the data; torch is imported when one is built."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seedwise.errors import SeedwiseError
from seedwise.run import load_function

if TYPE_CHECKING:
    from torch import nn


def call(
    make: Callable[..., Any], image: tuple[int, int, int], num_classes: int, options: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Return the arguments that a network's function gets: one with a parameter ``image_size`` is told it.

    Raises:
        TypeError: if the options are not those of the function.

    """
    signature = inspect.signature(make)
    size = {"image_size": image[1:]} if "image_size" in signature.parameters else {}
    return signature.bind(image[0], num_classes, **{**size, **options})


def own_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a user's own network that differ from their defaults.

    Args:
        name: ``my_project.nets:make``.
        options: what the study file says beside the name.

    Raises:
        ValueError: if there is no such function, or the options are not those of the function.

    """
    try:
        make: Callable[..., Any] = load_function(name)
        call(make, (1, 1, 1), 2, options)
    except SeedwiseError as error:
        raise ValueError(str(error)) from None
    except TypeError as error:
        raise ValueError(
            f"'{name}' is called as make(in_channels, num_classes, **options) with these options "
            f"({', '.join(options) or 'none'}), and does not fit: {error}"
        ) from None
    defaults = {key: parameter.default for key, parameter in inspect.signature(make).parameters.items()}
    return {key: value for key, value in options.items() if key not in defaults or value != defaults[key]}


def build_network(name: str, image: tuple[int, int, int], num_classes: int, options: Mapping[str, Any]) -> nn.Module:
    """Return a freshly initialised network.

    Args:
        name: a key of ``models.MODELS``, or the user's own ``my_project.nets:make``.
        image: channels, height and width of an image.
        num_classes: number of logits.
        options: keyword arguments of the function.

    Raises:
        SeedwiseError: if the function does not exist, or returns something else.

    """
    from torch import nn

    from seedwise.models import MODELS

    make: Callable[..., Any] = MODELS[name] if name in MODELS else load_function(name)
    arguments = call(make, image, num_classes, options)
    network = make(*arguments.args, **arguments.kwargs)
    if not isinstance(network, nn.Module):
        raise SeedwiseError(f"'{name}' returned {type(network).__name__}: a torch.nn.Module is needed")
    return network
