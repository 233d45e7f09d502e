"""The examples: they run, they repeat to the last bit, and adopting a loop takes ten lines."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import seedwise
from seedwise.errors import SeedwiseError
from seedwise.study import Store

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(program: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / program), *arguments],
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def code(file: str, *, function: str | None = None) -> list[str]:
    """Return the lines of a file, or of the body of its loop, without blank ones and docstrings of one line."""
    text = (EXAMPLES / file).read_text()
    if function is not None:
        text = textwrap.dedent(text[text.index("\n", text.index(f"def {function}(")) :].split("\n\n\n")[0])
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith('"""')]


def changed(before: list[str], after: list[str]) -> int:
    """Return how many lines were changed, added or removed; a line that is replaced counts once."""
    return sum(
        max(i2 - i1, j2 - j1)
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    )


def test_counting_changed_lines():
    assert changed(["a", "b", "c"], ["a", "b", "c"]) == 0
    assert changed(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert changed(["a", "b", "c"], ["c"]) == 2


def test_a_plain_loop_is_adopted_with_ten_lines():
    plain = code("plain_loop.py")
    assert 0 < changed(plain, code("with_seedwise.py")) <= 10


def test_a_plain_loop_becomes_a_function_with_ten_lines():
    # A function needs no loop over seeds around it, so that everything moves to the left: compared without indentation.
    plain = [line.strip() for line in code("plain_loop.py", function="main")]
    own = [line.strip() for line in code("my_project/train.py", function="train")]
    assert len(plain) > 10
    assert 0 < changed(plain, own) <= 10


def test_the_plain_loop_runs(tmp_path):
    out = run("plain_loop.py", tmp_path, "--seeds", "1", "--epochs", "2")
    assert out.count("epoch") == 2
    assert 0.5 < float(out.split("accuracy")[1]) <= 1


def contents(path: Path, method: str = "base") -> list[tuple]:
    """Return what a store knows of the replicates of a method: name by name, bit by bit."""
    with Store(path) as store:
        runs = [run for run in store.runs() if run.link.method == method]
        assert [(run.link.replicate, run.status, run.attempt) for run in runs] == [
            (0, "finished", 0),
            (1, "finished", 0),
        ]
        series = store.series([run.run_id for run in runs])
        logits = store.predictions(series)
    return [(run.metrics, series[run.run_id], logits[run.run_id].logits.tolist()) for run in runs]


@pytest.fixture(scope="module")
def adopted(tmp_path_factory):
    """The store of the adopted loop: two replicates of two epochs, at once."""
    folder = tmp_path_factory.mktemp("adopted")
    run("with_seedwise.py", folder, "--seeds", "2", "--epochs", "2")
    return folder / "study.db"


def test_the_adopted_loop_trains_two_different_networks(adopted):
    first, second = contents(adopted)
    assert 0.5 < first[0]["test/accuracy"] <= 1
    assert len(first[1]) == 2
    assert np.shape(first[2]) == (360, 10)
    assert first[1:] != second[1:]


def test_the_adopted_loop_stopped_and_started_again_gives_the_same(adopted, tmp_path):
    run("with_seedwise.py", tmp_path, "--seeds", "1", "--epochs", "2")
    run("with_seedwise.py", tmp_path, "--seeds", "2", "--epochs", "2")
    assert contents(tmp_path / "study.db") == contents(adopted)


@pytest.fixture
def my_project(tmp_path):
    """A copy of the project, shortened; its module is called ``train`` and must not meet another."""
    shutil.copytree(EXAMPLES / "my_project", tmp_path / "my_project", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "my_project" / "study.yaml"
    text = path.read_text()
    assert "config: {epochs: 10}" in text
    path.write_text(text.replace("config: {epochs: 10}", "config: {epochs: 2}"))
    yield path
    sys.modules.pop("train", None)


def test_the_project_runs_from_its_study_file_and_gives_the_same(my_project, adopted):
    study = seedwise.Study.from_yaml(my_project, replicates=2)
    assert study.run(workers=2).counts == {"finished": 4}
    with Store(study.store_path) as store:
        configs = {run.link.method: run.content["config"] for run in store.runs()}
    # What a method overrides reaches the function; its own default is left out of the run's name.
    assert configs == {"base": {"epochs": 2}, "small_steps": {"epochs": 2, "lr": 0.02}}
    assert contents(study.store_path) == contents(adopted)
    assert contents(study.store_path, "small_steps") != contents(adopted)
    assert [(cell.method, cell.predictions.shape) for cell in study.cells()] == [
        ("base", (2, 360)),
        ("small_steps", (2, 360)),
    ]


def test_the_projects_config_is_checked_by_its_own_model(my_project):
    my_project.write_text(my_project.read_text().replace("lr: 0.02", "lr: -1"))
    with pytest.raises(SeedwiseError, match=r"methods\.small_steps\.config\.lr is -1: input should be greater than 0"):
        seedwise.Study.from_yaml(my_project)
