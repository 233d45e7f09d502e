"""docs/your-loop.md: the blocks of each section run, one after the other."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
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
    "replicates(3, parallel=4)": lambda run: seedwise.replicates(3, parallel=4),
    "replicates(lambda run: ..., 3)": lambda run: seedwise.replicates(lambda run: ..., 3),
    "num_worker=2": lambda run: run.loader([1, 2], num_worker=2),
}


@pytest.mark.parametrize("typed", MISTAKES)
def test_the_messages_are_those_that_are_given(typed):
    (said,) = re.findall(rf"^\| `{re.escape(typed)}` \| `(.*)` \|$", PAGE, flags=re.MULTILINE)
    with pytest.raises(SeedwiseError) as caught:
        MISTAKES[typed](Run(RunSpec("my.train:train", {}, {}), {}))
    parts = [re.escape(part.strip()) for part in said.split("...")]
    assert re.fullmatch(".*".join(parts), str(caught.value))


def test_the_program_with_workers_runs_from_its_file(tmp_path):
    (block,) = blocks("In worker processes")
    (tmp_path / "program.py").write_text(block)
    done = nursery().run(["program.py"], cwd=tmp_path, timeout=250)
    assert done.stdout == "{'finished': 3}\n", done.stderr
