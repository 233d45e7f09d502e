"""Overrides laid over a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any], *, named: bool) -> dict[str, Any]:
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


def with_values(overrides: Mapping[str, Any], values: Mapping[str, Any], *, named: bool) -> dict[str, Any]:
    """Return the overrides of a method with other values at dotted paths.

    Example:
        >>> with_values({"loss": "clf"}, {"loss.lambda_s": 0.1, "clip_gradient": None}, named=True)
        {'loss': {'name': 'clf', 'lambda_s': 0.1}, 'clip_gradient': None}

    """
    found = dict(overrides)
    for path, value in values.items():
        found = merge(found, reduce(lambda inner, key: {key: inner}, reversed(path.split(".")), value), named=named)
    return found
