"""docs/your-loop.md: the blocks of each section run, one after the other."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch.utils.data import DistributedSampler, IterableDataset

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.run import Run, RunSpec
from seedwise.store import Store

from ..nursery import nursery

PAGE = (Path(__file__).parents[2] / "docs/your-loop.md").read_text(encoding="utf-8")
SECTIONS = {text.partition("\n")[0]: text for text in PAGE.split("\n## ")[1:]}


def blocks(section: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", SECTIONS[section], flags=re.DOTALL)


FINISHED = {"loop": 5, "resumed": 2, "methods": 12, "sources": 12, "digits": 3, "shifted": 2}
"""Runs that the page asks for, by store: replicates times methods; of an attribution, three blocks of 2 x 2 seeds."""


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("section", [section for section in SECTIONS if blocks(section)])
def test_the_blocks_run(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = ModuleType("your_loop")
    monkeypatch.setitem(sys.modules, "your_loop", module)
    for block in blocks(section):
        exec(block, vars(module))
    stores = re.findall(r'store="(\w+)\.db"', "".join(blocks(section)))
    assert sorted(path.stem for path in tmp_path.glob("*.db")) == sorted(stores)
    for name in stores:
        with Store(tmp_path / f"{name}.db") as store:
            assert [run.status for run in store.runs()] == ["finished"] * FINISHED[name]


def test_every_store_of_the_page_has_a_number():
    assert set(re.findall(r'store="(\w+)\.db"', PAGE)) == set(FINISHED)


class Endless(IterableDataset):
    def __iter__(self):
        return iter(())


MISTAKES = {
    "for batch in loader:": lambda run: list(run.loader([1, 2])),
    "run.loader(an_iterable_dataset)": lambda run: run.loader(Endless()),
    "sampler=DistributedSampler(...)": lambda run: run.loader([1], sampler=DistributedSampler([1], 2, 0)),
    "replicates(0)": lambda run: seedwise.replicates(0),
    'replicates(3, vary="shufle")': lambda run: seedwise.replicates(3, vary="shufle"),
    "run.finish()": lambda run: run.finish(),
    'replicates(3, vary=["init"], attribute=True)': lambda run: seedwise.replicates(3, vary=["init"], attribute=True),
    "replicates(2, attribute=True)": lambda run: seedwise.replicates(2, attribute=True),
    "replicates(3, parallel=4)": lambda run: seedwise.replicates(3, parallel=4),
    "replicates(lambda run: ..., 3)": lambda run: seedwise.replicates(lambda run: ..., 3),
    "num_worker=2": lambda run: run.loader([1, 2], num_worker=2),
    "generator=torch.Generator()": lambda run: run.loader([1, 2], generator=torch.Generator()),
    "in_order=False": lambda run: run.loader([1, 2], in_order=False),
}


def pattern(said: str) -> str:
    """Return what matches a message of the page, where ``...`` stands for anything."""
    return ".*".join(re.escape(part.strip()) for part in said.split("..."))


@pytest.mark.parametrize("typed", MISTAKES)
def test_the_messages_are_those_that_are_given(typed):
    (said,) = re.findall(rf"^\| `{re.escape(typed)}` \| `(.*)` \|$", PAGE, flags=re.MULTILINE)
    with pytest.raises(SeedwiseError) as caught:
        MISTAKES[typed](Run(RunSpec("my.train:train", {}, {}), {}))
    assert re.fullmatch(pattern(said), str(caught.value))


PROGRAM = """
import random
import numpy as np
import seedwise

def go(body, **options):
    for run in seedwise.replicates(3, store="s.db", **options):
        body(run)
