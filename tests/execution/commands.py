"""The commands that train, besides ``run``: each takes ``--executor``, and what it trains is trained there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.study import Store
from tests.cli.test_tune import FUNCTION, STUDY
from tests.toy_project import Project

STEADIER = """
def train(run):
    scale = run.config["scale"]
    run.finish(accuracy=0.5 + 0.1 * scale * run.randomness.numpy("init", str(scale)).normal())
"""


def typed(*words: Any) -> Any:
    """Type a command."""
    return CliRunner().invoke(app, [*map(str, words)])


def attribute(project: Project, place: list[Any]) -> None:
    """40 runs: two sources in ten blocks."""
    project.write(replicates=1)
    done = typed("attribute", project.file, "--vary", "init+shuffle", "--blocks", 10, *place)
    assert done.exit_code == 0, (done.output, done.exception)
    with Store(project.store_path) as store:
        runs = store.runs("toy-attribution")
    assert {run.status for run in runs} == {"finished"}
    assert len(runs) == 40


def recommend(project: Project, place: list[Any]) -> None:
    """The runs that confirm a method whose SD is a hundredth."""
    project.code.write_text(STEADIER)
    steady = {"base": {}, "steady": {"config": {"scale": 0.01}}}
    project.write(train={"function": "toy:train", "config": {"scale": 1.0}}, methods=steady, replicates=12)
    project.run(project.study(), workers=2)
    done = typed("recommend", project.file, "--confirm", 6, *place)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "confirmed by 6 fresh runs each" in done.output


def tune(folder: Path, place: list[Any]) -> None:
    """A search of two trials; ``folder`` is the working directory."""
    (folder / "tune_project.py").write_text(FUNCTION)
    (folder / "tiny.yaml").write_text(STUDY)
    done = typed("tune", "tiny.yaml", "--trials", 2, *place)
    assert done.exit_code in (0, 1), (done.output, done.exception)  # 1: nothing was better than the base
    with Store(folder / "tiny.db") as store:
        assert {run.status for run in store.runs()} == {"finished"}


def doctor(project: Project, place: list[Any]) -> None:
    """The same bits here and there."""
    project.write()
    done = typed("doctor", project.file, *place)
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.output.splitlines()[-1].endswith(
        "there agree to the bit (2 epochs of logged numbers, 2 training states)"
    )
