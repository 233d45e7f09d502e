"""Study files that were changed or made up: each is planned, or refused in one line.

Recipes, examples of the documentation's kind and files that are made of the declarations are changed in a few places:
keys (misspelt, moved, deleted, given twice), types, nesting, sizes, numbers at and beyond every limit, texts that a
terminal or UTF-8 has trouble with, and the YAML itself (anchors, tags, indentation, bytes). What is planned must be
planned again from what the store would remember of it, to the same ids. What is refused must be one line of at most
420 characters. Neither may take longer than seconds nor hundreds of megabytes, nor import torch.

    PYTHONPATH=src python benchmarks/campaigns/study_files.py --n 20000
"""

from __future__ import annotations

import copy
import dataclasses
import json
import random
import resource
import signal
import sys
import traceback
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml

sys.path.insert(0, str(Path(__file__).parent))

from command import problem_of_line, run_campaign

from seedwise import registry
from seedwise.errors import SeedwiseError
from seedwise.randomness import SOURCES
from seedwise.registry import Entry, resolve
from seedwise.study import Study, recipe_names, recipe_text
from seedwise.study._study_file import check_study

SECONDS, MEGABYTES = 30.0, 500.0
CHANGES = 4
"""At most so many changes of one file."""

Tree = Any
Place = tuple[Any, Any]
"""A mapping or list, and a key or position in it."""

# Values


_NUMBERS = [
    0, 1, -1, 2, 3, 7, 20, 255, 256, 1000, 100_000, 100_001, 10**6, 2**31, 2**53, 2**63, 2**64, 10**400, -(2**63),
    0.0, -0.0, 0.1, 0.5, 1.0, 1.5, 1e-3, 1e-4, 1e-308, 5e-324, 1e308, -1e308, float("inf"), float("-inf"),
    float("nan"), True, False,
]  # fmt: skip
_TEXTS = [
    "", " ", "a", "all", "none", "base", "null", "~", "yes", "no", "on", "1", "-1", "1e3", "0x1f", "1:30", "1_000",
    "2024-01-01", "{}", "[]", "[x", "{{", "%s", "{0}", "{name}", "a b", "a\tb", "a\nb\nc", "a\r", "\x00", "\x1b[31mred",
    "\u202egnp.exe", "\ufeffbom", "é", "e\u0301", "ünlü", "数据", "😀", "\ud800", "\U0001f469\u200d\U0001f52c",
    "\u2028", "\x85",
    "a/b", "../../x", "/etc/passwd", "C:\\x", ".", "..", "-", "--help", "=1+1", "@x", "a:b", "a:", ":b",
    "os:getcwd", "math:pi", "json:JSONDecoder", "no_such_module:x", "json:no_such_name", "a b:c", "x" * 300,
    "x" * 70_000,
    "k" * 40 + ".db", "init+shuffle", "init+init", "all+split", "two-by-two", "ensemble-5", "ensemble-0", "ensemble--1",
    "ensemble-99999999999999999999", "flip", "crop25", "mean-5", "recipe:digits", "~/x", "$HOME", "`id`", "CON", "nul",
]  # fmt: skip
_KEYS = [
    *["name", "task", "model", "train", "methods", "regimes", "replicates", "question", "until", "keep", "readouts"],
    *["evaluate", "checkpoint", "limits", "seeds", "tasks", "sweep", "scales", "published", "published_ranges", "tune"],
    *["epochs", "batch_size", "optimizer", "lr", "loss", "schedule", "function", "config", "dataset", "factor", "base"],
    *["selection", "averaging", "snapshots", "sharpness", "precision", "compile", "threads", "deterministic", "groups"],
    *["first_replicate", "fixed_values", "source", "augment", "metrics", "primary", "validation", "warmup_epochs"],
]


