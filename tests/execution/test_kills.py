"""``kill -9`` of the whole process tree at twenty moments, each time followed by the same command again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from seedwise.study import Store, Study, StudyFolder
from tests.moments import SITECUSTOMIZE, Moments
from tests.nursery import Nursery

from .hooks import hooked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a process writes is read from /proc")

STUDY = """
name: kills
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: small_cnn, width: 2}
train: {epochs: 10, batch_size: 20, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
methods: {base: {}, clf: {loss: {name: clf}}}
replicates: 12
checkpoint: {every_epochs: 1}
"""

MOMENTS = [
    "checkpoints written",
    "checkpoints written",
    "checkpoints before aside",
    "checkpoints after aside",
    "checkpoints before rename",
    "checkpoints before rename",
    "checkpoints after rename",
    "outbox written",
    "outbox before rename",
    "outbox after rename",
    "outbox after rename",
    "commit before",
    "commit before",
    "commit after",
    "commit after",
    *["any"] * 5,
]
DRIVER = "import sys, seedwise; print(seedwise.Study.from_yaml(sys.argv[1]).run(workers=int(sys.argv[2])))"


Family = tuple[Nursery, dict[str, str]]


class Tree:
    """A driver and its workers, and what they say they are doing."""

    def __init__(self, folder: Path, moment: str, workers: int, family: Family) -> None:
        self.moments = Moments(folder)
        nursery, environment = family
        self.driver = nursery.popen(families=True)(
            [sys.executable, "-c", DRIVER, str(folder / "study.yaml"), str(workers)],
            env={**environment, **self.moments.environment(moment)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, moment: str, times: int, seconds: float = 240) -> None:
        """Wait until ``moment`` (or "any") has come ``times`` times or the driver has ended."""
        end = time.monotonic() + seconds
        while times > 0 and self.driver.poll() is None:
            assert time.monotonic() < end, f"'{moment}' did not come"
            lines = self.moments.said()
            times -= len(lines) if moment == "any" else lines.count(moment)

    def kill(self, workers_first: bool) -> None:
        """Kill every process of the tree: all at once, or the workers a moment before their driver."""
        if workers_first:
            for process in psutil.Process(self.driver.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        os.killpg(self.driver.pid, signal.SIGKILL)

    def end(self) -> str:
        """Wait for the driver and return what it printed."""
        try:
            return self.driver.communicate(timeout=300)[0]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.driver.pid, signal.SIGKILL)
            self.moments.close()


def kill_at(folder: Path, moment: str, rng: random.Random, family: Family) -> bool:
    """Run the study and kill it; false if it ended before the moment came."""
    tree = Tree(folder, moment, workers=rng.choice((1, 2)), family=family)
    try:
        if moment == "any":
            tree.wait_for("checkpoints written", 1)
            tree.wait_for("any", rng.randint(0, 100))  # an epoch has five moments, a run of ten epochs some fifty
            time.sleep(rng.uniform(0, 0.02))
        elif moment.startswith("commit"):
            tree.wait_for("outbox after rename", 1)  # a run's commit, not the plan's
            tree.wait_for(moment, 1)
            time.sleep(rng.uniform(0.09, 0.12))  # the dawdling ends here and the commit happens
        else:
            tree.wait_for(moment, rng.randint(1, 4) if moment.startswith("checkpoints") else 1)
        if tree.driver.poll() is not None:
            return False
        tree.kill(workers_first=rng.random() < 0.3)
        return True
    finally:
        tree.end()


def kill_ten_times(folder: Path, moments: list[str], rng: random.Random, family: Family) -> list[str]:
    """Return the moments at which the study was killed; then it is run to its end."""
    hit = [moment for moment in moments if kill_at(folder, moment, rng, family)]
    tree = Tree(folder, "none", workers=1, family=family)
    out = tree.end()
    assert tree.driver.returncode == 0, out
    assert "Outcome(counts={'finished': 24}" in out
    return hit


@pytest.fixture
def family(tmp_path):
    with hooked(tmp_path / "custom", SITECUSTOMIZE, {"KILLS_MOMENT": "none"}) as found:
        yield found


@pytest.mark.timeout(600)
def test_a_study_killed_at_twenty_moments_is_the_study_that_was_not(tmp_path, contents_of, family):
    seed = os.environ.get("SEEDWISE_KILLS_SEED") or str(random.SystemRandom().randrange(10**6))
    print(f"SEEDWISE_KILLS_SEED={seed} repeats these kills")  # pytest shows it on failure
    folders = [tmp_path / name for name in ("calm", "first", "second")]
    for folder in folders:
        folder.mkdir()
        (folder / "study.yaml").write_text(STUDY)
    calm, *killed = folders

    # Two copies of the study side by side.
    moments = random.Random(seed).sample(MOMENTS, len(MOMENTS))
    rngs = [random.Random(f"{seed} {k}") for k in range(2)]
    with ThreadPoolExecutor(2) as pool:
        hit = list(pool.map(kill_ten_times, killed, (moments[::2], moments[1::2]), rngs, [family] * 2))
    print("killed at:", *hit)
    assert sum(map(len, hit)) == len(moments) == 20, "a study ended before its kills: give it more replicates"

    assert Study.from_yaml(calm / "study.yaml").run(workers=2).counts == {"finished": 24}
    expected = contents_of(calm / "kills.db")
    assert len(expected["series"]) == len(expected["predictions"]) == 24
    assert all(len(rows) == 10 for rows in expected["series"].values())
    resumed = 0
    for folder in killed:
        assert contents_of(folder / "kills.db") == expected
        with Store(folder / "kills.db") as store:
            resumed += sum(max(run.resumed_from, default=0) > 0 for run in store.runs())
        files = StudyFolder.of_store(folder / "kills.db")
        assert list(files.outbox.iterdir()) == []
        assert list(files.checkpoints.iterdir()) == []
    assert resumed >= 5
