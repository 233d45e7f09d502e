"""examples/gate.yml: its steps run as GitHub runs them, on files of results of which the outcome is known."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / "examples" / "gate.yml").read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["gate"]["steps"]
BASE = [0.911, 0.913, 0.909, 0.914, 0.912, 0.910, 0.912, 0.915, 0.908, 0.911]
TRAIN = "import sys\nvalues = {values}\nseed = int(sys.argv[2])\nprint(seed, values[seed - 101], sep=',')\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a checkout with the runs of the base, where ``seedwise`` and ``python`` are those of this test."""
    (tmp_path / "ci").mkdir()
    rows = "".join(f"{seed},{value}\n" for seed, value in enumerate(BASE))
    (tmp_path / "ci" / "base.csv").write_text(f"seed,accuracy\n{rows}")
    (tmp_path / "bin").mkdir()
    for name, arguments in {"python": "", "seedwise": "-m seedwise.cli "}.items():
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def run(project: Path, new: list[float]) -> dict[str, subprocess.CompletedProcess[str]]:
    """Run the steps that a test can, those after a failed one only if they always run, and return them by name."""
    (project / "train.py").write_text(TRAIN.format(values=new))
    environment = {
        **os.environ,
        "PATH": f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(project / "summary.md"),
    }
    done: dict[str, subprocess.CompletedProcess[str]] = {}
    for step in STEPS:
        failed = any(one.returncode for one in done.values())
        if "run" not in step or step["name"] == "Install" or (failed and step.get("if") != "always()"):
            continue
        # https://docs.github.com/actions: bash by name also gets -o pipefail.
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
        done[step["name"]] = subprocess.run(
            ["bash", *options, "-c", step["run"]], cwd=project, env=environment, capture_output=True, text=True
        )
    return done


def test_runs_like_the_base_pass_and_leave_a_page(project: Path) -> None:
    done = run(project, [0.912, 0.911, 0.913])
    assert {name: one.returncode for name, one in done.items()} == dict.fromkeys(done, 0)
    assert len(done) == 4
    assert "no regression: accuracy" in (project / "summary.md").read_text()
    assert "::warning::" not in done["Is it shown to be no worse than 1 point?"].stdout
    page = (project / "page.html").read_text(encoding="utf-8")
    assert "Is new better or steadier than base" in page
    assert STEPS[-1]["with"]["path"] == "page.html"


def test_a_regression_stops_the_job_and_the_page_is_made(project: Path) -> None:
    done = run(project, [0.899, 0.902, 0.900])
    names = [step["name"] for step in STEPS if "run" in step]
    assert {name: one.returncode for name, one in done.items()} == {names[1]: 0, names[2]: 1, names[4]: 0}
    assert (project / "summary.md").read_text().splitlines()[1].startswith("regression: accuracy")
    assert (project / "page.html").exists()


def test_what_cannot_be_shown_is_a_warning(project: Path) -> None:
    done = run(project, [0.921, 0.901, 0.911])
    shown = done["Is it shown to be no worse than 1 point?"]
    assert shown.returncode == 0
    assert "is not shown" in shown.stdout
    assert "::warning::not shown to be within 1 point" in shown.stdout


def test_a_mistake_stops_the_job(project: Path) -> None:
    (project / "ci" / "base.csv").write_text("seed,acc\n0,0.9\n1,0.91\n2,0.92\n")
    done = run(project, [0.912, 0.911, 0.913])
    gate = done["Is it worse than the noise explains?"]
    assert gate.returncode == 2
    assert "there is no column 'accuracy': there are seed, acc" in gate.stderr
