"""``export --compact`` on the command line, and what opens its file."""

import json
import re
import shutil
from pathlib import Path

import pytest

from seedwise.cli import _export
from seedwise.study import Exported

from .conftest import STUDY, run_cli

NO_TORCH = ("torch", "sklearn")
EXPORT = ["export", "tiny.db", "-o", "tables", "--overwrite"]


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    done = run_cli(
        ["export", str(trained / "tiny.db"), "--compact", "-o", str(folder / "tiny.db")], folder, block=NO_TORCH
    )
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    shutil.copy(trained / "cli_project.py", folder)
    return folder


def test_it_says_its_size_and_what_was_left_out(trained: Path, exported: Path) -> None:
    size, left_out = (exported / "stdout").read_text().splitlines()
    sizes = [f"{(path / 'tiny.db').stat().st_size / 1e3:.0f} kB" for path in (exported, trained)]
    assert re.fullmatch(rf".*tiny\.db: {sizes[0]}, from {sizes[1]}: 36 runs, \d+ recorded results", size)
    assert left_out == "left out: nothing"  # labels were all that was kept of predictions


def test_a_page_is_drawn_from_it_again(trained: Path, exported: Path, tmp_path: Path) -> None:
    pages = []
    for folder in (trained, exported):
        shutil.copy(folder / "tiny.db", tmp_path / "tiny.db")
        said = [run_cli(command, tmp_path, block=NO_TORCH) for command in (["report", "tiny.db"], EXPORT)]
        assert [done.returncode for done in said] == [0, 0], [done.stderr for done in said]
        tables = {path.name: path.read_text() for path in (tmp_path / "tables").iterdir()}
        pages.append(((tmp_path / "tiny.html").read_text(), tables, [done.stdout for done in said]))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["status"]])
def test_other_commands_read_it(trained: Path, exported: Path, command: list[str]) -> None:
    said = [run_cli([*command, "tiny.db"], folder, block=NO_TORCH) for folder in (trained, exported)]
    assert said[0].returncode == said[1].returncode == 0
    assert said[0].stdout == said[1].stdout


def test_runs_are_added_to_it(exported: Path, tmp_path: Path) -> None:
    for name in ("tiny.db", "cli_project.py"):
        shutil.copy(exported / name, tmp_path / name)
    (tmp_path / "tiny.yaml").write_text(STUDY.replace("replicates: 12", "replicates: 13"))
    before = json.loads(run_cli(["show", "tiny.db", "--json"], tmp_path).stdout)
    done = run_cli(["run", "tiny.yaml"], tmp_path)
    assert done.returncode == 0, done.stderr
    after = json.loads(run_cli(["show", "tiny.db", "--json"], tmp_path).stdout)
    assert (len(before), len(after)) == (36, 39)
    assert [run for run in after if run["replicate"] < 12] == before


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--compact", "--metric", "accuracy"], "--compact copies one store as it is"),
        (["--compact", "--format", "csv"], "leave out --format and --table, or --compact"),
        (["--compact", "--table", "runs"], "leave out --format and --table, or --compact"),
        (["--compact", "-o", "tiny.db"], "would overwrite tiny.db itself"),
        (["--compact"], "tiny-compact.db exists: --overwrite replaces it"),
        (["--compact", "-o", "tiny.yaml", "--overwrite"], "tiny.yaml cannot be a store: name a file that ends in .db"),
    ],
)
def test_mistakes_are_one_line(trained: Path, tmp_path: Path, arguments: list[str], part: str) -> None:
    shutil.copy(trained / "tiny.db", tmp_path)
    (tmp_path / "tiny-compact.db").touch()
    done = run_cli(["export", "tiny.db", *arguments], tmp_path, block=NO_TORCH)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
    assert (tmp_path / "tiny-compact.db").stat().st_size == 0


def test_a_file_is_replaced_where_that_is_said(trained: Path, exported: Path, tmp_path: Path) -> None:
    for name in ("tiny.db", "tiny.yaml", "cli_project.py"):
        shutil.copy(trained / name, tmp_path)
    (tmp_path / "tiny-compact.db").touch()
    done = run_cli(["export", "tiny.yaml", "--compact", "--overwrite"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tiny-compact.db").read_bytes() == (exported / "tiny.db").read_bytes()


def test_of_a_large_file_it_says_what_takes_the_room() -> None:
    room = {"seedwise_series": 4_000_000, "seedwise_predictions": 2_000_000, "other": 9000, "seedwise_runs": 10}
    found = Exported(90_000_000, 6_500_000, 600, 73, {"logits": 80_000_000, "forecasts": 0}, room)
    assert _export.said(Path("c.db"), found, weights=True) == [
        "c.db: 6.5 MB, from 90.0 MB: 600 runs, 73 recorded results",
        "left out: logits (80.0 MB), weights",
        "more than the 5.0 MB meant for a file that is published with a page. What takes the room: series 4.0 MB, "
        "predictions 2.0 MB, other 9 kB",
    ]
    small = Exported(90_000_000, 5_000_000, 600, 73, {}, room)
    assert len(_export.said(Path("c.db"), small, weights=False)) == 2
