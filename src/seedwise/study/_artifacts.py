"""Which methods of a study share an artifact among their runs, on which their spread is conditional."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final, cast

from seedwise.registry import WAYS, resolve
from seedwise.study._overrides import merge

_NUMBER: Final = "artifact"
"""The option of a way to train that is the number of its artifact."""


@dataclass(frozen=True)
class Artifact:
    """What all runs of a method share.

    Attributes:
        number: of the artifact; of several, with commas between them.
        rest: the method without it, the same for methods that differ in their artifacts alone.

    """

    number: str
    rest: str


def artifacts_in(spec: Mapping[str, Any]) -> dict[str, Artifact]:
    """Return by method what its runs share, for those whose runs share something.

    Args:
        spec: a study file.

    Example:
        >>> methods = {"base": {}, "warm": {"warm_start": {"epochs": 1}}, "other": {"distill": {"members": 2}}}
        >>> {name: artifact.number for name, artifact in artifacts_in({"methods": methods}).items()}
        {'warm': '0'}

    """
    methods = spec.get("methods")
    if not isinstance(methods, Mapping):
        return {}
    found = {}
    for name, changes in methods.items():
        resolved = merge(spec.get("train") or {}, changes or {}, named=True)
        options = {way: resolved[way] for way in _defaults() if isinstance(resolved.get(way), Mapping)}
        numbers = {way: given.get(_NUMBER, _defaults()[way]) for way, given in options.items()}
        shared = {way: str(number) for way, number in numbers.items() if number is not None}
        if shared:
            without = {way: {k: v for k, v in options[way].items() if k != _NUMBER} for way in shared}
            rest = {key: value for key, value in (resolved | without).items() if key != "factor"}
            found[name] = Artifact(", ".join(shared.values()), json.dumps(rest, sort_keys=True, default=str))
    return found


@cache
def _defaults() -> dict[str, int | None]:
    """Return by way to train which artifact its runs share where nothing is said, None for none."""
    declared = {way: fields(resolve(entry.options)) for way, entry in WAYS.items() if entry.options is not None}
    return {
        way: cast("int | None", one.default)
        for way, listed in declared.items()
        for one in listed
        if one.name == _NUMBER
    }
