"""Writes what the commands of some pages print into these: ``python docs/printed.py``.

Blocks of csv with a name are files, a block of text after one of commands is what these print, and ``# exits with 1``
behind a command is its exit code. What is left out of a text is ``...``; such a text is checked and not written.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from typer.testing import CliRunner

import seedwise
from seedwise.cli import app

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "other-results.md"
SHORT_PAGES: Final = tuple(ROOT / "docs" / name for name in ("how-many-seeds.md", "reviewing.md"))
"""Pages whose commands need no files but the page's own."""
_SAMPLES: Final = ROOT / "tests" / "results" / "samples"
_PLACES: Final = {"mlflow": ".", "wandb": ".", "optuna": ".", "hydra": ".", "ray": "ray_results"}
_RENAMED: Final = {"lightning": ("csv", "lightning_logs"), "tensorboard": ("simple", "runs")}
_BLOCK: Final = re.compile(r"^```(\w+)[ ]?(\S*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of the page: its kind, the name of its file, its text, what it prints by the page, and where that is."""

    kind: str
    name: str
    text: str
    printed: str | None
    place: tuple[int, int] | None


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page."""
    found = list(_BLOCK.finditer(page))
    for one, after in itertools.zip_longest(found, found[1:]):
        shown = after if after is not None and after[1] == "text" else None
        yield Block(one[1], one[2], one[3], shown and shown[3], shown and shown.span(3))


def write_files(folder: Path, page: str) -> None:
    """Write the files of a page into a folder."""
    for block in blocks(page):
        if block.name:
            (folder / block.name).write_text(block.text, encoding="utf-8")


def prepare(folder: Path, page: str) -> None:
    """Write the files of a page into a folder, what every program wrote, and a store."""
    shutil.copytree(_SAMPLES / "other_kinds", folder, dirs_exist_ok=True)
    write_files(folder, page)
    for name in (*_PLACES, *_RENAMED):
        with zipfile.ZipFile(_SAMPLES / f"{name}.zip") as sample:
            sample.extractall(folder / _PLACES.get(name, name))
    for name, (made, called) in _RENAMED.items():
        shutil.move(folder / name / made, folder / called)
    for method in ("relu", "colu"):
        config, store = {"method": method}, folder / "study.db"
        for run in seedwise.replicates(4, method=method, config=config, store=store, changed_code="accept"):
            run.finish(accuracy=0.9 + run.randomness.numpy("init", method).normal() / 100)


def run(block: Block) -> str:
    """Run the commands of a block, here and with this folder as home, and return what they print.

    Raises:
        RuntimeError: if one exits with another code than the page says.

    """
    lines = []
    for line in block.text.splitlines():
        program, *arguments = [part.replace("~", os.curdir, 1) for part in shlex.split(line, comments=True)]
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})
        said = re.search(r"# exits with (\d)", line)
        if program != "seedwise" or done.exit_code != (int(said[1]) if said else 0):
            raise RuntimeError(f"{line}: exit code {done.exit_code}, {done.exception!r}, {done.output}")
        lines += [text.rstrip() for text in done.output.splitlines()]
    return "".join(f"{line}\n" for line in lines)


def agrees(block: Block, printed: str) -> bool:
    """Return whether what the page shows is printed, its parts in their order; how blanks pad a table is free there."""
    at, squeezed = 0, _squeezed(printed)
    for part in re.split(r"\s*\.\.\.\s*", _squeezed(block.printed or "")):
        at = squeezed.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return "..." in (block.printed or "...") or block.printed == printed


def _squeezed(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def main() -> None:
    """Run the commands, and write what they print."""
    for file in (PAGE, *SHORT_PAGES):
        _write(file, prepare if file == PAGE else write_files)


def _write(file: Path, prepared: Callable[[Path, str], None]) -> None:
    page = file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder), page)
        os.chdir(folder)
        told = [(block, run(block)) for block in blocks(page) if block.kind == "bash"]
    for block, printed in reversed(told):
        if block.place is not None and "..." not in (block.printed or ""):
            page = page[: block.place[0]] + printed + page[block.place[1] :]
        elif not agrees(block, printed):
            print(f"not what is printed: {block.text}{printed}")
    file.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
