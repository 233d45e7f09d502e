"""Checks of options, so that a wrong one is named where it was typed and not hours into a training.

Options are declared in dataclasses that need no torch. Their limits are pairs in ``Annotated``, under the names of
Python's operators: ``Annotated[float, ("gt", 0), ("le", 1)]``.
"""

import functools
import inspect
import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

NonNegative = Annotated[float, ("ge", 0)]
Positive = Annotated[float, ("gt", 0)]
Rate = Annotated[float, ("gt", 0), ("le", 1)]
Count = Annotated[int, ("ge", 1)]

_Made = TypeVar("_Made")


def check(options: Any) -> None:
    """Check a frozen dataclass against its limits, and make its numbers plain ones.

    Raises:
        TypeError, ValueError: that say what an option may be.
    """
    hints = get_type_hints(type(options), include_extras=True)
    for field in fields(options):
        value = _checked(field.name, hints[field.name], getattr(options, field.name))
        object.__setattr__(options, field.name, value)


def _checked(name: str, hint: Any, value: object) -> object:
    if type(None) in get_args(hint):
        (hint,) = (inner for inner in get_args(hint) if inner is not type(None))
        if value is None:
            return None
    kind, *limits = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if get_origin(kind) is Literal:
        return choice(name, value, get_args(kind))
    numeric = {float: real, int: whole}.get(kind)
    return value if numeric is None else numeric(name, value, **dict(limits))  # type: ignore[operator]


def takes(declared: type[Any]) -> Callable[[Callable[..., _Made]], Callable[..., _Made]]:
    """Let a function with a parameter ``options`` be called with the options themselves.

    Args:
        declared: the dataclass that ``options`` is of, and that declares them.

    """

    def decorate(make: Callable[..., _Made]) -> Callable[..., _Made]:
        keywords = inspect.signature(declared).parameters

        @functools.wraps(make)
        def made(*args: Any, **given: Any) -> _Made:
            options = {name: given.pop(name) for name in keywords if name in given}
            return make(*args, options=declared(**options), **given)

        own = [p for p in inspect.signature(make).parameters.values() if p.name != "options"]
        signature = inspect.Signature([*own, *(p.replace(kind=p.KEYWORD_ONLY) for p in keywords.values())])
        made.__signature__ = signature  # type: ignore[attr-defined]
        return made

    return decorate


def real(
    name: str,
    value: object,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
) -> float:
    """Return `value` as a float, or raise TypeError or ValueError saying which finite numbers `name` may be."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    number = float(value)
    bounds = []
    if ge is not None:
        bounds.append((number >= ge, f"at least {ge:g}"))
    if gt is not None:
        bounds.append((number > gt, f"above {gt:g}"))
    if le is not None:
        bounds.append((number <= le, f"at most {le:g}"))
    if lt is not None:
        bounds.append((number < lt, f"below {lt:g}"))
    if not math.isfinite(number) or not all(kept for kept, _ in bounds):
        raise ValueError(f"{name} must be a finite number {' and '.join(text for _, text in bounds)}, got {value!r}")
    return number


def whole(name: str, value: object, *, ge: int, le: int | None = None) -> int:
    """Return `value` as an int, or raise TypeError or ValueError saying which whole numbers `name` may be."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    number = int(value)
    if number < ge or (le is not None and number > le):
        limits = f"at least {ge}" if le is None else f"between {ge} and {le}"
        raise ValueError(f"{name} must be {limits}, got {number}")
    return number


def choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`, or raise ValueError naming them and the closest one."""
    if isinstance(value, str) and value in allowed:
        return value
    close = get_close_matches(str(value), allowed, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}{hint}")
