"""``seedwise tune`` on the command line: stopped and gone on with, as JSON, and what it says of mistakes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.nursery import nursery

from .conftest import WITHOUT_DATA, run_cli

FUNCTION = """
import os, time
import numpy as np

def train(run):
    time.sleep(float(os.environ.get("TUNE_PAUSE", 0)))
    while os.path.exists("hold") and len(open("asked.txt").readlines()) >= 5:
        time.sleep(0.02)
    noise = run.config.get("noise", 0.5)
    metrics = {}
    for split in ("validation", "test"):
        draw = run.randomness.numpy("init", split)
        labels = np.arange(200) % 5
        wrong = draw.random(200) < 0.1 * noise
        run.save_predictions(np.where(wrong, (labels + draw.integers(1, 5, 200)) % 5, labels), labels, split)
        metrics[f"{split}/accuracy"] = 0.9 + 0.02 * noise * draw.normal()
    with open("asked.txt", "a") as asked:
        asked.write(run.id + chr(10))
    run.finish(**metrics)
"""

STUDY = """
name: tiny
task: {metric: accuracy, chance: 0.2}
train: {function: "tune_project:train", config: {}}
methods: {base: {}, calm: {config: {noise: 0.9}}}
tune:
  space: {config.noise: {low: 0.05, high: 1}}
  objective: {name: churn, floor: 0.5}
  trials: 6
  replicates: 3
  batch: 2
  fresh: 4
"""

TUNE = ["tune", "tiny.yaml", "--trials", "2", "--workers", "1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tune_project.py").write_text(FUNCTION)
    (tmp_path / "tiny.yaml").write_text(STUDY)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="sends signals to process groups")
def test_ctrl_c_keeps_what_is_finished_and_names_the_command_that_goes_on(folder: Path) -> None:
    asked, hold = folder / "asked.txt", folder / "hold"
    asked.touch()
    hold.touch()  # however slow the machine, the search is not at its end when it is stopped
    going = nursery().popen(families=True)(
        [sys.executable, "-m", "seedwise", *TUNE], cwd=folder, env={**WITHOUT_DATA, "TUNE_PAUSE": "0.4"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 180
    while asked.read_text().count("\n") < 5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    second = run_cli(TUNE, folder)
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr.startswith("seedwise: another process is tuning this study (it holds tiny.d/tune.lock): wait")
    assert going.poll() is None
    hold.unlink()
    os.killpg(going.pid, signal.SIGINT)  # as a terminal does: to the driver and its workers
    out, err = going.communicate(timeout=240)
    assert going.returncode == 130, out + err
    assert "Traceback" not in err
    *_, last = out.splitlines()
    stopped, _, command = last.partition(" Go on with: ")
    assert stopped == "stopped: what is finished is kept."
    assert shlex.split(command)[1:] == TUNE

    kept = asked.read_text().splitlines()
    done = run_cli(shlex.split(command)[1:], folder)
    assert done.returncode == 0, done.stderr
    ran = asked.read_text().splitlines()
    assert ran[: len(kept)] == kept
    assert len(ran) == len(set(ran)) == 3 * 3 + 2 * 4  # the base, two trials, and the fresh runs: none twice
    assert done.stdout.splitlines()[-1] == "report: tiny.html"

    # As JSON: nothing else on standard output, and nothing is trained for it.
    said = json.loads(run_cli([*TUNE, "--json"], folder).stdout)
    assert [trial["name"] for trial in said["trials"]] == ["base", "trial-0", "trial-1"]
    assert said["trials"][1]["params"] == {"config.noise": 0.9}  # the method as the file has it comes first
    assert set(said["optimism"]) == {"mean", "sd", "churn"}
    assert asked.read_text().splitlines() == ran

    # As many trials as the file says: the test data are looked at once more, and that is said.
    more = run_cli(["tune", "tiny.yaml", "--json", "--workers", "1"], folder)
    again = json.loads(more.stdout)
    assert len(again["trials"]) == 7
    assert again["chosen"] != said["chosen"]
    assert f"The test data have been looked at before, for {said['chosen']}" in (folder / "tiny.html").read_text()


def test_without_optuna_one_line_says_what_to_install(folder: Path) -> None:
    done = run_cli(["tune", "tiny.yaml"], folder, block=["optuna"])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "seedwise: tuning needs Optuna: pip install 'seedwise[tune]'\n"
    assert not (folder / "tiny.db").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "config.noise: {low: 0.05",
            "config.noise: {lo: 0.05",
            "unknown key 'lo' in tune.space.config.noise: did you mean 'low'?",
        ),
        ("\ntune:", "\ntunes:", "unknown key 'tunes'"),
        (STUDY[STUDY.index("tune:") :], "", "seedwise tune takes a 'tune:' in the study file, such as tune: {space:"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(folder: Path, old: str, new: str, message: str) -> None:
    assert old in STUDY
    (folder / "tiny.yaml").write_text(STUDY.replace(old, new))
    done = run_cli(["tune", "tiny.yaml"], folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_help_needs_neither_torch_nor_optuna(folder: Path) -> None:
    done = run_cli(["tune", "--help"], folder, block=["torch", "optuna"])
    assert done.returncode == 0
    for option in ("--trials", "--json", "--scale", "--accept-changed-code", "--retry-failed"):
        assert option in done.stdout