def value(rng: random.Random, depth: int = 0) -> Tree:
    """Draw a value of any type."""
    kind = rng.randrange(10 if depth < 4 else 7)
    if kind < 3:
        return rng.choice(_NUMBERS)
    if kind < 6:
        return rng.choice(_TEXTS)
    if kind == 6:
        return None
    if kind == 7:
        return [value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 3)))]
    if kind == 8:
        return {rng.choice(_KEYS): value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 3)))}
    return key(rng)


def key(rng: random.Random) -> str:
    """Draw a key, most often one that means something somewhere."""
    return rng.choice(_KEYS) if rng.random() < 0.7 else rng.choice(_TEXTS)


def large(rng: random.Random) -> Tree:
    """Draw something large or deep."""
    many = rng.choice((100, 1001, 5000, 20_000))
    kind = rng.randrange(6)
    if kind == 0:
        return list(range(many))
    if kind == 1:
        return {f"m{k}": {} for k in range(many)}
    if kind == 2:
        return ["all"] * many
    if kind == 3:
        return "x" * many * 10
    inner: Tree = 1
    for _ in range(rng.choice((10, 55, 70, 400))):
        inner = [inner] if kind == 4 else {"a": inner}
    return inner


# Files that are made of the declarations


def declared(entry: Entry, rng: random.Random, name: str | None = None) -> Tree:
    """Draw options of a declaration: some of them, most within their limits."""
    options = resolve(entry.options) if entry.options else None
    fields = dataclasses.fields(options) if options else ()
    hints = typing.get_type_hints(options, include_extras=True) if options else {}
    drawn = {field.name: _option(hints[field.name], rng) for field in fields if rng.random() < 0.5}
    if name is None:
        return drawn
    return name if not drawn and rng.random() < 0.5 else {"name": name, **drawn}


def _option(hint: Any, rng: random.Random) -> Tree:
    if rng.random() < 0.05:
        return value(rng)
    limits: dict[str, Any] = {}
    if get_origin(hint) is Annotated:
        hint, *pairs = get_args(hint)
        limits = {pair[0]: pair[1] for pair in pairs if isinstance(pair, tuple)}
    if "part" in limits:
        table = registry.CONTROLLERS if limits["part"] == "controller" else registry.LOSSES
        name = rng.choice(list(table))
        return declared(table[name], rng, name)
    if get_origin(hint) is Literal:
        return rng.choice(get_args(hint))
    kinds = [kind for kind in (get_args(hint) or (hint,)) if kind is not type(None)]
    if bool in kinds:
        return rng.random() < 0.5
    if int in kinds or float in kinds:
        low = limits.get("ge", limits.get("gt", 0))
        high = limits.get("le", limits.get("lt", low + rng.choice((1, 10, 1000))))
        if int in kinds:
            return rng.randint(int(low), max(int(low), int(high)))
        return rng.choice((low, high, rng.uniform(low, high), round(rng.uniform(low, high), 2)))
    if str in kinds:
        return rng.choice(_TEXTS)
    return value(rng)


_TABLES = {"regression": "diabetes", "binary": "breast_cancer", "classification": "breast_cancer"}


def _learns(entry: registry.Entry, kind: str) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(registry.resolve(entry.options), "learns", (kind,)) if entry.options else (kind,)
    return found


