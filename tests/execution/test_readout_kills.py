"""``kill -9`` of the driver and its workers while finished runs are read out."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from seedwise.study import Store, StudyFolder

from .hooks import hooked

STUDY = """
name: kills
task: {dataset: digits}
model: small_cnn
train: {epochs: 1, batch_size: 64, optimizer: {name: sgd, lr: 0.1}}
replicates: 2
keep: {weights: final}
"""

# Python imports this at the start of the driver and of every worker. The first process that comes to a moment kills the
# whole group, so that no moment is missed.
SITECUSTOMIZE = """
import os
import signal
import sqlite3

_replace = os.replace


def kill_at(moment):
    if moment in os.environ.get("KILLS_AT", "").split():
        marker = os.path.join(os.environ["KILLS_FOLDER"], moment)
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.killpg(0, signal.SIGKILL)


def replace(source, target, **options):
    handed = str(target).endswith(".readout")
    if handed:
        kill_at("before-rename")
    _replace(source, target, **options)
    if handed:
        kill_at("after-rename")


class Connection(sqlite3.Connection):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.takes_in = False
        self.set_trace_callback(self.watch)

    def watch(self, statement):
        self.takes_in = self.takes_in or statement.startswith("INSERT INTO seedwise_readouts")

    def commit(self):
        takes_in, self.takes_in = self.takes_in, False
        if takes_in:
            kill_at("before-commit")
        super().commit()
        if takes_in:
            kill_at("after-commit")


_connect = sqlite3.connect
os.replace = replace
sqlite3.connect = lambda *arguments, **options: _connect(*arguments, **{"factory": Connection} | options)
"""
MOMENTS = ("before-rename", "after-rename", "before-commit", "after-commit")


def run(family, folder, kills: str = "") -> tuple[int, str]:
    nursery, environment = family
    driver = nursery.popen(families=True)(
        [sys.executable, "-c", "import seedwise; print(seedwise.Study.from_yaml('study.yaml').run(workers=1))"],
        cwd=folder,
        env={**environment, "KILLS_AT": kills, "KILLS_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    out = driver.communicate(timeout=200)[0]
    return driver.returncode, out


def contents(folder) -> dict:
    """Return what the readouts gave: metrics, classes and logits, by run."""
    with Store(folder / "kills.db") as store:
        found = store.readouts()
        said = {key: (one.status, one.metrics, one.passes) for key, one in found.items()}
        kept = store.predictions([run.run_id for run in store.runs()], tag="crop25")
        assert {run.attempt for run in store.runs()} == {0}
    return {"said": said, "kept": {i: (p.predicted.tolist(), p.logits.tolist()) for i, p in kept.items()}}


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_readouts_survive_kills_at_every_moment(tmp_path):
    folders = [tmp_path / name for name in ("calm", "killed")]
    for folder in folders:
        folder.mkdir()
        (folder / "study.yaml").write_text(STUDY + "readouts: [crop25]\n")
    calm, killed = folders
    with hooked(tmp_path / "custom", SITECUSTOMIZE, {}) as family:
        code, out = run(family, calm)
        assert code == 0, out
        for moment in MOMENTS:
            code, out = run(family, killed, moment)
            assert code == -signal.SIGKILL, (moment, out)
        code, out = run(family, killed)
        assert code == 0, out
    assert contents(killed) == contents(calm)
    assert len(contents(calm)["kept"]) == 2
    assert list(StudyFolder(killed / "kills.d").outbox.iterdir()) == []
