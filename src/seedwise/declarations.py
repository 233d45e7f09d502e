"""From options that a dataclass declares to what a study file may say, and from what it says to the thing itself.

A ``Group`` is a group of options of a study file, and a ``Part`` one that is chosen by its name: a loss, a network, an
optimizer, a schedule. The name is one of a table of ``seedwise.registry``, or ``module:name`` of the user's own.

Declarations need the standard library alone. Limits are pairs in ``Annotated``, with the names that pydantic has for
them, and rules between options raise ``ValueError`` in ``__post_init__``::

    @dataclass(frozen=True)
    class Options:
        share: Annotated[float, ("ge", 0), ("lt", 1)] = 0.5

Further pairs: ``("part", "controller")`` is another part, and ``("in_study_files", True)`` is the default of study
files where it is not that of a run's name.

A declaration may have six hooks, each asked if it is there:

- ``fits(train)`` of an average or a way to train raises ``ValueError`` unless it goes with the options of ``train:``
  before it, a mapping;
- ``learns`` of a loss or a way to train names the kinds of task (``registry.KINDS``) that it is for, the usual first;
  without it, it is for all;
- ``fits_classes(classes)`` of a loss raises ``ValueError`` unless it can be trained with so many classes;
- ``holds(examples, classes)`` of a way to train is how many bytes it holds besides the network;
- ``notes(steps)`` of anything that trains returns a line for each likely mistake in a training of so many steps;
- ``beyond_factors`` of a controller is what it does besides multiplying the gradient of its base loss, or None: only
  then has it a placebo.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib.util
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
    model_validator,
)

from seedwise.errors import SeedwiseError
from seedwise.registry import Entry, Table, resolve
from seedwise.run import load_function

STUDY_FILE: Final = "study file"
"""The context of validation in which an option that is left out has the default of study files, not that of names."""

_OURS: Final = ("part", "in_study_files")


class Options(BaseModel):
    """A group of options in which every unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclasses.dataclass(frozen=True)
class Nothing:
    """No options."""


