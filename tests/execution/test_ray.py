"""The executor of Ray, with a real Ray of two nodes on this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap

import pytest

from seedwise.errors import SeedwiseError
from seedwise.execution import RayExecutor, RayOptions, Resources, StudyFolder, _ray
from seedwise.execution._ray_task import Parcel
from tests.toy_project import Notes

from . import commands
from .conformance import (
    a_function_is_trained,
    a_study_grows_until_it_is_resolved,
    bits_are_those_of_the_local_executor,
    runs_end_as_they_do_locally,
)
from .ray_cluster import add_node, cluster, missing

pytestmark = [pytest.mark.programs, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

LONG = {
    "train": {"function": "toy:train", "config": {"epochs": 80}},
    "checkpoint": {"every_epochs": 1},
    "replicates": 3,
}


@pytest.fixture(scope="module")
def nodes():
    with cluster() as started:
        yield started


@pytest.fixture
def executor(nodes):
    return RayExecutor()  # connected already: it leaves that to whoever connected


def test_runs_and_readouts_have_the_ids_and_bits_of_the_local_executor(executor, tmp_path, contents_of):
    bits_are_those_of_the_local_executor(tmp_path, executor, contents_of)


def test_runs_end_as_they_do_locally(executor, tmp_path):
    runs_end_as_they_do_locally(tmp_path, executor)


def test_a_study_grows_until_it_is_resolved(executor, project):
    a_study_grows_until_it_is_resolved(project, executor)


def test_a_function_of_replicates_is_trained(executor, tmp_path, monkeypatch):
    a_function_is_trained(tmp_path, executor, monkeypatch)


@pytest.mark.parametrize("command", [commands.attribute, commands.recommend, commands.doctor])
def test_what_other_commands_train_is_trained_by_ray(nodes, project, command):
    command(project, ["--executor", "ray", "--num-cpus", 0.5])


def test_what_tune_trains_is_trained_by_ray(nodes, tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    commands.tune(tmp_path, ["--executor", "ray", "--num-cpus", 0.5])


def test_a_node_that_is_lost_costs_the_work_since_the_last_checkpoint(nodes, executor, new_project, tmp_path):
    reference = new_project(tmp_path / "reference")
    reference.run(reference.study(**LONG), workers=2)
    second = add_node(nodes)

    class Removing(Notes):
        """Removes a node once every processor has reached some epochs."""

        removed = False

        def epoch(self, run_id, epoch):
            super().epoch(run_id, epoch)
            if not self.removed and len({run for run, reached in self.epochs if reached >= 3}) == 3:
                self.removed = True
                nodes.remove_node(second, allow_graceful=False)

    project = new_project(tmp_path / "lost")
    outcome, _ = project.run(project.study(**LONG), executor=executor, progress=(said := Removing()))
    assert said.removed
    assert outcome.counts == {"finished": 3}
    found, expected = project.everything(), reference.everything()
    differing = [name for a, b in zip(found["runs"], expected["runs"], strict=True) for name in a if a[name] != b[name]]
    assert (differing, found) == ([], expected)
    runs = project.runs().values()
    assert [run.attempt for run in runs] == [0, 0, 0], "nothing is there twice"
    (lost,) = [run for run in runs if run.resumed_from]
    assert lost.resumed_from[0] >= 3, "it went on from a checkpoint that had come back"
    assert [note for note in said.notes if re.fullmatch(f"the worker of run {lost.run_id} was lost .*", note)]
    assert sorted(said.outcomes) == sorted((run.run_id, "finished") for run in runs)
    assert list(StudyFolder.of_store(project.store_path).checkpoints.iterdir()) == []


def test_ctrl_c_takes_back_what_has_begun_with_its_checkpoint(nodes, project):
    class Stopping(Notes):
        asked = False

        def epoch(self, run_id, epoch):
            super().epoch(run_id, epoch)
            if epoch >= 2 and not self.asked:
                self.asked = True
                os.kill(os.getpid(), signal.SIGINT)

    before, one = signal.getsignal(signal.SIGINT), RayExecutor(Resources(workers=1))
    once = LONG | {"checkpoint": {"every_seconds": 3600}, "train": {"function": "toy:train", "config": {"epochs": 600}}}
    outcome, _ = project.run(project.study(**once), executor=one, progress=(first := Stopping()))
    assert (outcome.counts, outcome.interrupted) == ({"interrupted": 1, "pending": 2}, True)
    assert "stopping at the next end of an epoch; Ctrl-C again stops at once" in first.notes
    assert signal.getsignal(signal.SIGINT) is before
    outcome, _ = project.run(project.study(**once), workers=2)
    assert outcome.counts == {"finished": 3}
    assert sorted(len(run.resumed_from) for run in project.runs().values()) == [0, 0, 1]
    assert max(run.resumed_from[0] for run in project.runs().values() if run.resumed_from) >= 3


def test_asked_to_stop_twice_it_stops_at_once(executor, project):
    class Stopping(Notes):
        def started(self, run_id):
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(os.getpid(), number)

    config = {"do": "sleep", "marker": str(project.folder / "asleep")}  # for 60 s
    study = project.study(train={"function": "toy:train", "config": config})
    outcome, _ = project.run(study, executor=executor, progress=Stopping())
    assert (outcome.counts, outcome.interrupted) == ({"interrupted": 1}, True)


def test_what_a_job_prints_comes_back(executor, project):
    project.run(project.study(train={"function": "toy:train", "config": {"do": "print"}}), executor=executor)
    logs = StudyFolder.of_store(project.store_path).logs
    assert "from a child process" in "".join(path.read_text() for path in logs.glob("ray-*.log"))


def test_what_no_node_has_is_said(executor, project, monkeypatch):
    monkeypatch.setattr(_ray, "_PATIENCE", 0.1)

    class Impatient(Notes):
        def note(self, text):
            super().note(text)
            os.kill(os.getpid(), signal.SIGINT)

    asking = RayExecutor(options=RayOptions(num_cpus=0.5, num_gpus=0.25))
    outcome, _ = project.run(executor=asking, progress=(said := Impatient()))
    assert outcome.counts == {"pending": 1}
    # Another test adds a node.
    assert re.fullmatch(
        r"no job has begun for 0\.1 s: each asks for 0\.5 CPUs and 0\.25 GPUs of one node, and the nodes of Ray have "
        r"[23] and 0 together",
        said.notes[0],
    )


def test_another_version_on_a_node_is_a_line(executor, project, monkeypatch):
    monkeypatch.setattr(_ray, "Parcel", lambda *words: Parcel(*words, version="0.0.1"))
    with pytest.raises(SeedwiseError, match=r"on a node of Ray: seedwise is 0\.0\.1 where this was started and .*same"):
        project.run(executor=executor)


def test_a_driver_of_its_own_finds_modules_in_the_folder_that_ray_copies(nodes, project, tmp_path):
    """What only the nodes have: neither the driver nor the study's folder has it."""
    copied = tmp_path / "copied"
    copied.mkdir()
    (copied / "only_on_nodes.py").write_text("ACCURACY = 0.75\n")
    project.code.write_text(
        "def train(run):\n    import only_on_nodes\n    run.finish(accuracy=only_on_nodes.ACCURACY)\n"
    )
    project.write(replicates=2)
    driver = textwrap.dedent(f"""
        import sys
        import seedwise
        from pathlib import Path
        from seedwise.execution import RayExecutor, RayOptions, Resources
        executor = RayExecutor(Resources(workers=1), RayOptions({nodes.address!r}, working_dir=Path({str(copied)!r})))
        print(seedwise.Study.from_yaml({str(project.file)!r}).run(executor=executor))
        executor.close()
    """)
    done = subprocess.run([sys.executable, "-c", driver], capture_output=True, text=True, timeout=200)
    assert "Outcome(counts={'finished': 2}" in done.stdout, done.stderr
    assert [run.metrics for run in project.runs().values()] == [{"test/accuracy": 0.75}] * 2


def test_options_that_ray_cannot_give_are_a_line(tmp_path):
    with pytest.raises(SeedwiseError, match=r"--num-gpus 1\.5: give a fraction of one, or a whole number"):
        RayOptions(num_gpus=1.5)
    with pytest.raises(SeedwiseError, match=r"--num-cpus -1: give a fraction"):
        RayOptions(num_cpus=-1)
    with pytest.raises(SeedwiseError, match=r"--working-dir .*nowhere: there is no such folder"):
        RayOptions(working_dir=tmp_path / "nowhere")
    with pytest.raises(SeedwiseError, match=r"--device cuda:1: Ray chooses the GPU of a job; use --device cuda"):
        RayExecutor(Resources("cuda:1"))


def test_devices_become_shares_of_gpus():
    assert RayExecutor(Resources("cuda", runs_per_device=4))._asked == {"num_cpus": 1.0, "num_gpus": 0.25}
    assert RayExecutor(Resources(), RayOptions(num_cpus=0.5))._asked == {"num_cpus": 0.5, "num_gpus": 0}
