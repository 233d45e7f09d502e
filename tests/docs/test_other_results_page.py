"""docs/other-results.md: every command runs on what the programs wrote, and prints what the page says."""

import doctest
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_specification = importlib.util.spec_from_file_location("printed", ROOT / "docs" / "printed.py")
assert _specification is not None
assert _specification.loader is not None
printed: Any = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(printed)

PAGE = printed.PAGE.read_text(encoding="utf-8")
BLOCKS = list(printed.blocks(PAGE))
COMMANDS = [block for block in BLOCKS if block.kind == "bash"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page")
    printed.prepare(path, PAGE)
    return path


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_every_block_is_one_that_is_tested() -> None:
    assert PAGE.count("\n```") == 2 * len(BLOCKS)
    assert {block.kind for block in BLOCKS} <= {"bash", "csv", "text", "pycon"}
    assert sum(len(block.text.splitlines()) for block in COMMANDS) >= 16
    assert sum(block.printed is not None for block in COMMANDS) == sum(block.kind == "text" for block in BLOCKS) >= 3


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.text.splitlines()[0][:60])
def test_commands_run_and_print_what_the_page_says(block: Any) -> None:
    found = printed.run(block)
    assert printed.agrees(block, found), f"python docs/printed.py writes what is printed now: {found}"


def test_a_text_that_is_not_printed_is_found() -> None:
    block = printed.Block("bash", "", "seedwise", "one\n...\nthree  3\n", None)
    assert printed.agrees(block, "one\ntwo\nthree 3\n")
    assert not printed.agrees(block, "three 3\none\n")
    assert not printed.agrees(block._replace(printed="one\n"), "one\ntwo\n")


def test_the_examples_in_python_run(folder: Path) -> None:
    if not (folder / "scores.npz").exists():
        printed.run(next(block for block in COMMANDS if "scores.npz" in block.text))
    text = "\n".join(block.text for block in BLOCKS if block.kind == "pycon")
    test = doctest.DocTestParser().get_doctest(text, {}, "other-results.md", None, 0)
    assert len(test.examples) >= 6
    assert doctest.DocTestRunner().run(test).failed == 0


def test_links_are_files() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert links
    for link in links:
        assert (ROOT / "docs" / link).exists(), link