def made(rng: random.Random) -> Tree:
    """Make a study up, most often one that can be planned."""

    def part(table: registry.Table) -> Tree:
        name = rng.choice(list(table))
        return declared(table[name], rng, name)

    of = rng.choices(("images", "series", "table"), (7, 2, 1))[0]
    forecasts = of == "series"
    table_kind = rng.choice(list(_TABLES))
    kind = {"images": "classification", "series": "forecasting", "table": table_kind}[of]
    losses = {name: entry for name, entry in registry.LOSSES.items() if kind in _learns(entry, kind)}
    optimizer = part(registry.OPTIMIZERS)
    optimizer = {"name": optimizer} if isinstance(optimizer, str) else optimizer
    train: dict[str, Tree] = {
        "epochs": rng.randint(1, 40),
        "batch_size": rng.choice((16, 64, 500)),
        "optimizer": optimizer | {"lr": rng.choice((0.1, 0.01, 1e-3))},
    }
    for name, table in (("loss", losses), ("schedule", registry.SCHEDULES), ("averaging", registry.AVERAGES)):
        if rng.random() < 0.3:
            train[name] = part(table)
    for name, entry in registry.WAYS.items():
        if rng.random() < 0.1:
            train[name] = declared(entry, rng)
    model = part({"images": registry.NETWORKS, "series": registry.FORECASTERS, "table": registry.TABULAR}[of])
    if of == "images" and rng.random() < 0.2:
        model = ({"name": model} if isinstance(model, str) else model) | {
            "selection": declared(registry.SELECTION, rng)
        }
    task: dict[str, Tree] = {"dataset": rng.choice(list(registry.SERIES if forecasts else registry.DATASETS))}
    if of == "table":
        task = {"kind": table_kind, "dataset": _TABLES[table_kind]}
    elif of == "images" and rng.random() < 0.2:
        task |= {"label_noise": rng.choice((0, 0.2, 0.9)), "imbalance": rng.choice((1, 10, 100))}
    if forecasts and rng.random() < 0.8:
        task |= {"lookback": rng.choice((96, 336)), "horizon": rng.choice((96, 192))}
    study: dict[str, Tree] = {"name": "made-up", "task": task, "model": model, "train": train}
    study["methods"] = {"base": {}} | {f"m{k}": {"loss": part(losses)} for k in range(rng.randrange(4))}
    sources = rng.sample(SOURCES, rng.randint(1, 3))
    some: dict[str, Callable[[], Tree]] = {
        "regimes": lambda: rng.choice((["all"], ["none", "all"], ["+".join(sources)], "two-by-two", list(sources))),
        "replicates": lambda: rng.choice((1, 2, 5, 20)),
        "fixed_values": lambda: rng.choice((1, 3)),
        "first_replicate": lambda: rng.choice((0, 7, 2**40)),
        "readouts": lambda: rng.sample([*registry.VIEWS, "ensemble-2", "ensemble-5"], 2),
        "keep": lambda: {"weights": rng.choice(("none", "final", "snapshots")), "last_epochs": rng.choice((0, 3))},
        "question": lambda: {"sd_ratio": rng.uniform(0.1, 0.9), "factor": rng.uniform(1.1, 3)},
        "until": lambda: {"question": rng.choice(("spread", "mean", "sd", "churn")), "effect": 0.7},
        "seeds": lambda: [{source: rng.randrange(5) for source in sources} for _ in range(3)],
        "sweep": lambda: {"base": {"optimizer.lr": [0.1, 0.2], "batch_size": [16, 32]}},
        "tasks": lambda: {"one": {}, "two": {"task": {"dataset": rng.choice(list(registry.DATASETS))}}},
        "scales": lambda: {"small": {"replicates": 2, "train": {"epochs": 1}}},
        "limits": lambda: {"seconds": rng.uniform(1, 600), "retries": rng.randrange(4)},
        "evaluate": lambda: {"every_epoch": rng.random() < 0.5},
    }
    for name in rng.sample(list(some), rng.randint(0, 5)):
        study[name] = some[name]()
    return study


# Changes


