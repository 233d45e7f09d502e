"""A function to tune that needs no training: its validation accuracy and predictions follow from its values."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from seedwise.study import Study
from tests.nursery import BLOCKED, nursery

FUNCTION = '''
"""Accuracy .9 + noise; the noise and the share of predictions that differ between runs grow with ``noise``."""
import os
import time

import numpy as np


def train(run):
    config = {"noise": 0.5, "shift": 0.0, "fail": 0.0, "dud": 0.0} | run.config
    if config["fail"] > 0.5 or os.path.exists("broken"):
        raise RuntimeError("as planned")
    if config["fail"] > 0.2 and run.seeds["init"] % 2:
        raise RuntimeError("as planned, every second")
    time.sleep(float(os.environ.get("TUNE_PAUSE", 0)))
    metrics = {}
    for split, count in (("validation", 200), ("test", 400)):
        draw = run.randomness.numpy("init", split)
        wrong = draw.uniform(size=count) < 0.1 * config["noise"]
        labels = np.arange(count) % 5
        run.save_predictions(np.where(wrong, (labels + draw.integers(1, 5, count)) % 5, labels), labels, split)
        metrics[f"{split}/accuracy"] = 0.9 + 0.02 * config["noise"] * draw.normal() + config["shift"]
    with open("asked.txt", "a") as asked:
        asked.write(f"{run.id}\\n")
    run.finish(**metrics)
'''


class Project:
    """A folder with a study to tune."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tuned_project.py").write_text(FUNCTION)

    def write(self, tune: dict[str, Any] | None, **keys: Any) -> Path:
        study = {
            "name": "tiny",
            "task": {"metric": "accuracy", "chance": 0.2},
            "train": {"function": "tuned_project:train", "config": {}},
            "methods": {"base": {}, "other": {"config": {"shift": 0.001}}},
            **keys,
        }
        if tune is not None:
            study["tune"] = {"trials": 6, "replicates": 4, "fresh": 6, "batch": 3} | tune
        path = self.folder / "tiny.yaml"
        path.write_text(yaml.safe_dump(study, sort_keys=False))
        return path

    def study(self, tune: dict[str, Any] | None, **keys: Any) -> Study:
        return Study.from_yaml(self.write(tune, **keys))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of this test's own, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("tuned_project", None)
    return Project(tmp_path)


@pytest.fixture
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own, optionally with modules that cannot be imported."""

    def run(cwd: Path, *arguments: str, block: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        code = f"import sys\nfor name in {list(block)}: sys.modules[name] = None\n"
        code += "from seedwise.cli import main\nsys.argv[0] = 'seedwise'\nmain()"
        environment = {**os.environ, **(BLOCKED if "torch" in block else {})}
        return nursery().run(["-W", "error", "-c", code, *arguments], cwd=cwd, env=environment, timeout=240)

    return run
