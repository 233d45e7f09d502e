"""A SLURM of two nodes on this machine; without its programs the tests of it are skipped."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seedwise.cli import app
from seedwise.errors import SeedwiseError
from seedwise.execution import Resources, SlurmExecutor, SlurmOptions, script_of
from seedwise.execution import _slurm as slurm
from tests.toy_project import Notes

from .queues import files, served
from .slurm_cluster import cluster, missing, wait_for

STUDY = {
    "train": {"function": "toy:train", "config": {"epochs": 20}},
    "checkpoint": {"every_epochs": 1},
    "limits": {"retries": 10},
    "replicates": 4,
}


@pytest.fixture(scope="module")
def nodes():
    if missing():
        pytest.skip(missing())
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as root, cluster(Path(root)) as found:
        yield found


@pytest.fixture(scope="module")
def reference(new_project, tmp_path_factory):
    """The same study, undisturbed."""
    project = new_project(tmp_path_factory.mktemp("reference"))
    project.run(project.study(**STUDY), workers=2)
    return project.everything()


@pytest.fixture(autouse=True)
def _asked_often(monkeypatch):
    monkeypatch.setattr(slurm, "_EVERY", 0.5)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(slurm.__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    )


def workers(queue, lease=5.0, **options):
    return SlurmExecutor(Resources(workers=1), SlurmOptions(queue, lease, **options))


class Driving:
    """A study that is run by another thread of this process."""

    def __init__(self, project, study, executor):
        self.notes = Notes()
        self.outcome = None
        self._problem = None

        def drive():
            try:
                self.outcome, _ = project.run(study, executor=executor, progress=self.notes)
            except Exception as error:
                self._problem = error
            finally:
                executor.close()

        self._thread = threading.Thread(target=drive)
        self._thread.start()

    def end(self):
        self._thread.join(timeout=200)
        assert not self._thread.is_alive()
        if self._problem is not None:
            raise self._problem
        return self.outcome


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_a_node_is_killed_and_a_job_requeued_and_the_study_is_the_undisturbed_one(
    project, nodes, tmp_path, reference, monkeypatch
):
    """One array of two workers: a node is killed hard, the other worker is requeued; a third one ends the study."""
    monkeypatch.setenv("TOY_PAUSE", "0.4")
    queue = tmp_path / "queue"
    driving = Driving(project, project.study(**STUDY), workers(queue, nodes=2))
    wait_for(lambda: len({name.partition(".")[0] for name in files(queue, "checkpoints")}) == 2, 120)  # of both runs
    nodes.kill_node("n1")
    wait_for(lambda: any(name.endswith("@1") for name in files(queue, "todo", "claimed")), 60)
    (job,) = nodes.say("squeue", "--noheader", "--nodelist=n2", "--format=%i").split()
    assert nodes.say("squeue", "--noheader", f"--jobs={job}", "--format=%T").strip() == "RUNNING"
    nodes.say("scontrol", "requeue", job)
    wait_for(lambda: not files(queue, "claimed", "leases"), 60)  # it handed its run back
    assert not any(name.endswith("@2") for name in files(queue, "todo")), "which is no loss"
    nodes.start_node("n1")
    monkeypatch.setenv("TOY_PAUSE", "0")
    with served(queue, workers=2):
        outcome = driving.end()
    assert outcome.counts == {"finished": 4}
    assert project.everything() == reference
    runs = project.runs().values()
    assert [run.attempt for run in runs] == [0] * 4
    assert sum(max(run.resumed_from, default=0) > 0 for run in runs) >= 2
    assert files(queue, "todo", "claimed", "outbox", "checkpoints") == []
    assert any(re.fullmatch(r"submitted job \d+ of SLURM: 2 workers", note) for note in driving.notes.notes)
    wait_for(
        lambda: not nodes.say("squeue", "--noheader").strip(), 60
    )  # nothing is left for them, and they are cancelled


READS = """
import os

def train(run):
    for epoch in range(3):
        run.log(epoch, loss=float(epoch if epoch == 0 else os.environ.get("TOY_DATA", 7)))
        run.checkpoint.save(epoch, epochs=epoch)
    run.finish(accuracy=0.5)
