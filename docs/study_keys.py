"""The page of the keys of a study file, from the classes that read them; ``python docs/reference.py`` writes it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from seedwise.declarations import Group
from seedwise.study._methods import Method
from seedwise.study._spec import NumericOptions, StudySpec
from seedwise.training import TrainerConfig

PAGE = Path(__file__).parent / "study-keys.md"

HEAD = """# All keys of a study file

Made from the classes that read it by `python docs/reference.py`. A key without a default is required. A part is one of
[those that are built in](reference.md), or your own; `train:` also has the keys of each way to train there.
"""

_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "min_length": "with at least"}
_WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text", Any: "anything", Method: "method"}


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    yield from _keys("", StudySpec)
    for name, field in TrainerConfig.model_fields.items():
        for model in _models(field.annotation):
            yield from _keys(f"{name}:", model)
    yield from _keys("train:", NumericOptions)


def _keys(path: str, model: type[BaseModel]) -> Iterator[str]:
    text = " ".join((inspect.getdoc(model) or "").split()).replace("``", "`")
    yield from (f"## `{path}`" if path else "## The file", "", text.removeprefix("A study file. "), "")
    yield from ("| key | | default |", "|---|---|---|")
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {_kind(field.annotation, *field.metadata)} | {_default(field)} |"
    yield ""
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            yield from _keys(path.replace("...", f"{{{name}: ...}}") if "..." in path else _inside(path, name), inner)


def _inside(path: str, name: str) -> str:
    return f"{path} {{{name}: ...}}" if path else f"{name}:"


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """Yield the groups of keys in a type that have no section of their own on the page."""
    if inspect.isclass(kind) and issubclass(kind, BaseModel) and get_origin(kind) is None:
        if not issubclass(kind, Group) and kind.model_fields:
            yield kind
        return
    for inner in get_args(kind):
        yield from _models(inner)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return ""
    if isinstance(value, BaseModel):
        return f"`{value.name}`" if hasattr(value, "name") else "as below"
    if isinstance(value, dict):
        return f"`{{{', '.join(f'{key}: {{}}' for key in value)}}}`"
    if value is None or isinstance(value, bool):
        return f"`{'null' if value is None else str(value).lower()}`"
    return f"`{list(value) if isinstance(value, tuple) else value}`".replace("'", "").replace("``", '`""`')


def _kind(kind: Any, *marks: Any) -> str:  # noqa: PLR0911
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(args[0], *args[1:], *marks)
    if origin in (Union, types.UnionType):
        kinds = ("null" if arg is type(None) else _kind(arg) for arg in args)
        names = dict.fromkeys(name for kind in kinds for name in kind.split(" or "))
        return " or ".join(sorted(names, key=lambda name: name == "null"))
    if origin is Literal:
        return ", ".join(f"`{str(arg).lower() if isinstance(arg, bool) else arg}`" for arg in args)
    if origin is list:
        return f"list of: {_kind(args[0])}"
    if origin is dict:
        return f"by name: {_kind(args[1])}"
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        return "a part" if issubclass(kind, Group) else "keys, below"
    limits = (
        (word, getattr(one, key, None))
        for mark in marks
        for one in getattr(mark, "metadata", [mark])
        for key, word in _LIMITS.items()
    )
    bounds = [f"{word} {limit:,}".replace(",", " ") for word, limit in limits if isinstance(limit, int | float)]
    return " ".join([_WORDS.get(kind, "text"), " and ".join(bounds)]).strip()
