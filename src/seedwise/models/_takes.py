"""Networks that take their options as keywords, and get them as the dataclass that declares them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

_Network = TypeVar("_Network")


def takes(declared: type[Any]) -> Callable[[Callable[..., _Network]], Callable[..., _Network]]:
    """Let a function with a parameter ``options`` be called with the options themselves.

    Args:
        declared: the dataclass that ``options`` is of.

    """

    def decorate(make: Callable[..., _Network]) -> Callable[..., _Network]:
        keywords = inspect.signature(declared).parameters

        @functools.wraps(make)
        def network(*args: Any, **given: Any) -> _Network:
            options = {name: given.pop(name) for name in keywords if name in given}
            return make(*args, options=declared(**options), **given)

        own = [p for p in inspect.signature(make).parameters.values() if p.name != "options"]
        signature = inspect.Signature([*own, *(p.replace(kind=p.KEYWORD_ONLY) for p in keywords.values())])
        network.__signature__ = signature  # type: ignore[attr-defined]
        return network

    return decorate
