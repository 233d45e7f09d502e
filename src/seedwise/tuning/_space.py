"""Whose values a search tries, and which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seedwise.errors import SeedwiseError
from seedwise.study import StudySpec, mistake, with_values
from seedwise.tuning._options import Space, Tune, Values

LEARNING_RATE: Final = "optimizer.lr"


def overrides_at(spec: StudySpec, method: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overrides of a method with other values at dotted paths."""
    return with_values(spec.methods[method].overrides, values, named=spec.is_builtin)


def tuned_method(spec: StudySpec, tune: Tune) -> str:
    """Return the method whose values are searched.

    Raises:
        SeedwiseError: if it is unknown, or there are several and none is named.

    """
    names = list(spec.methods)
    if tune.method is not None:
        if tune.method not in names:
            raise SeedwiseError(mistake("method", tune.method, names, "tune"))
        return tune.method
    others = [name for name in names if name != spec.base_method]
    if len(others) > 1:
        raise SeedwiseError(
            f"tune: several methods could be tuned: add 'method: {others[0]}' (or {', '.join(others[1:])})"
        )
    return others[0] if others else spec.base_method


def base_space(spec: StudySpec, tune: Tune) -> Space:
    """Return what is searched for the base: its own space, and its learning rate from a tenth to ten times as high."""
    if not spec.is_builtin or LEARNING_RATE in tune.base_space:
        return dict(tune.base_space)
    lr = next(iter(spec.configs().values()))["train"]["optimizer"]["lr"]
    return {LEARNING_RATE: Values(low=lr / 10, high=min(lr * 10, 1e6), log=True), **tune.base_space}


def first_setting(spec: StudySpec, method: str, space: Space) -> dict[str, Any] | None:
    """Return a method's own values where the file gives all that are searched, and they lie in the space."""
    found = {}
    for path, values in space.items():
        keys = path.split(".")
        value = _at(spec.methods[method].overrides, keys)
        value = _at(spec.train | {"model": spec.model}, keys) if value is None else value
        if value is None or not _inside(value, values):
            return None
        found[path] = value if values.choices is not None else int(value) if values.whole else float(value)
    return found


def _at(where: Any, keys: list[str]) -> Any:
    for key in keys:
        where = where.get(key) if isinstance(where, Mapping) else None
    return where


def _inside(value: Any, values: Values) -> bool:
    if values.choices is not None:
        return value in values.choices
    if values.low is None or values.high is None or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not values.low <= value <= values.high:
        return False
    return values.step is None or abs((value - values.low) / values.step % 1) < 1e-9
