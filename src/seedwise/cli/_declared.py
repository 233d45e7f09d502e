"""A command's options from the dataclass that declares them."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final

import typer

from seedwise.errors import SeedwiseError
from seedwise.results import Conditions, Decimal, Help, Names, Normalize, help_and_limits

_KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY


def takes_options(declared: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options that a dataclass declares; it gets them as ``options``.

    Args:
        declared: the dataclass, each of its fields with a ``Help``.

    """

    def taking(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [one.replace(kind=_KEYWORD) for one in signature.parameters.values() if one.name != "options"]
        hints = typing.get_type_hints(declared)
        added = [
            _parameter(f.name, hints[f.name], f.default, help_and_limits(declared, f.name)[0]) for f in fields(declared)
        ]
        forms = {name: form for name, hint in hints.items() if (form := _FORMS.get(hint)) is not None}

        @functools.wraps(command)
        def called(**given: Any) -> None:
            options = {field.name: given.pop(field.name) for field in fields(declared)}
            read = {name: form.read(options[name]) for name, form in forms.items() if options[name]}
            command(**given, options=declared(**{**options, **read}))

        called.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in [*own, *added]}
        return called

    return taking


def condition(text: str) -> tuple[str, str]:
    """Return the column and the value of ``COLUMN=VALUE``."""
    column, equals, value = text.partition("=")
    if not equals:
        raise SeedwiseError(f"--where is '{text}': write COLUMN=VALUE")
    return column.strip(), value.strip()


def _parameter(name: str, hint: Any, default: Any, help_: Help) -> inspect.Parameter:
    form = _FORMS.get(hint)
    shown: dict[str, Any] = {"help": help_.text, "metavar": form.metavar if form else None}
    shown |= {"show_default": help_.default} if help_.default else {}
    typed = form.typed if form else hint
    option = typer.Option(f"--{name.replace('_', '-')}", **shown)
    return inspect.Parameter(name, _KEYWORD, default=default, annotation=Annotated[typed, option])


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


def _conditions(texts: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, value in map(condition, texts or ()):
        if column in found:
            raise SeedwiseError(f"--where names the column '{column}' twice: rows with one value of it are kept")
        found[column] = value
    return found


@dataclass(frozen=True)
class _Form:
    """How a value that is no single word is written on a command line."""

    typed: Any
    read: Callable[[Any], Any]
    metavar: str | None = None


_FORMS: Final[Mapping[Any, _Form]] = {
    Names: _Form(str | None, _names, "NAME,..."),
    Normalize: _Form(str | None, lambda text: _names(text) if text and "," in text else text, "FILE|ZERO,ONE|base"),
    Conditions: _Form(list[str] | None, _conditions, "COLUMN=VALUE"),
    Decimal | None: _Form(str | None, lambda text: text),
    int | str | None: _Form(str | None, lambda text: text, "NUMBER|COLUMN"),
}
