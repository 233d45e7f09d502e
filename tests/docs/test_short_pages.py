"""The short pages: what they show is what their commands print, and their figures are those of the statistics."""

import doctest
import importlib.util
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from seedwise.cli._help import EXIT_CODES
from seedwise.statistics import mean_seeds_needed, power, seeds_needed
from seedwise.statistics.sequential.questions import QUESTIONS
from seedwise.statistics.verdicts.verdict import VOCABULARY

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_specification = importlib.util.spec_from_file_location("printed", DOCS / "printed.py")
assert _specification is not None
assert _specification.loader is not None
printed: Any = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(printed)

NAMES = ("start", "verdicts", "how-many-seeds", "steadier", "own-method", "reviewing", "honest-claims", "randomness",
         "files", "faq", "python-api")  # fmt: skip
TEXTS = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in NAMES}
COMMANDS = [(name, block) for name in NAMES for block in printed.blocks(TEXTS[name]) if block.kind == "bash"]


@pytest.mark.parametrize(("name", "block"), COMMANDS, ids=lambda value: value if isinstance(value, str) else value.text)
def test_commands_print_what_the_page_says(name: str, block: Any, tmp_path: Path, monkeypatch: Any) -> None:
    printed.write_files(tmp_path, TEXTS[name])
    monkeypatch.chdir(tmp_path)
    assert printed.agrees(block, printed.run(block))


@pytest.mark.parametrize("name", NAMES)
def test_examples_in_python_run(name: str) -> None:
    for block in printed.blocks(TEXTS[name]):
        if block.kind == "pycon":
            test = doctest.DocTestParser().get_doctest(block.text, {}, name, None, 0)
            assert doctest.DocTestRunner().run(test).failed == 0
        elif block.kind == "python":
            exec(block.text, {})


def test_the_demo_prints_on_both_pages_the_same() -> None:
    shown = [block for block in re.findall(r"^```\n(.*?)^```$", TEXTS["start"], flags=re.M | re.S) if "vml" in block]
    assert len(shown) == 1
    assert shown[0] in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_verdict_is_explained() -> None:
    rows = "".join(line.split("|")[1] for line in TEXTS["verdicts"].splitlines() if line.startswith("| "))
    assert set(re.findall(r"`([^`]+)`", rows)) == set(VOCABULARY)


def test_the_rules_of_thumb() -> None:
    found = [int(row) for row in re.findall(r"^\| .*? \| (\d+) \|$", TEXTS["how-many-seeds"], flags=re.MULTILINE)]
    means = [mean_seeds_needed(difference=d, sd=1.0) for d in (2.0, 1.0, 0.5)]
    assert found == [*means, seeds_needed(sd_ratio=0.5), seeds_needed(sd_ratio=0.7)]
    assert (
        f"a ratio of .7 takes {seeds_needed(sd_ratio=0.7, comparisons=29)} runs instead of {found[-1]}"
        in (TEXTS["how-many-seeds"])
    )
    assert round(1 / power(sd_ratio=0.5, n=5)) == 8
    assert "a halved SD is found in one of eight studies" in TEXTS["faq"]


def test_the_question_of_a_growing_study_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXTS["how-many-seeds"], flags=re.DOTALL)
    assert yaml.safe_load(text)["until"]["question"] in QUESTIONS


def test_the_tables_of_a_store_are_listed() -> None:
    with sqlite3.connect(f"file:{DOCS / 'results/averaging-digits.db'}?mode=ro", uri=True) as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
    firsts = [line.split("|")[1] for line in TEXTS["files"].splitlines() if line.startswith("| `")]
    listed = {name for cell in firsts for name in re.findall(r"`([a-z_]+)`", cell)}
    assert {name.removeprefix("seedwise_") for name in tables if name.startswith("seedwise_")} <= listed


def test_exit_codes_are_those_of_the_help() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8").partition("## Exit codes")[2]
    listed = re.findall(r"^\| (\d+) \|", page, flags=re.MULTILINE)
    assert listed == re.findall(r"[:;] (\d+) ", EXIT_CODES)
    assert len(listed) == 7