def places(tree: Tree) -> Iterator[Place]:
    """Yield every place of a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for at, below in list(inner):
        yield tree, at
        yield from places(below)


def change(tree: Tree, rng: random.Random) -> str:
    """Change a tree in one place; return what was done."""
    found = list(places(tree))
    if not found:
        return "nothing"
    parent, at = rng.choice(found)
    kind = rng.choice(
        ("value", "value", "value", "number", "number", "type", "delete", "rename", "rename", "typo", "add", "add",
         "move", "swap", "wrap", "large", "repeat")
    )  # fmt: skip
    old = parent[at]
    match kind:
        case "value":
            parent[at] = value(rng)
        case "number":
            numbers = [p for p in found if isinstance(p[0][p[1]], int | float)]
            parent, at = rng.choice(numbers or found)
            old = parent[at]
            near = [old + 1, old - 1, -old, old * 1000, str(old)] if isinstance(old, int | float) else []
            near += [old / 3] if isinstance(old, float) else [old // 3] if isinstance(old, int) else []
            parent[at] = rng.choice([*near, *rng.sample(_NUMBERS, 6)])
        case "type":
            parent[at] = rng.choice([str(old), [old], {"name": old}, {}, [], None, 0, "x"])
        case "delete":
            del parent[at]
        case "rename" | "typo" if isinstance(parent, dict):
            name = str(at)
            k = rng.randrange(len(name) + 1)
            typos = [name[:k] + name[k + 1 :], name[:k] + "x" + name[k:], name.upper(), f" {name}", name + "s"]
            new = rng.choice(typos) if kind == "typo" else key(rng)
            pairs = [(new if one == at else one, own) for one, own in parent.items()]
            parent.clear()
            parent.update(pairs)
        case "add" if isinstance(parent, dict):
            parent[key(rng)] = value(rng)
        case "add":
            parent.insert(at, value(rng))
        case "move" | "swap":
            other, there = rng.choice(found)
            mine, its = copy.deepcopy((old, other[there]))
            other[there] = mine
            parent[at] = its if kind == "swap" else old
        case "wrap":
            parent[at] = rng.choice(([old], {"name": old}, {"config": old}, [[old]], {"a": {"b": old}}))
        case "large":
            parent[at] = large(rng)
        case "repeat" if isinstance(parent, list):
            parent.extend([old] * rng.choice((1, 2, 500)))
    return kind


def respelled(text: str, rng: random.Random) -> bytes:
    """Change the text of a file, or its bytes."""
    lines = text.split("\n")
    k, at = rng.randrange(len(lines)), rng.randrange(len(text) + 1)
    kind = rng.randrange(14)
    if kind == 0:
        lines.insert(k, lines[rng.randrange(len(lines))])
    elif kind == 1:
        del lines[k]
    elif kind == 2:
        lines[k] = rng.choice((" ", "  ", "\t", "- ", "? ", "! ", "& ", "* ", "%", "@", "`")) + lines[k]
    elif kind == 3:
        tags = (
            "!!timestamp",
            "!!binary",
            "!!python/object:os.system",
            "!!set",
            "!!omap",
            "!!int",
            "!!float",
            "!x",
            "!!null",
        )
        lines[k] = lines[k].replace(": ", f": {rng.choice(tags)} ", 1)
    elif kind == 4:
        lines[k] = lines[k].replace(":", ": &a", 1) if rng.random() < 0.5 else lines[k].split(":")[0] + ": *a"
    elif kind == 5:
        bomb = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
        bomb += [f"a{j}: &a{j} [{', '.join([f'*a{j - 1}'] * 9)}]" for j in range(1, rng.choice((3, 6, 12)))]
        lines = [*lines, *bomb]
    elif kind == 6:
        lines = [*lines, rng.choice(("---", "...", "--- !!map", "%YAML 1.1")), *lines]
    elif kind == 7:
        lines.insert(k, "<<: " + rng.choice(("{epochs: 3}", "[{a: 1}, {b: 2}]", "1", "*a", "[1]")))
    elif kind == 8:
        return text[:at].encode()
    elif kind == 9:
        return text.encode(rng.choice(("utf-16", "utf-8-sig", "utf-32", "utf-8"))).replace(b"\n", b"\r\n")
    elif kind == 10:
        raw = bytearray(text.encode())
        for _ in range(rng.randint(1, 3)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        return bytes(raw)
    elif kind == 11:
        signs = (
            "\x00",
            "\x1b",
            "\u202e",
            "\ufeff",
            '"',
            "'",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "#",
            "|",
            ">",
            "\\",
            "\xa0",
        )
        text = text[:at] + rng.choice(signs) + text[at:]
        return text.encode()
    elif kind == 12:
        return rng.choice(
            (b"", b"\n", b"---", b"null", b"[]", b"1", b"x", b"{}", b"\xff\xfe", b"SQLite format 3\0", b"- a")
        )
    else:
        size = rng.choice((70, 400, 3000, 100_000))
        lines.append("deep: " + rng.choice(("[" * size, "{a: " * size, "[" * size + "]" * size, "- " * size)))
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def drawn(source: list[Tree], rng: random.Random) -> tuple[bytes, str | None, list[str]]:
    """Draw a study file.

    Returns:
        The file, the scale that is asked for, and what was done to it.

    """
    tree = copy.deepcopy(rng.choice(source)) if rng.random() < 0.6 else made(rng)
    done = [change(tree, rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 3, CHANGES)))]
    scales = tree.get("scales") if isinstance(tree, dict) else None
    names = [*scales, "full"] if isinstance(scales, dict) else []
    scale = str(rng.choice(names)) if names and rng.random() < 0.9 else rng.choice((None,) * 20 + ("", "x" * 300))
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=rng.random() < 0.5, default_flow_style=None)
    if rng.random() < 0.25:
        return respelled(text, rng), scale, [*done, "text"]
    return text.encode("utf-8", "surrogatepass"), scale, done or ["nothing"]


# How a file ends


@contextmanager
def deeper() -> Iterator[None]:
    """Let trees be copied and written that are nested deeper than python allows; not the program that reads them."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(50_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