"""


@pytest.mark.programs
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("there", "code", "end"),
    [
        ("nodelist=n2", 0, "agree to the bit (2 epochs of logged numbers, 2 training states)"),
        ("nodelist=n1 export=ALL,TOY_DATA=8", 1, "what is different there: nothing that is recorded; the data may be"),
    ],
)
def test_a_node_is_asked_whether_it_agrees_with_this_machine(project, nodes, tmp_path, there, code, end):
    """The node that is asked for trains; then its worker is cancelled, and nothing was stored."""
    project.code.write_text(READS)
    study = project.study()
    project.write()
    queue = tmp_path / "queue"
    words = ["doctor", str(project.file), "--executor", "slurm", "--queue", str(queue), "--slurm", there]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == code, (done.output, done.exception)
    answer = done.output.splitlines()[-1]
    assert answer.startswith("  ok" if code == 0 else "  FAIL")
    assert answer.endswith(end)
    assert not study.store_path.exists()
    assert f"#SBATCH --{there.partition(' ')[0]}" in "".join(file.read_text() for file in queue.glob("*.sh"))
    assert files(queue, "todo", "claimed", "outbox") == []
    wait_for(lambda: not nodes.say("squeue", "--noheader").strip(), 60)


@pytest.mark.programs
@pytest.mark.parametrize("cancel", [False, True])
def test_a_driver_that_is_stopped_leaves_its_workers_or_cancels_them(project, nodes, tmp_path, cancel, monkeypatch):
    monkeypatch.setenv("TOY_PAUSE", "0.2")

    class Stopping(Notes):
        def note(self, text):
            super().note(text)
            if text.startswith("submitted"):
                os.kill(os.getpid(), signal.SIGINT)

    executor, notes = workers(tmp_path / "queue", cancel=cancel), Stopping()
    outcome, _ = project.run(project.study(), executor=executor, progress=notes)
    executor.close()
    assert outcome.interrupted
    (job,) = (re.search(r"job (\d+)", note)[1] for note in notes.notes if note.startswith("submitted"))
    if cancel:
        assert f"job {job} of SLURM is cancelled" in notes.notes
        wait_for(lambda: not nodes.say("squeue", "--noheader").strip(), 60)
        return
    assert f"job {job} of SLURM goes on; to end it: scancel {job}" in notes.notes
    executor, notes = workers(tmp_path / "queue"), Notes()
    outcome, _ = project.run(executor=executor, progress=notes)
    executor.close()
    assert outcome.counts == {"finished": 1}
    assert not any("submitted" in note for note in notes.notes), "those of the first driver serve the second"


@pytest.mark.programs
def test_workers_that_end_at_once_are_an_error_with_the_place_of_their_logs(project, nodes, tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "_SCRIPT", "#!/bin/bash\n{directives}\nexit 1 # {worker}\n")
    with pytest.raises(SeedwiseError, match=r"3 arrays of workers ended without any record: see .*logs/slurm-\*\.log"):
        project.run(project.study(), executor=workers(tmp_path / "queue"))


def test_a_controller_that_does_not_answer_ends_no_driver(monkeypatch):
    said = [
        "RUNNING",
        "",
        SeedwiseError("squeue: slurm_load_jobs error: Unable to contact slurm controller"),
        SeedwiseError("squeue: slurm_load_jobs error: Invalid job id specified"),
    ]

    def answer(*words):
        found = said.pop(0)
        if isinstance(found, SeedwiseError):
            raise found
        return found

    monkeypatch.setattr(slurm, "_answer", answer)
    assert [slurm._is_known("1") for _ in range(4)] == [True, False, True, False]


@pytest.mark.programs
def test_what_sbatch_refuses_is_a_line(project, nodes, tmp_path):
    with pytest.raises(SeedwiseError, match=r"sbatch --parsable .*worker\.sh: sbatch: error: .*partition"):
        project.run(project.study(), executor=workers(tmp_path / "queue", slurm="partition=moon"))


# Without SLURM


def test_the_script_says_what_is_asked_for():
    options = SlurmOptions(nodes=8, slurm="partition=gpu --gres=gpu:1 exclusive")
    lines = script_of(Path("/shared/my queue"), Resources("cuda", runs_per_device=2), options).splitlines()
    directives = {line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH ")}
    assert {
        "--partition=gpu",
        "--gres=gpu:1",
        "--exclusive",
        "--array=0-7",
        "--requeue",
        "--open-mode=append",
    } <= directives
    (worker,) = (line for line in lines if line.endswith(" &"))
    assert " worker '/shared/my queue' --device cuda --runs-per-device 2 " in worker
    assert "--workers" not in worker, "as many as the GPUs of the node take"


def test_workers_on_processors_are_as_many_as_slurm_gives():
    assert '--workers "${SLURM_CPUS_PER_TASK:-1}" &' in script_of(Path("/q"), Resources(), SlurmOptions())
    assert "--workers 3 &" in script_of(Path("/q"), Resources(workers=3), SlurmOptions())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nodes": 0}, "--nodes 0: at least one is needed"),
        ({"slurm": "array=0-3"}, "seedwise sets 'array' itself: use --nodes N"),
        ({"slurm": "--output=x"}, "seedwise sets 'output' itself; logs lie in the queue's logs/"),
        ({"slurm": "time=1:00 $(rm)"}, r"'\$\(rm\)' is no option of sbatch: write 'partition=gpu time=4:00:00'"),
    ],
)
def test_what_is_no_option_of_sbatch_is_a_line(options, message):
    with pytest.raises(SeedwiseError, match=message):
        SlurmOptions(**options)


def test_without_sbatch_it_says_what_else_there_is(project, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SeedwiseError, match=r"there is no 'sbatch' here: run this on a login node .*--executor folder"):
        project.run(project.study(), executor=workers(tmp_path / "queue"))