class Group(Options):
    """A group of options that a dataclass declares, and what is called with them."""

    declared: ClassVar[type[Any]] = Nothing
    makes: ClassVar[str]
    in_study_files: ClassVar[Mapping[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_study_files(cls, value: Any, info: ValidationInfo) -> Any:
        of_study_file = isinstance(value, dict) and info.context == STUDY_FILE
        return {**cls.in_study_files, **value} if of_study_file else value

    @model_validator(mode="after")
    def _rules_between_options(self) -> Self:
        _ = self.options
        return self

    @property
    def given(self) -> dict[str, Any]:
        """The options of what is made, by name."""
        declared = {field.name for field in dataclasses.fields(self.declared)}
        return {name: getattr(self, name) for name in self.__class__.model_fields if name in declared}

    @property
    def options(self) -> Any:
        """The dataclass that declares the options, with the values of this group."""
        return self.declared(**{n: v.options if isinstance(v, Group) else v for n, v in self.given.items()})

    def with_inner(self) -> Iterator[Group]:
        """Yield the group, and those in it."""
        yield self
        for _, option in self:
            if isinstance(option, Group):
                yield from option.with_inner()

    @property
    def function(self) -> Callable[..., Any]:
        """What is called."""
        return typing.cast("Callable[..., Any]", resolve(self.makes))

    def make(self, *args: Any, offered: Mapping[str, Callable[[], Any]] | None = None, **kwargs: Any) -> Any:
        """Call the function with its options.

        Args:
            args: what every one of its kind gets.
            offered: by name of a parameter, how to get what only a function with such a parameter gets.
            kwargs: in the place of options, or as further ones.

        """
        function = self.function
        bound = bind(function, args, offered or {}, {**self.given, **kwargs})
        return function(*bound.args, **bound.kwargs)


class Part(Group):
    """A group that is chosen by its ``name``; kinds add what is said of every one of them, such as ``lr``."""

    name: str


class OwnPart(Part):
    """A part of the user's: ``my_project.losses:Focal``, with its options beside the name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    calls: ClassVar[str]
    """How it is called, for error messages."""
    args: ClassVar[tuple[Any, ...]] = ()
    kwargs: ClassVar[tuple[str, ...]] = ()
    offered: ClassVar[tuple[str, ...]] = ()
    """What it is called with besides its options, and what it gets only if it has such a parameter."""

    @model_validator(mode="before")
    @classmethod
    def _without_defaults(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return value
        ours = {key: option for key, option in value.items() if key in cls.model_fields}
        options = {key: option for key, option in value.items() if key not in ours}
        return {**ours, **cls._differing(value["name"], options)}

    @classmethod
    def _differing(cls, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that differ from their defaults; without torch, the worker checks the rest of them."""
        try:
            function = load_if_torch(name)
            if function is None:
                return _without(_written_defaults(name), options)
            offered = dict.fromkeys(cls.offered, lambda: None)
            bind(function, cls.args, offered, {**dict.fromkeys(cls.kwargs), **options})
        except SeedwiseError as error:
            raise ValueError(str(error)) from None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"'{name}' is called as {cls.calls} with these options "
                f"({', '.join(options) or 'none'}), and does not fit: {error}"
            ) from None
        return _without({k: p.default for k, p in inspect.signature(function).parameters.items()}, options)

    @property
    def given(self) -> dict[str, Any]:
        """The options as they are written."""
        return dict(self.__pydantic_extra__)

    @property
    def options(self) -> Any:
        """The options as they are written: nobody declares them."""
        return self.given

    @property
    def function(self) -> Callable[..., Any]:
        """What is called."""
        return load_function(self.name)


# As text, it would be looked up in the modules of subclasses by pydantic before 2.13.
OwnPart.__annotations__["__pydantic_extra__"] = dict[str, JsonValue]


def bind(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    offered: Mapping[str, Callable[[], Any]],
    options: Mapping[str, Any],
) -> inspect.BoundArguments:
    """Return what a function is called with: of what is offered, only what it has a parameter for.

    Raises:
        TypeError: if the options are not those of the function.

    """
    signature = inspect.signature(function)
    taken = {name: get() for name, get in offered.items() if name in signature.parameters and name not in options}
    return signature.bind(*args, **taken, **options)


def load_if_torch(name: str) -> Callable[..., Any] | None:
    """Return a function of the user's, or None where its module needs torch and that is not installed."""
    try:
        return load_function(name)
    except SeedwiseError as error:
        if getattr(error.__cause__, "name", None) == "torch" and importlib.util.find_spec("torch") is None:
            return None
        raise


def _written_defaults(name: str) -> dict[str, Any]:
    """Return the defaults of a function or class that is not imported, as far as they are literals in its source.

    A run is named by the options that differ from them, whether or not there is torch where it is planned.
    """
    module, _, wanted = name.partition(":")
    with contextlib.suppress(ImportError, OSError, SyntaxError, ValueError):
        found = importlib.util.find_spec(module)
        source = "" if found is None else Path(str(found.origin)).read_text(encoding="utf-8")
        definitions = {node.name: node for node in ast.parse(source).body if isinstance(node, _Definition)}
        made = definitions.get(wanted)
        if isinstance(made, ast.ClassDef):
            made = next((n for n in made.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
        if made is not None:
            return _literals(made.args)
    return {}


_Definition = (ast.ClassDef, ast.FunctionDef)


def _literals(arguments: ast.arguments) -> dict[str, Any]:
    by_place = zip([*arguments.posonlyargs, *arguments.args][::-1], arguments.defaults[::-1], strict=False)
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found = {}
    for one, default in [*by_place, *by_name]:
        with contextlib.suppress(ValueError, TypeError):
            found[one.arg] = ast.literal_eval(default)  # type: ignore[arg-type]
    return found


def _without(defaults: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in defaults or value != defaults[key]}


def named(value: Any) -> Any:
    """``small_cnn`` is short for ``{name: small_cnn}``."""
    return {"name": value} if isinstance(value, str) else value


_Base = TypeVar("_Base", bound=Group)


def schemas(base: type[_Base], table: Table, **parts: Any) -> dict[str, type[_Base]]:
    """Return the model of each entry of a table, by its name.

    Args:
        base: what is said of every one of its kind.
        table: one of ``seedwise.registry``.
        parts: types of the parts that options can be.

    """
    return {name: schema(base, name, entry, parts) for name, entry in table.items()}


def one_of(
    models: Mapping[str, type[Part]],
    *owns: type[OwnPart],
    own_of: Callable[[ValidationInfo], type[OwnPart]] | None = None,
    refused: Mapping[str, str] | None = None,
) -> Any:
    """Return the type of a group of a study file that is one of several parts, or the user's own.

    They are told apart by the colon, so that a mistake is reported for the one that was meant.

    Args:
        models: by name.
        owns: of the user's; none where there can be none.
        own_of: says which of several is meant; default: the first.
        refused: names that are none, with a message of their own.

    """
    # Made at run time, which the static types of `Union` do not know of.
    ours: Any = Union[tuple(models.values())]  # noqa: UP007
    either: Any = Union[(*models.values(), *owns)]
    adapter: TypeAdapter[Part] = TypeAdapter(Annotated[ours, Field(discriminator="name")])

    def told_apart(value: Any, _handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Part:
        if isinstance(value, owns):
            return value
        name = value.get("name") if isinstance(value, dict) else None
        name = name if isinstance(name, str) else ""
        if refused and name in refused:
            raise ValueError(refused[name])
        if owns and ":" in name:
            own = own_of(info) if own_of else owns[0]
            return own.model_validate(value, context=info.context)
        return adapter.validate_python(value, context=info.context)

    return Annotated[either, WrapValidator(told_apart), BeforeValidator(named)]


def schema(base: type[_Base], name: str, entry: Entry, parts: Mapping[str, Any] | None = None) -> type[_Base]:
    """Return the model of one entry; see ``schemas``."""
    declared = resolve(entry.options) if entry.options else Nothing
    hints = typing.get_type_hints(declared, include_extras=True)
    marks = {key: {k: v for k, v in _pairs(hint) if k in _OURS} for key, hint in hints.items()}
    fields: dict[str, Any] = {"name": (Literal[name], ...)} if issubclass(base, Part) else {}
    for field in dataclasses.fields(declared):
        part = marks[field.name].get("part")
        default: Any = ... if field.default is dataclasses.MISSING else field.default
        if field.default_factory is not dataclasses.MISSING:
            default = Field(default_factory=field.default_factory)
        fields[field.name] = ((parts or {})[part] if part else _limited(hints[field.name]), default)
    model = create_model(name, __base__=base, __doc__=declared.__doc__, **fields)
    model.declared, model.makes = declared, entry.make
    model.in_study_files = {k: m["in_study_files"] for k, m in marks.items() if "in_study_files" in m}
    return model


def _pairs(hint: Any) -> tuple[tuple[str, Any], ...]:
    """Return what ``Annotated`` says of options; sentences are for the command line."""
    said = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return tuple(mark for mark in said if isinstance(mark, tuple))


def _limited(hint: Any) -> Any:
    """Return a type with the limits of ``Annotated``, at any depth, as pydantic has them."""
    if get_origin(hint) is Annotated:
        limits = {key: limit for key, limit in _pairs(hint) if key not in _OURS}
        return Annotated[_limited(get_args(hint)[0]), Field(**limits)] if limits else _limited(get_args(hint)[0])
    origin, args = get_origin(hint), get_args(hint)
    if origin in (None, Literal):
        return hint
    inner = tuple(arg if arg is ... else _limited(arg) for arg in args)
    return Union[inner] if origin in (Union, types.UnionType) else origin[inner]  # noqa: UP007
