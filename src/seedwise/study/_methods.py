"""The methods of a study: what each changes, and of which factor it is a level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from seedwise.errors import shown
from seedwise.statistics import Scalar
from seedwise.study._tasks import Name

FACTOR: Final = "factor"
"""The key of a method that says its factor and level; it changes nothing of its runs."""


@dataclass(frozen=True)
class Method:
    """A set of overrides of the base ``model:`` and ``train:`` that makes runs of its own.

    Attributes:
        name: its name in tables.
        overrides: what it changes; nothing of it is ``factor``.
        factor: the factor that it is a level of, such as ``alpha``; None if of none.
        level: the value of the factor.

    """

    name: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    factor: str | None = None
    level: Scalar = None

    @property
    def in_study_file(self) -> dict[str, Any]:
        """The method as a study file has it.

        Example:
            >>> Method("k=2", {"model": {"selection": {"k": 2}}}, "k", 2).in_study_file
            {'factor': {'k': 2}, 'model': {'selection': {'k': 2}}}

        """
        said = {} if self.factor is None else {FACTOR: {self.factor: self.level}}
        return {**said, **self.overrides}


_FILE: TypeAdapter[dict[str, dict[str, Any] | None]] = TypeAdapter(
    Annotated[dict[Name, dict[str, Any] | None], Field(min_length=1)]
)


def methods_of(raw: Any) -> dict[str, Method]:
    """Return the methods of a study file.

    Raises:
        ValidationError: for what is no mapping of names to overrides.
        ValueError: for a factor without a level, or two methods of one level.

    """
    methods = {name: _method(name, given or {}) for name, given in _FILE.validate_python(raw).items()}
    seen: dict[tuple[str, str], str] = {}
    for method in methods.values():
        if method.factor is None:
            continue
        other = seen.setdefault((method.factor, str(method.level)), method.name)
        if other != method.name:
            raise ValueError(f"'{other}' and '{method.name}' are the same level of '{method.factor}': change one")
    return methods


def in_study_file(methods: Mapping[str, Method]) -> dict[str, dict[str, Any]]:
    """Return methods as a study file has them."""
    return {name: method.in_study_file for name, method in methods.items()}


def factor_and_level(given: Any) -> tuple[str, Scalar]:
    """Return what ``factor: {k: 2}`` says.

    Raises:
        ValueError: if it is no name with one value.

    """
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, level),) = given.items()
        if isinstance(name, str) and name and _is_level(level):
            return name, level
    raise ValueError(f"factor is {shown(given)}: write the factor's name and the value, such as factor: {{k: 2}}")


def _method(name: str, given: Mapping[str, Any]) -> Method:
    overrides = {key: value for key, value in given.items() if key != FACTOR}
    if FACTOR not in given:
        return Method(name, overrides)
    try:
        return Method(name, overrides, *factor_and_level(given[FACTOR]))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _is_level(value: object) -> bool:
    return isinstance(value, bool | int | str | None) or (isinstance(value, float) and math.isfinite(value))
