"""One small study, trained once through the command line."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.nursery import BLOCKED, environment_of_families, nursery

Command = Callable[..., subprocess.CompletedProcess[str]]

FUNCTION = """
def train(run):
    spread = {"base": 1.0, "steady": 0.1, "wild": 5.0}[run.config["name"]]
    if run.config.get("fail") == run.seeds["init"]:
        raise RuntimeError("as planned")
    draw = run.randomness.numpy("init", run.config["name"]).normal()
    run.log(0, loss=draw)
    predicted = run.randomness.numpy("shuffle", "labels").integers(0, 2, 50)
    run.save_predictions(predicted, predicted * 0)
    run.finish(accuracy=0.9 + 0.001 * spread * draw)
"""

STUDY = """
name: tiny
task: {metric: accuracy, chance: 0.5}
train: {function: "cli_project:train", config: {name: base}}
methods:
  base: {}
  steady: {config: {name: steady}}
  wild: {config: {name: wild}}
replicates: 12
"""

# A data folder from the environment would be part of the command to go on with.
WITHOUT_DATA = {name: value for name, value in environment_of_families().items() if name != "SEEDWISE_DATA"}


def run_cli(
    arguments: Sequence[str], cwd: Path, *, block: Sequence[str] = (), columns: int = 160
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, optionally with modules that cannot be imported."""
    code = f"import sys\nfor name in {list(block)}: sys.modules[name] = None\n"
    code += "from seedwise.cli import main\nsys.argv[0] = 'seedwise'\nmain()"
    blocked = BLOCKED if "torch" in block else {}
    environment = {**os.environ, "COLUMNS": str(columns), "PYTHONWARNINGS": "error", **blocked}
    return nursery().run(["-c", code, *arguments], cwd=cwd, env=environment, timeout=240)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a study file, its function and its trained store."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "cli_project.py").write_text(FUNCTION)
    (folder / "tiny.yaml").write_text(STUDY)
    done = run_cli(["run", "tiny.yaml"], folder)
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    return folder
