"""Write docs/reference.md, what a study file can name, from the declarations:  python docs/reference.py"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from seedwise import registry
from seedwise.registry import Entry, Table, resolve

PAGE = Path(__file__).parent / "reference.md"

HEAD = """# What a study file can name

Made from the declarations by `python docs/reference.py`. A name alone is short for a group: `loss: vml` is
`loss: {name: vml}`. Where a built-in name works, `"module:name"` of your own does too: [Your own parts](own-parts.md).
"""

KINDS: tuple[tuple[str, str, Table], ...] = (
    ("`model:` of images", "With `selection: {k: 8}` weights are chosen instead of learned.", registry.NETWORKS),
    ("`model:` of time series", "", registry.FORECASTERS),
    ("`train: {loss: ...}`", "For forecasts `loss: mse` is the plain loss.", registry.LOSSES),
    ("`train: {optimizer: ...}`", "Each takes `lr`, the rate at its peak, and `groups`.", registry.OPTIMIZERS),
    ("`train: {schedule: ...}`", "Each takes `warmup_epochs`, in which the rate rises.", registry.SCHEDULES),
    ("`train: {averaging: ...}`", "Which weights are evaluated and kept.", registry.AVERAGES),
    ("Further ways to train", "Each is a key of `train:`.", registry.WAYS),
    ("`model: {selection: ...}`", "", {"selection": registry.SELECTION}),
)

_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
_WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text"}


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *(line for kind in KINDS for line in _kind(*kind))])


def _kind(title: str, text: str, table: Table) -> Iterator[str]:
    yield from (f"## {title}", "")
    if text:
        yield from (text, "")
    for name, entry in table.items():
        alike = [other for other, its in table.items() if entry.options and its.options == entry.options]
        yield from (f"### {name}", "", _plain(_summary(entry)), "")
        if not alike or name == alike[-1]:
            yield from _options(entry)
        else:
            yield from (f"Options as of {alike[-1]}.", "")


def _summary(entry: Entry) -> str:
    """Return what the declaration says, or what is made where that only lists options."""
    declared = (inspect.getdoc(resolve(entry.options)) or "") if entry.options else "Options of"
    if declared.startswith("Options of"):
        return (inspect.getdoc(resolve(entry.make)) or "").partition("\n\n")[0]
    return declared.partition("\n\nArgs:\n")[0]


def _options(entry: Entry) -> Iterator[str]:
    declared = resolve(entry.options) if entry.options else None
    if declared is None or not dataclasses.fields(declared):
        return
    meanings = _meanings((inspect.getdoc(declared) or "").partition("\n\nArgs:\n")[2])
    hints = typing.get_type_hints(declared, include_extras=True)
    yield from ("| option | | default | |", "|---|---|---|---|")
    for field in dataclasses.fields(declared):
        marks = dict(get_args(hints[field.name])[1:]) if get_origin(hints[field.name]) is Annotated else {}
        default: Any = marks.get("in_study_files", field.default)
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        shown = "" if default is dataclasses.MISSING else f"`{_yaml(default)}`"
        yield f"| `{field.name}` | {_type(hints[field.name])} | {shown} | {meanings.get(field.name, '')} |"
    yield ""


def _meanings(arguments: str) -> dict[str, str]:
    """Return what an ``Args:`` section says of each option."""
    section = arguments.partition("\n\n")[0]
    found = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section, flags=re.MULTILINE | re.DOTALL)
    return {name: _plain(" ".join(text.split())) for name, text in found}


def _type(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        marks = dict(args[1:])
        if "part" in marks:
            return f"a {marks['part']}, or your own"
        limits = " and ".join(f"{word} {marks[key]:g}" for key, word in _LIMITS.items() if key in marks)
        return f"{_type(args[0])} {limits}".strip()
    if origin is Literal:
        return ", ".join(f"`{_yaml(arg)}`" for arg in args)
    if origin in (Union, types.UnionType):
        return " or ".join("null" if arg is type(None) else _type(arg) for arg in args)
    if origin in (list, tuple):
        return f"{'list' if origin is list else len(args)} of: {_type(args[0])}"
    return _WORDS[hint]


def _yaml(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _plain(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
