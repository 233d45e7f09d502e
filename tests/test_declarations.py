"""Options are declared once: the schema, the messages and the call are made from the dataclass."""

import dataclasses
import functools
import inspect
import math
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from pydantic import TypeAdapter, ValidationError, create_model

from seedwise import registry
from seedwise.declarations import STUDY_FILE, Group, Options, OwnPart, Part, one_of, schema, schemas
from seedwise.registry import Entry, resolve
from seedwise.study._error_messages import describe

TABLES = {name: table for name, table in vars(registry).items() if isinstance(table, dict) and name.isupper()}
ENTRIES = {f"{kind}.{name}": entry for kind, table in TABLES.items() for name, entry in table.items()}
OBJECTS = [ENTRIES.pop(name) for name, entry in list(ENTRIES.items()) if isinstance(entry, str)]
ENTRIES |= {"SELECTION": registry.SELECTION, "QUESTION": registry.QUESTION}
OPTIONS = sorted({entry.options for entry in ENTRIES.values() if entry.options})


def test_every_kind_is_here():
    assert {"DATASETS", "SERIES", "METRICS", "ERRORS", "VIEWS"} <= set(TABLES)
    assert {"NETWORKS", "FORECASTERS", "LOSSES", "OPTIMIZERS", "SCHEDULES", "AVERAGES", "WAYS"} <= set(TABLES)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_what_is_made_takes_the_options_that_are_declared(entry):
    declared = {f.name for f in dataclasses.fields(resolve(entry.options))} if entry.options else set()
    taken = inspect.signature(resolve(entry.make)).parameters
    whole = (entry.options or "").rpartition(":")[2]  # an executor takes the declaration itself
    as_it_is = whole and any(whole in str(one.annotation).split(" | ") for one in taken.values())
    assert as_it_is or declared <= set(taken)


@pytest.mark.parametrize("name", OPTIONS)
def test_declarations_are_documented_and_frozen(name):
    declared = resolve(name)
    assert declared.__doc__
    assert not declared.__doc__.startswith(f"{declared.__name__}("), "a docstring made by dataclass says nothing"
    assert declared.__dataclass_params__.frozen


def test_no_declaration_needs_torch():
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom seedwise.registry import resolve\n"
        f"print(*(resolve(name) is not None for name in {OPTIONS + OBJECTS!r}))\n"
        "import seedwise.training"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(OPTIONS) + len(OBJECTS)


# Limits mean the same to the dataclass and in a study file.


def accepted(make):
    try:
        make()
    except (TypeError, ValueError):
        return False
    return True


def edges(limits):
    for limit in limits.values():
        yield from (limit, math.nextafter(limit, -math.inf), math.nextafter(limit, math.inf), limit - 1, limit + 1)


def numbers_to_try():
    for name in ("vml", "clf"):
        entry = registry.LOSSES[name]
        for option, hint in inspect.get_annotations(resolve(entry.options), eval_str=True).items():
            if "Literal" in str(hint):
                yield name, option, "no such word"
                continue
            limits = dict(pair for part in (hint, *getattr(hint, "__args__", ())) for pair in pairs(part))
            for value in {*edges(limits), math.inf, math.nan}:
                yield name, option, int(value) if "int" in str(hint) and value == value // 1 else value


def pairs(hint):
    return [pair for pair in getattr(hint, "__metadata__", ()) if isinstance(pair, tuple)]


@pytest.mark.parametrize(("name", "option", "value"), list(numbers_to_try()))
def test_a_limit_is_the_same_in_python_and_in_a_study_file(name, option, value):
    entry = registry.LOSSES[name]
    in_python = accepted(lambda: resolve(entry.options)(**{option: value}))
    # Of the schema alone: the dataclass behind it would refuse what the schema lets through.
    field = schema(Part, name, entry).model_fields[option]
    hint = functools.reduce(lambda hint, limit: Annotated[hint, limit], field.metadata, field.annotation)
    alone = TypeAdapter(hint, config=Options.model_config)
    assert accepted(lambda: alone.validate_python(value)) == in_python


# The mechanism itself, with declarations of its own.


@dataclass(frozen=True)
class Inner:
    """Inner."""

    share: Annotated[float, ("gt", 0), ("lt", 1)] = 0.5


