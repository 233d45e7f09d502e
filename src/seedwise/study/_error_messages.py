"""From a failed validation to one line: where, what is allowed, and the closest match."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from seedwise.declarations import OwnPart
from seedwise.errors import SeedwiseError, did_you_mean, listed, one_line, shown, without_long_echoes

_Model = TypeVar("_Model", bound=BaseModel)

_NAME: Final = 60
"""Characters of a name that an error message repeats; what somebody wrote may be of any length."""
_PLACE: Final = 80
_REASON: Final = 300
_OF_THE_COMMAND: Final = ("device", "executor", "runs_per_device", "workers")
"""Where runs are trained names none of them, and stands in no study file."""

_OWN: Final = ', or "module:name" of your own'


def mistake(what: str, given: object, allowed: Sequence[str], where: str = "") -> str:
    """Return a sentence about an unknown name.

    Example:
        >>> mistake("key", "epoch", ["epochs", "batch_size"], "train")
        "unknown key 'epoch' in train: did you mean 'epochs'? allowed: epochs, batch_size"

    """
    place = f" in {one_line(where, _PLACE)}" if where else ""
    echo = one_line(str(given), _NAME)
    return f"unknown {what} '{echo}'{place}: {did_you_mean(echo, allowed)}allowed: {listed(allowed, None)}"


def describe(
    error: ValidationError,
    model: type[BaseModel] | None,
    *,
    prefix: str = "",
    where: Mapping[tuple[str, ...], str] | None = None,
    of_method: Sequence[str] = (),
) -> str:
    """Return one line about the first mistake that pydantic found, and how many more there are.

    Args:
        error: what pydantic raised.
        model: the model that was validated, to list the keys that it allows.
        prefix: where in the study file the model stands.
        where: for paths that a method overrides, the method's place in the file.
        of_method: keys that a method has beside those of the model.

    """
    # A key that is not known comes first: it is often why another is missing.
    found = _without_consequences(error.errors(include_url=False))
    first = min(found, key=lambda one: one["type"] != "extra_forbidden")
    more = len(found) - 1
    location = [str(part) for part in first["loc"]]
    path = _without_tags(model, location)
    place = _place(path, prefix, where or {})
    beside = of_method if tuple(path) in (where or {}) else ()
    line = _sentence(first, model, location, path, place, more=beside)
    return line + (f" (and {more} more mistake{'s' if more > 1 else ''})" if more else "")


def _without_consequences(found: Sequence[Any]) -> list[Any]:
    """Return mistakes without those keys that are missing because a typing error made another of them."""
    typed = {(one["loc"][:-1], str(one["loc"][-1])) for one in found if one["type"] == "extra_forbidden"}
    return [
        one
        for one in found
        if one["type"] != "missing"
        or not any(place == one["loc"][:-1] and did_you_mean(key, [str(one["loc"][-1])]) for place, key in typed)
    ]


def validated(model: type[_Model], raw: Mapping[str, Any], prefix: str = "") -> _Model:
    """Return ``raw`` as a model.

    Raises:
        SeedwiseError: one line that says where the mistake is, what is allowed and the closest match.

    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise SeedwiseError(describe(error, model, prefix=prefix)) from None


