"""Checks of constructor arguments, so that a wrong one is named where it was typed and not hours into a training."""

import math
import numbers
from collections.abc import Sequence
from difflib import get_close_matches


def real(
    name: str, value: object, *, at_least: float | None = None, above: float | None = None, at_most: float | None = None
) -> float:
    """Return `value` as a float, or raise TypeError or ValueError saying which finite numbers `name` may be."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    number = float(value)
    bounds = []
    if at_least is not None:
        bounds.append((number >= at_least, f"at least {at_least:g}"))
    if above is not None:
        bounds.append((number > above, f"above {above:g}"))
    if at_most is not None:
        bounds.append((number <= at_most, f"at most {at_most:g}"))
    if not math.isfinite(number) or not all(kept for kept, _ in bounds):
        raise ValueError(f"{name} must be a finite number {' and '.join(text for _, text in bounds)}, got {value!r}")
    return number


def whole(name: str, value: object, *, at_least: int, at_most: int | None = None) -> int:
    """Return `value` as an int, or raise TypeError or ValueError saying which whole numbers `name` may be."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    number = int(value)
    if number < at_least or (at_most is not None and number > at_most):
        limits = f"at least {at_least}" if at_most is None else f"between {at_least} and {at_most}"
        raise ValueError(f"{name} must be {limits}, got {number}")
    return number


def choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`, or raise ValueError naming them and the closest one."""
    if isinstance(value, str) and value in allowed:
        return value
    close = get_close_matches(str(value), allowed, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}{hint}")
