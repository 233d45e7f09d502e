"""``seedwise worker``, and ``--executor`` of the commands that train."""

from __future__ import annotations

import threading

import pytest

from seedwise.errors import SeedwiseError
from seedwise.study import Store
from tests.execution import commands
from tests.execution.commands import typed
from tests.execution.queues import files, served, through


def test_run_goes_through_a_folder(project, tmp_path):
    project.write(replicates=3)
    with served(tmp_path / "queue"):
        done = typed("run", project.file, "--executor", "folder", "--queue", tmp_path / "queue")
    assert done.exit_code == 0, (done.output, done.exception)
    assert [run.status for run in project.runs().values()] == ["finished"] * 3


def test_a_worker_does_what_lies_there_and_leaves(project, tmp_path):
    queue, study, outcomes = tmp_path / "queue", project.study(replicates=3), []
    driver = threading.Thread(target=lambda: outcomes.append(study.run(executor=through(queue))))
    driver.start()
    found = typed("worker", queue, "--workers", 1, "--idle", 3)
    driver.join()
    assert found.exit_code == 0, (found.output, found.exception)
    assert outcomes[0].counts == {"finished": 3}
    assert "3 jobs done here" in found.output
    assert files(queue, "todo", "claimed", "leases") == []


def through_a_folder(queue):
    return ["--executor", "folder", "--queue", queue]


def test_what_attribute_trains_goes_through_a_folder(project, tmp_path):
    with served(tmp_path / "queue", workers=2) as said:
        commands.attribute(project, through_a_folder(tmp_path / "queue"))
    assert len(said.begun) == 40


def test_what_recommend_confirms_goes_through_a_folder(project, tmp_path):
    with served(tmp_path / "queue", workers=2) as said:
        commands.recommend(project, through_a_folder(tmp_path / "queue"))
    assert len(said.begun) == 12


def test_what_tune_trains_goes_through_a_folder(tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    with served(tmp_path / "queue", workers=2) as said:
        commands.tune(tmp_path, through_a_folder("queue"))
    with Store(tmp_path / "tiny.db") as store:
        assert sorted(said.begun) == sorted({run.run_id for run in store.runs()}), "each in a worker, once"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--queue", "q"], "--queue goes with --executor folder or slurm"),
        (["--nodes", "2"], "--nodes goes with --executor slurm"),
        (["--executor", "folder", "--slurm", "time=1:00"], "--slurm goes with --executor slurm"),
        (["--executor", "moon"], "unknown executor 'moon': there is local, folder, slurm, ray"),
        (["--executor", "slurm", "--nodes", "0"], "--nodes 0: at least one is needed"),
        (["--executor", "folder", "--num-gpus", "0.5"], "--num-gpus goes with --executor ray"),
        (["--executor", "ray", "--num-cpus", "1.5"], "--num-cpus 1.5: give a fraction of one, or a whole number"),
    ],
)
def test_options_that_do_not_go_together_are_a_line(project, words, message):
    project.write()
    found = typed("run", project.file, *words)
    assert isinstance(found.exception, SeedwiseError)
    assert str(found.exception) == message


def test_a_dry_run_for_slurm_prints_the_script(project):
    project.write()
    found = typed("run", project.file, "--executor", "slurm", "--nodes", 3, "--slurm", "time=1:00:00", "--dry-run")
    assert found.exit_code == 0
    lines = found.output.splitlines()
    assert {"#SBATCH --array=0-2", "#SBATCH --time=1:00:00"} <= set(lines)
    assert any(f"worker {project.store_path.with_suffix('.d')}/queue " in line for line in lines)
    assert not project.store_path.exists()


@pytest.mark.parametrize("command", ["run", "attribute", "recommend", "tune", "doctor"])
def test_every_command_that_trains_takes_every_executor(command):
    text = typed(command, "--help").output
    assert "--executor" in text
    assert "--queue" in text