def _sentence(  # noqa: PLR0911
    first: Any,
    model: type[BaseModel] | None,
    location: list[str],
    path: list[str],
    place: str,
    *,
    more: Sequence[str],
) -> str:
    given = first.get("input")
    match first["type"]:
        case "extra_forbidden":
            parent, _, key = place.rpartition(".")
            models = _models_at(model, location[:-1])
            groups = [] if isinstance(given, Mapping) else _groups_with(key, models)
            if groups:
                places = " or ".join(f"{group}: {{{key}: {shown(given)}}}" for group in groups)
                return f"unknown key '{key}' in {parent or 'the study file'}: '{key}' belongs to {places}"
            if key in _OF_THE_COMMAND:
                flag = f"--{key.replace('_', '-')} {one_line(str(given), _NAME)}"
                return f"unknown key '{key}' in {parent or 'the study file'}: it is an option of seedwise run: {flag}"
            allowed = list(dict.fromkeys(f for m in models for f in m.model_fields))
            return mistake("key", key, [*allowed, *more], parent or "the study file")
        case "invalid_key" | "string_type" if first["type"] == "invalid_key" or location[-1] == "[key]":
            parent = place.removesuffix(path[-1]).rstrip(".")
            return f"the key {shown(given)} in {parent or 'the study file'} is no text: write it in quotes"
        case "missing":
            return f"{place} is missing"
        case "union_tag_not_found":
            return f"{place} needs a name: {place.rpartition('.')[2]}: {{name: ...}}"
        case "union_tag_invalid":
            allowed = [tag.strip("'") for tag in first["ctx"]["expected_tags"].split(", ")]
            own = _OWN if any(issubclass(one, OwnPart) for one in _models_at(model, location)) else ""
            return mistake(path[-1], first["ctx"]["tag"], allowed, place.rpartition(".")[0]) + own
        case "literal_error":
            allowed = [tag.strip("'") for tag in first["ctx"]["expected"].replace(" or ", ", ").split(", ")]
            return mistake(path[-1], given, allowed, place.rpartition(".")[0])
        case "unknown_name":
            return mistake(path[-1], given, first["ctx"]["allowed"], place.rpartition(".")[0]) + _OWN
        case "value_error":
            reason = one_line(without_long_echoes(str(first["ctx"]["error"])), _REASON)
            return f"{place}: {reason}" if place else reason
        case "string_pattern_mismatch":
            form = "a name has letters, digits and . _ + = -, and begins with a letter or digit"
            return f"{place} is {shown(given)}: {form}"
        case _:
            what = first["msg"][0].lower() + first["msg"][1:]
            return f"{place} is {shown(given)}: {what}"


def _groups_with(key: str, models: Sequence[type[BaseModel]]) -> list[str]:
    """Return the groups of options, one level down, in which a key would stand."""
    return list(
        dict.fromkeys(
            name
            for model in models
            for name, field in model.model_fields.items()
            if key != "name"
            and typing.get_origin(field.annotation) is not list
            and any(key in inner.model_fields for inner in _models_in(field.annotation))
        )
    )


def _place(path: list[str], prefix: str, where: Mapping[tuple[str, ...], str]) -> str:
    for length in range(len(path), 0, -1):
        method = where.get(tuple(path[:length]))
        if method is not None:
            # Methods override the keys of 'train' directly.
            return _joined([method, *(path[1:] if path[0] == "train" else path)])
    return _joined([*([prefix] if prefix else []), *path])


def _joined(path: Sequence[str]) -> str:
    return one_line(".".join(one_line(part, _NAME) for part in path), _PLACE)


def _without_tags(model: type[BaseModel] | None, location: list[str]) -> list[str]:
    """Drop the names that pydantic adds where a group can be one of several."""
    path: list[str] = []
    for k, part in enumerate(location):
        before = _models_at(model, location[:k])
        is_tag = len(before) > 1 and any(_tag(m) == part for m in before)
        if not is_tag and part not in ("[key]",):
            path.append(part)
    return path


def _models_at(model: type[BaseModel] | None, location: Sequence[str]) -> list[type[BaseModel]]:
    current = [] if model is None else [model]
    for part in location:
        if len(current) > 1 and any(_tag(m) == part for m in current):
            current = [m for m in current if _tag(m) == part]
        elif not part.isdigit() and any(part in m.model_fields for m in current):  # else a name that the user chose
            current = [
                inner
                for m in current
                if part in m.model_fields
                for inner in _models_in(m.model_fields[part].annotation)
            ]
    return current


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("name")
    arguments = typing.get_args(field.annotation) if field else ()
    return str(arguments[0]) if len(arguments) == 1 else None
