"""Names that keys of study files had once: files and stores that have them are read as before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_OLD_NAMES: Final = {("baseline",): "base", ("question", "spread_ratio"): "sd_ratio"}
"""By the old path of a key of a study file, its name today."""


def with_new_names(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a study file, or what a store keeps of it, with the names of today, and a note on each old one.

    Where both are given the old one stays, and is a mistake like any key that is not known.

    Example:
        >>> with_new_names({"baseline": "sgd", "question": {"spread_ratio": 0.5}})
        ... # doctest: +NORMALIZE_WHITESPACE
        ({'base': 'sgd', 'question': {'sd_ratio': 0.5}},
         ["'baseline' is now called 'base'; it still works",
          "'question.spread_ratio' is now called 'question.sd_ratio'; it still works"])

    """
    notes: list[str] = []
    return _renamed(raw, (), notes), notes


def renamed_note(old: str, new: str) -> str:
    """Return one line on a name that has changed."""
    return f"'{old}' is now called '{new}'; it still works"


def _renamed(raw: Mapping[str, Any], at: tuple[str, ...], notes: list[str]) -> dict[str, Any]:
    found = {}
    for given, value in raw.items():
        new = _OLD_NAMES.get((*at, given), given)
        key = given if new in raw else new
        if key != given:
            notes.append(renamed_note(".".join((*at, given)), ".".join((*at, key))))
        inner = (*at, key)
        is_group = isinstance(value, Mapping) and any(path[: len(inner)] == inner for path in _OLD_NAMES)
        found[key] = _renamed(value, inner, notes) if is_group else value
    return found