class TooSlowError(BaseException):
    """Nobody catches it on the way."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Stop what takes longer."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def megabytes() -> float:
    """Return how much memory this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def planned(path: Path, scale: str | None) -> int:
    """Plan a study, and again from what a store would remember of it; return the number of runs."""
    study = Study.from_yaml(path, scale=scale)
    ids = [p.spec.id for p in study.plan()]
    remembered = json.loads(json.dumps(study.describe(), allow_nan=False).encode())
    again = Study(check_study(remembered["spec"]))
    if [p.spec.id for p in again.plan()] != ids:
        raise AssertionError("planned from what the store remembers, it has other ids")
    return len(ids)


def end_of(path: Path, scale: str | None) -> tuple[str, str]:
    """Return how a file ends, in capitals if as it must not, and the message."""
    before, had_torch = megabytes(), "torch" in sys.modules
    try:
        with deadline(SECONDS):
            end, text = "planned", f"{planned(path, scale)} runs"
    except SeedwiseError as error:
        text = str(error)
        end = problem_of_line(text, path) or "refused"
    except TooSlowError:
        end, text = "TOO SLOW", f"more than {SECONDS:g} s of processor time"
    except Exception:
        end, text = "TRACEBACK", traceback.format_exc(limit=-6)
    if "torch" in sys.modules and not had_torch:
        end = "IMPORTED TORCH"
    if megabytes() - before > MEGABYTES:
        end, text = "TOO MUCH MEMORY", f"{megabytes() - before:.0f} MB more; {text}"
    return end, text


def originals() -> list[Tree]:
    """Return the recipes and the study file that 'seedwise init' writes."""
    init = resources.files("seedwise").joinpath("cli", "study.yaml").read_text(encoding="utf-8")
    return [yaml.safe_load(text) for text in (init, *map(recipe_text, recipe_names()))]


def campaign(folder: Path, n: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Plan ``n`` study files, and return how that ended, and what must not be; those files stay in the folder."""
    source = originals()
    ends: Counter[tuple[str, str]] = Counter()
    wrong = []
    for k in range(n):
        with deeper():
            raw, scale, what = drawn(source, random.Random(f"{seed} {k}"))
        path = folder / f"study-{seed}-{k}.yaml"
        path.write_bytes(raw)
        end, text = end_of(path, scale)
        ends[what[-1], end] += 1
        if end.isupper():
            wrong.append(f"{path.name}: {'+'.join(what)}, scale {str(scale)[:20]}: {end} {text}")
        else:
            path.unlink()
    return ends, wrong


if __name__ == "__main__":
    run_campaign(campaign, "study files", __doc__, n=20_000)
