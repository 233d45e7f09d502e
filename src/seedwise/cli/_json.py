"""JSON on the standard output, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import typer


def print_json(value: Any) -> None:
    """Print a value as JSON; what is no finite number is null, for which JSON has no other word."""
    typer.echo(json.dumps(_finite(value), indent=1, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
