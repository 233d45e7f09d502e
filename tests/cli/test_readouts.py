"""Readouts on the command line."""

import json
from pathlib import Path

from .conftest import run_cli

FUNCTION = """
import numpy as np


def train(run):
    labels = np.arange(60) % 3
    for tag in ["final", *(["snapshot-1", "snapshot-2"] if run.config.get("cyclic") else [])]:
        noise = run.randomness.numpy("init", tag).normal(size=(60, 3))
        run.save_predictions(noise + np.eye(3)[labels], labels, tag=tag)
        accuracy = ((noise + np.eye(3)[labels]).argmax(1) == labels).mean()
        if tag == "final":
            final = accuracy
    run.finish(accuracy=final)
"""

STUDY = """
name: cyclic
task: {metric: accuracy, chance: 0.3333}
train: {function: "reads_out:train"}
methods: {base: {}, cyclic: {config: {cyclic: true}}}
replicates: 6
"""


def test_readouts_stand_in_the_table_and_in_what_scripts_read(tmp_path: Path) -> None:
    (tmp_path / "reads_out.py").write_text(FUNCTION)
    (tmp_path / "cyclic.yaml").write_text(STUDY)
    first = run_cli(["run", "cyclic.yaml"], tmp_path)
    assert first.returncode == 0, first.stderr
    assert "readout" not in first.stdout.splitlines()[1]
    (tmp_path / "cyclic.yaml").write_text(STUDY + "readouts: [snapshots]\n")
    again = run_cli(["run", "cyclic.yaml"], tmp_path)
    assert again.returncode == 0, again.stderr
    header, *rows = (line.split() for line in again.stdout.splitlines()[1:] if "(all):" not in line)
    assert header[:3] == ["method", "readout", "n"]
    rows = [row for row in rows if row[0] in ("base", "cyclic")]  # long verdicts are folded
    assert [row[:3] for row in rows] == [["base", "plain", "6"], ["cyclic", "plain", "6"], ["cyclic", "snapshots", "6"]]
    assert "readout snapshots: 6 finished" in run_cli(["status", "cyclic.db"], tmp_path).stdout
    runs = json.loads(run_cli(["show", "cyclic.db", "--json"], tmp_path).stdout)
    assert {run["method"] for run in runs if "readouts" in run} == {"cyclic"}
    assert all(run["readouts"]["snapshots"]["passes"] == 2 for run in runs if run["method"] == "cyclic")
    (tmp_path / "cyclic.yaml").write_text(STUDY + "readouts: [snapshot]\n")
    mistake = run_cli(["run", "cyclic.yaml"], tmp_path)
    assert mistake.returncode == 2
    assert "did you mean 'snapshots'?" in mistake.stderr
    assert "Traceback" not in mistake.stderr
