"""Write the pages that are made from the code: python docs/reference.py

reference.md is what a study file can name, from the declarations, study-keys.md its keys; command-line.md is made from
typer, glossary.md of the glossary of reports and of words of studies.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from seedwise import registry
from seedwise.data import series_of, size_of
from seedwise.registry import Entry, Objects, Table, resolve
from seedwise.reporting._glossary import GLOSSARY, WORDS
from seedwise.statistics.sequential.questions import QUESTIONS

sys.path.insert(0, str(Path(__file__).parent))
import command_line
import study_keys

PAGE = Path(__file__).parent / "reference.md"
GLOSSARY_PAGE = Path(__file__).parent / "glossary.md"

HEAD = """# What a study file can name

Made from the declarations by `python docs/reference.py`. A name alone is short for a group: `loss: vml` is
`loss: {name: vml}`. Where a built-in name works, `"module:name"` of your own does too: [Your own parts](own-parts.md).
Which keys a study file has: [All keys](study-keys.md).
"""

_LOSSES = (
    "For forecasts and regressions `loss: mse` is short for `squared_error`, the plain loss. "
    f"{', '.join(f'`{name}`' for name in registry.CONTROLLERS)} take `base`, the loss that they control: one of "
    f"{', '.join(f'`{name}`' for name in registry.OBJECTIVES)}, or your own."
)

KINDS: tuple[tuple[str, str, Table], ...] = (
    ("`question:`", "", {"question": registry.QUESTION}),
    ("`model:` of images", "With `selection: {k: 8}` weights are chosen instead of learned.", registry.NETWORKS),
    ("`model:` of tables", "", registry.TABULAR),
    ("`model:` of time series", "", registry.FORECASTERS),
    ("`train: {loss: ...}`", _LOSSES, registry.LOSSES),
    ("`train: {optimizer: ...}`", "Each takes `lr`, the rate at its peak, and `groups`.", registry.OPTIMIZERS),
    ("`train: {schedule: ...}`", "Each takes `warmup_epochs`, in which the rate rises.", registry.SCHEDULES),
    ("`train: {averaging: ...}`", "Which weights are evaluated and kept.", registry.AVERAGES),
    ("Further ways to train", "Each is a key of `train:`.", registry.WAYS),
    ("`model: {selection: ...}`", "", {"selection": registry.SELECTION}),
    ("Forecasts without training", "Their errors are listed with those of every forecasting run.", registry.BASELINES),
    ("Executors", "Where runs are trained: `Study.run(executor=...)`.", registry.EXECUTORS),
)
"""What has options."""


def _image_sets() -> Iterator[tuple[str, ...]]:
    yield "dataset", "", "training", "test", "classes", "image", "moved by up to", "mirrored"
    for name, place in registry.DATASETS.items():
        size = size_of(name)
        image = " x ".join(map(str, size.image))
        sizes = str(size.train), str(size.test), str(size.classes), image, str(size.shift), "yes" if size.flip else "no"
        yield name, _first_sentence(place), *sizes


def _tables() -> Iterator[tuple[str, ...]]:
    yield "table", ""
    for name, place in registry.TABLES.items():
        yield name, _first_sentence(place)


def _kinds() -> Iterator[tuple[str, ...]]:
    yield "kind", "plain loss", "every run records", "further metrics"
    for name, place in registry.KINDS.items():
        kind = resolve(place)
        further = [metric for metric in kind.metrics if metric not in kind.recorded]
        yield name, f"`{kind.own_losses[0]}`", ", ".join(kind.recorded), ", ".join(further)


def _series() -> Iterator[tuple[str, ...]]:
    yield "series", "training rows", "validation rows", "test rows", "from"
    for name in registry.SERIES:
        series = series_of(name)
        yield name, *(str(len(series.splits[split])) for split in ("train", "validation", "test")), series.files.address


def _metrics(table: Objects) -> Iterator[tuple[str, ...]]:
    yield "metric", "", "unit", "better", "by chance, of 10 classes"
    for name, place in table.items():
        metric = resolve(place).declared.of(name, 10)
        chance = "" if metric.chance is None else f"{metric.chance:.3g}"
        yield name, _first_sentence(place), metric.unit, "higher" if metric.higher_is_better else "lower", chance


def _views() -> Iterator[tuple[str, ...]]:
    yield "view", "mirrors", "moves", *(f"predictions of an image moved by up to {pixels}" for pixels in (1, 2, 4))
    for name, place in registry.VIEWS.items():
        view = resolve(place)
        counts = (str(len(view.rows(pixels, flip=True))) for pixels in (1, 2, 4))
        yield name, *("yes" if does else "no" for does in (view.mirrors, view.shifts)), *counts


def _topics(table: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    yield "topic", "heading"
    for name, place in table.items():
        yield name, resolve(place).title


def _growing() -> Iterator[tuple[str, ...]]:
    yield "question", "it compares", "an effect is"
    for name, asked in QUESTIONS.items():
        yield name, asked.heading, asked.effect.rstrip(",")


_ARGUMENTS = re.compile(r"\n\n(?:Args|Attributes):\n")
_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
_WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text", Path: "path"}


def _lists() -> Iterator[tuple[str, str, Iterator[tuple[str, ...]]]]:
    """Yield what has no options: a heading, a sentence, and the rows of a table."""
    yield ("`task: {dataset: ...}` of images", "None has options.", _image_sets())
    yield (
        "`task: {kind: ...}`",
        "Of a table, `dataset: {csv: FILE, target: [COLUMN]}`, which takes `split` and `ignore` besides; images have "
        "classes and time series forecasts without it.",
        _kinds(),
    )
    yield (
        "`task: {dataset: ...}` of tables",
        "Each has the column `target`.",
        _tables(),
    )
    yield (
        "`task: {dataset: ...}` of time series",
        "`{name: etth1, lookback: 96, horizon: 96}` says how many rows are seen and forecast, and `target` which "
        "columns are scored. `{csv: FILE}` takes `time` and `split` besides.",
        _series(),
    )
    yield (
        "`task: {metrics: [...]}` of classes",
        "Every run records these; the first listed is the primary one.",
        _metrics(registry.METRICS),
    )
    yield ("`task: {metrics: [...]}` of forecasts", "", _metrics(registry.ERRORS))
    for name, kind in registry.KINDS.items():
        if (table := resolve(kind).metrics) not in (registry.METRICS, registry.ERRORS):
            own = {metric: place for metric, place in table.items() if place not in registry.METRICS.values()}
            besides = "" if len(own) == len(table) else "And those of classes."
            yield (f"`task: {{metrics: [...]}}` of `kind: {name}`", besides, _metrics(own))
    yield ("Views in `readouts:`", "Each repeats what training does to images of the dataset.", _views())
    yield ("`until: {question: ...}`", "", _growing())
    yield (
        "Topics of the report of a study",
        "The names are those of the files of tables.",
        _topics(registry.STUDY_TOPICS),
    )
    yield ("Topics of the report of a search", "", _topics(registry.SEARCH_TOPICS))


def page() -> str:
    """Return the page."""
    kinds = (line for kind in KINDS for line in _kind(*kind))
    return "\n".join([HEAD, *kinds, *(line for listed in _lists() for line in _list(*listed))])


def _list(title: str, text: str, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield from (f"## {title}", "")
    if text:
        yield from (text, "")
    head, *entries = rows
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for name, *cells in entries:
        yield f"| {' | '.join([f'`{name}`', *map(_plain, cells)])} |"
    yield ""


def _first_sentence(place: str) -> str:
    return (inspect.getdoc(resolve(place)) or "").partition("\n\n")[0].removeprefix("Return ").removeprefix("Load ")


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
    return _ARGUMENTS.split(declared)[0]


def _options(entry: Entry) -> Iterator[str]:
    declared = resolve(entry.options) if entry.options else None
    if declared is None or not dataclasses.fields(declared):
        return
    meanings = _meanings("".join(_ARGUMENTS.split(inspect.getdoc(declared) or "")[1:]))
    hints = typing.get_type_hints(declared, include_extras=True)
    yield from ("| option | | default | |", "|---|---|---|---|")
    for field in dataclasses.fields(declared):
        marks = _marks(hints[field.name])
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


def _marks(hint: Any) -> dict[str, Any]:
    """Return the limits and defaults that ``Annotated`` adds to a type."""
    said = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return dict(mark for mark in said if isinstance(mark, tuple))


def _type(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        marks = _marks(hint)
        if "part" in marks:
            return f"a {marks['part']}, or your own"
        limits = " and ".join(f"{word} {marks[key]:g}" for key, word in _LIMITS.items() if key in marks)
        kind, null, _ = _type(args[0]).partition(" or null")
        return f"{kind} {limits}".strip() + null
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


def glossary() -> str:
    """Return the page of the glossary."""
    words = sorted({**WORDS, **GLOSSARY}.items(), key=lambda entry: entry[0].lower())
    lines = (f"| **{word}** | {meaning} |" for word, meaning in words)
    return "\n".join(
        ["# Glossary", "", "Words of tables, reports and study files.", "", "| | |", "|---|---|", *lines, ""]
    )


def pages() -> dict[Path, str]:
    """Return every page that is made from the code."""
    made = {module.PAGE: module.page() for module in (command_line, study_keys)}
    return {PAGE: page(), GLOSSARY_PAGE: glossary(), **made}


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
