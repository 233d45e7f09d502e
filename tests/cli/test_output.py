"""What every command prints in a window and in a pipe: no blanks at the ends of lines, nothing cut, none too long."""

import re
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from seedwise.cli import app

NAMES = (
    "demo", "init", "recipes", "run", "status", "show", "report", "attribute", "recommend", "tune", "doctor", "merge",
    "export", "recover", "compare", "gate", "power", "worker", "data",
)  # fmt: skip
COMMANDS = (
    [], ["--help"], *([name, "--help"] for name in NAMES), ["data", "fetch", "--help"], ["data", "list", "--help"],
    ["recipes"], ["status", "tiny.yaml"], ["show", "tiny.db"], ["compare", "tasks.csv", "--base", "a"],
    ["compare", "items.csv", "--item", "item"], ["compare", "failed.csv"], ["compare", "means.csv", "--summary"],
    ["gate", "new.csv", "--base", "base.csv"], ["power", "--sd-ratio", "0.7"], ["init", "other.yaml"],
)  # fmt: skip
SLOW = (
    ["run", "tiny.yaml"], ["run", "tiny.yaml", "--dry-run"], ["report", "tiny.db"], ["recommend", "tiny.yaml"],
    ["export", "tiny.db", "-o", "tables"], ["recover", "tiny.db", "-o", "saved.db"], ["merge", "joined.db", "tiny.db"],
)  # fmt: skip
"""They take seconds, and print sentences alone or what a quick one prints, too: one width is enough."""

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def printing(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a study that was trained, and tables of every kind."""
    folder = tmp_path_factory.mktemp("printing")
    for name in ("tiny.yaml", "tiny.db", "cli_project.py"):
        shutil.copy(trained / name, folder)
    runs = [
        (method, seed, 0.9 + 0.01 * k + 0.001 * (seed * (k + 3) % 7))
        for k, method in enumerate("ab")
        for seed in range(8)
    ]
    long = "a-task-with-a-name-that-is-longer-than-most"
    tasks = [f"{method},{task},{seed},{value}" for task in ("one", long) for method, seed, value in runs]
    (folder / "tasks.csv").write_text("\n".join(["method,task,seed,accuracy", *tasks]))
    items = [
        f"{'base' if method == 'a' else 'other'},{seed},q{item},{(seed * item + item + (method == 'b')) % 3 % 2}"
        for method, seed, _ in runs
        for item in range(12)
    ]
    (folder / "items.csv").write_text("\n".join(["method,seed,item,correct", *items]))
    named = [f"{'base' if m == 'a' else 'other'},{s},{v if (m, s) != ('b', 3) else ''}" for m, s, v in runs]
    (folder / "failed.csv").write_text("\n".join(["method,seed,accuracy", *named]))
    (folder / "means.csv").write_text("method,n,accuracy\nbase,5,86.9 ± 0.3\nours,5,87.1 ± 0.2\n")
    for name, method in (("base", "a"), ("new", "b")):
        own = [f"{m},{seed},{value}" for m, seed, value in runs if m == method]
        (folder / f"{name}.csv").write_text("\n".join(["method,seed,accuracy", *own]))
    return folder


@pytest.mark.parametrize(
    ("columns", "is_window", "commands"),
    [(60, True, COMMANDS), (80, True, (*COMMANDS, *SLOW)), (120, True, COMMANDS), (80, False, COMMANDS)],
    ids=["60", "80", "120", "pipe"],
)
def test_no_line_ends_in_blanks_or_is_cut(
    printing: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    is_window: bool,
    commands: tuple[list[str], ...],
) -> None:
    monkeypatch.chdir(shutil.copytree(printing, tmp_path / "folder"))
    environment = {"COLUMNS": str(columns)} | ({"FORCE_COLOR": "1"} if is_window else {})
    wrong = []
    for arguments in commands:
        done = CliRunner().invoke(app, arguments, env=environment)
        assert done.exit_code in (0, 1), (arguments, done.output, done.exception)
        lines = ANSI.sub("", done.output).splitlines()
        assert lines
        wrong += [(arguments, line) for line in lines if line != line.rstrip() or "\u2026" in line]
        if is_window:
            wrong += [(arguments, line) for line in lines if cell_len(line) > max(columns, 80)]
    assert wrong == []