"""


class Seeding(list):
    """Numbers that are drawn after a line that somebody has left over."""

    def __getitem__(self, k):
        torch.manual_seed(42)
        return torch.rand(())


def draw(run):
    return run.randomness.numpy("shuffle", "draw").uniform()


def ends(*metrics: float):
    return lambda run: run.finish(accuracy=draw(run) if not metrics else metrics[0])


def no_effect(run):
    run.randomness.numpy("init", "draw")
    run.log(0, loss=0.5)
    run.finish(accuracy=0.5)


def seeds_in_its_scope(run):
    with run.randomness.scope("init"):
        torch.manual_seed(42)
        value = float(torch.rand(()))
    run.finish(accuracy=(value + draw(run)) / 2)


def seeds_in_its_dataset(run):
    (batch,) = run.loader(Seeding(range(4)), batch_size=4).epoch(0)
    run.finish(accuracy=(float(batch.mean()) + draw(run)) / 2)


def changed_code(go):
    go(ends())
    with Path("own_program.py").open("a") as file:
        file.write("CHANGED = True\n")
    go(ends())


def changed_argument(go):
    go(ends())
    sys.argv += ["--depth", "5"]
    go(ends())


HAPPENINGS = {
    "the loop forgets `run.finish`": lambda go: go(draw),
    "a metric is NaN or infinite": lambda go: go(ends(float("nan"))),
    "the code has changed": changed_code,
    "an argument of the program has changed": changed_argument,
    "nothing draws from a source": lambda go: go(ends(), vary=["shuffle", "augment"]),
    "the metric has another name, `run.finish(acc=...)`": lambda go: go(lambda run: run.finish(acc=draw(run))),
    "nothing draws from any source": lambda go: go(ends(0.5)),
    "a seed has no effect": lambda go: go(no_effect, vary=["init"]),
    "a leftover `torch.manual_seed(42)` in a scope": lambda go: go(seeds_in_its_scope, vary=["init", "shuffle"]),
    "`torch.manual_seed(42)` in `__getitem__`": lambda go: go(seeds_in_its_dataset, vary=["augment", "shuffle"]),
}


@pytest.mark.parametrize("what", HAPPENINGS)
def test_what_a_loop_prints_is_what_the_page_says(what, tmp_path, monkeypatch, capsys):
    (says,) = re.findall(rf"^\| {re.escape(what)} \| (.*) \|$", PAGE, flags=re.MULTILINE)
    (tmp_path / "own_program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["own_program.py"])
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    program = importlib.import_module("own_program")
    monkeypatch.setitem(sys.modules, "__main__", program)  # a program's arguments count, those of pytest do not
    refused = ""
    try:
        HAPPENINGS[what](program.go)
    except SeedwiseError as error:
        refused = str(error)
    finally:
        del sys.modules["own_program"]
    printed = capsys.readouterr().err + refused
    for sentence in re.findall("`(.*?)`", says):
        assert re.search(pattern(sentence), printed), f"{sentence} is not in\n{printed}"


def test_every_row_of_what_goes_wrong_is_tried():
    rows = [
        row.split(" | ")[0].removeprefix("| ")
        for title in ("## What goes wrong in a loop, and", "### What goes wrong, and")
        for row in PAGE.partition(title)[2].partition("\n\n")[2].partition("\n\n")[0].splitlines()[2:]
    ]
    assert sorted(rows) == sorted([*(f"`{typed}`" for typed in MISTAKES), *HAPPENINGS])


EXAMPLES = Path(__file__).parents[2] / "examples"


def code(file: str) -> list[str]:
    """Return the lines of an example without blank ones, comments and docstrings."""
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    text = re.sub(r'^ *""".*?"""\n', "", text, flags=re.DOTALL | re.MULTILINE)
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_the_lines_of_each_example_are_counted():
    row = r"^\| [^|]+ \| (\[[^|]+) \| (\d+) \| (yes|no) \|$"
    rows = re.findall(row, SECTIONS["How many lines it takes"], re.MULTILINE)
    assert len(rows) == 8
    for links, lines, has_checkpoint in rows:
        files = re.findall(r"\(\.\./examples/([\w.]+)\)", links)
        found = [line for file in files for line in code(file)]
        if len(files) == 1:
            found = [line for line in found if re.search(r"\b(seedwise|run|callback|saved)\b", line)]
            assert (has_checkpoint == "yes") == any("saved" in line or "resume()" in line for line in found)
        assert len(found) == int(lines), files
    assert f"together {lines} lines" in SECTIONS["Your own loss with its placebo"].replace("\n", " ")


def test_the_program_with_workers_runs_from_its_file(tmp_path):
    (block,) = blocks("In worker processes")
    (tmp_path / "program.py").write_text(block)
    done = nursery().run(["program.py"], cwd=tmp_path, timeout=250)
    assert done.stdout == "{'finished': 3}\n", done.stderr