@dataclass(frozen=True)
class Declared:
    """Several."""

    size: Annotated[int, ("ge", 1)]
    mode: Literal["fast", "slow"] = "fast"
    betas: tuple[Annotated[float, ("lt", 1)], Annotated[float, ("lt", 1)]] = (0.9, 0.99)
    steps: list[Annotated[int, ("ge", 1)]] = field(default_factory=list)
    limit: Annotated[float, ("gt", 0)] | None = None
    exact: Annotated[bool, ("in_study_files", True)] = False

    def __post_init__(self):
        if self.limit is not None and self.limit < self.size:
            raise ValueError(f"limit {self.limit} is below size {self.size}")


@dataclass(frozen=True)
class Around:
    """Around another."""

    inner: Annotated[object, ("part", "inner")]


def made(**options):
    return options


HERE = {"inner": Entry("declared_here:Inner", "declared_here:made"), "plain": Entry(None, "declared_here:made")}


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setitem(sys.modules, "declared_here", sys.modules[__name__])


@pytest.fixture
def several(here):
    return schema(Group, "several", Entry("declared_here:Declared", "declared_here:made"))


def test_options_come_as_declared(several):
    group = several.model_validate({"size": 3, "betas": [0.5, 0.25]})
    assert group.options == Declared(3, betas=(0.5, 0.25))
    assert group.make(mode="slow") == {**dataclasses.asdict(Declared(3, betas=(0.5, 0.25))), "mode": "slow"}
    assert group.model_dump(mode="json", exclude_defaults=True) == {"size": 3, "betas": [0.5, 0.25]}
    assert several.model_validate({"size": 3, "steps": [], "limit": None}).model_dump(exclude_defaults=True) == {
        "size": 3
    }


def test_a_default_of_study_files_is_not_that_of_a_name(several):
    assert several.model_validate({"size": 1}).exact is False
    assert several.model_validate({"size": 1}, context=STUDY_FILE).exact is True
    assert several.model_validate({"size": 1, "exact": False}, context=STUDY_FILE).exact is False


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "several.size is missing"),
        ({"size": 0}, "several.size is 0: input should be greater than or equal to 1"),
        ({"size": 1, "mode": "fats"}, "unknown mode 'fats' in several: did you mean 'fast'? allowed: fast, slow"),
        ({"size": 1, "betas": [0.5, 1]}, "several.betas.1 is 1: input should be less than 1"),
        ({"size": 1, "steps": [2, 0]}, "several.steps.1 is 0: input should be greater than or equal to 1"),
        ({"size": 1, "limit": 0}, "several.limit is 0: input should be greater than 0"),
        ({"size": 1, "limit": math.nan}, "several.limit is nan: input should be a finite number"),
        ({"size": 5, "limit": 3}, "several: limit 3.0 is below size 5"),
        (
            {"size": 1, "mod": "slow"},
            "unknown key 'mod' in several: did you mean 'mode'? allowed: size, mode, betas, steps, limit, exact",
        ),
    ],
)
def test_messages_are_made_from_it(several, given, line):
    model = create_model("Study", __base__=Options, several=(several, ...))
    with pytest.raises(ValidationError) as caught:
        model.model_validate({"several": given})
    assert describe(caught.value, model) == line


def test_a_part_may_hold_another(here):
    entry = Entry("declared_here:Around", "declared_here:made")
    around = schema(Part, "around", entry, {"inner": one_of(schemas(Part, HERE))})
    short, long = ({"name": "around", "inner": inner} for inner in ("inner", {"name": "inner", "share": 0.5}))
    assert around.model_validate(short) == around.model_validate(long)
    assert around.model_validate(short).options == Around(Inner(0.5))
    assert [group.name for group in around.model_validate(short).with_inner()] == ["around", "inner"]
    with pytest.raises(ValidationError, match="less than 1"):
        around.model_validate({"name": "around", "inner": {"name": "inner", "share": 2}})


class Own(OwnPart):
    calls = "make(**options)"
    offered = ("base",)


def test_one_of_several_is_told_by_its_name_and_the_users_own_by_the_colon(here):
    either = TypeAdapter(one_of(schemas(Part, HERE), Own))
    assert either.validate_python("plain").make() == {}
    own = either.validate_python({"name": "declared_here:made", "depth": 3})
    assert own.make() == {"depth": 3}
    assert either.validate_python(own) is own
    with pytest.raises(ValidationError, match="there is no function 'nothing'"):
        either.validate_python("declared_here:nothing")
    for mistake in ("outer", {"name": ["inner"]}):
        with pytest.raises(ValidationError, match="'inner', 'plain'"):
            either.validate_python(mistake)
