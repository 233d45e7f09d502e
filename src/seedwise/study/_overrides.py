"""Overrides laid over a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(base: dict[str, Any], overrides: Mapping[str, Any], *, named: bool) -> dict[str, Any]:
    """Lay overrides over the base; where groups are ``named``, another name replaces the group as a whole."""
    merged = dict(base)
    for key, value in overrides.items():
        old = merged.get(key)
        if named and isinstance(old, str):
            old = {"name": old}  # what the short form stands for
        merged[key] = value
        if isinstance(value, dict) and isinstance(old, dict):
            same_group = not named or value.get("name", old.get("name")) == old.get("name")
            merged[key] = merge(old, value, named=named) if same_group else value
    return merged


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return the mapping that holds a value at a dotted path.

    Example:
        >>> nested("loss.lambda_s", 0.1)
        {'loss': {'lambda_s': 0.1}}

    """
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)
