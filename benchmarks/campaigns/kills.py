"""``kill -9`` of the driver, of its workers or of the whole tree, and the same command again, until the study is done.

Most kills fall into moments at which something is being written: processes tell what they are about to do or
have just done, and dawdle there. The others come at any time, from the start of python to the report. After every kill
the store must open and have lost no finished run. In the end the study must be the one that nobody disturbed, runs,
metrics, series, predictions and weights alike, and nothing may be left next to it.

    PYTHONPATH=src python benchmarks/campaigns/kills.py --n 300
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from command import run_campaign
from toy_study import plain

from seedwise.errors import SeedwiseError
from seedwise.execution import StudyFolder
from seedwise.store import Store
from tests.execution.hooks import Family, hooked
from tests.moments import SITECUSTOMIZE, Moments

STUDY = """
name: kills
task: {dataset: digits, train_examples: 100, test_examples: 50}
model: {name: small_cnn, width: 2}
train: {epochs: 10, batch_size: 20, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
methods: {base: {}, clf: {loss: {name: clf}}}
replicates: 8
checkpoint: {every_epochs: 1}
keep: {weights: final}
limits: {retries: 1000}
"""
RUNS = 16

MOMENTS = (
    "checkpoints written", "checkpoints before aside", "checkpoints after aside", "checkpoints before rename",
    "checkpoints after rename", "outbox written", "outbox before rename", "outbox after rename",
    "weights before rename", "weights after rename", "commit before", "commit before", "commit after", "commit after",
)  # fmt: skip
WHO = ("driver", "workers", "tree")


@dataclasses.dataclass(frozen=True)
class Kill:
    """A kill: of whom, and when; ``times`` is the how manieth moment of that kind, or a number of seconds."""

    who: str
    moment: str
    times: float


class Tree:
    """A driver and its workers, and what they say they are doing."""

    def __init__(self, folder: Path, moment: str, workers: int, family: Family) -> None:
        self.moments = Moments(folder)
        nursery, environment = family
        self.driver = nursery.popen(families=True)(
            [sys.executable, "-m", "seedwise.cli", "run", "study.yaml", "--workers", str(workers)],
            cwd=folder,
            env=environment | self.moments.environment(moment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, kill: Kill) -> bool:
        """Wait until it is time for a kill; false if the driver ended before."""
        if kill.moment == "any time":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.driver.wait(kill.times)
            return self.driver.poll() is None
        left, end = kill.times, time.monotonic() + 300
        while left > 0 and self.driver.poll() is None:
            if time.monotonic() > end:
                raise TimeoutError(f"'{kill.moment}' did not come")
            said = self.moments.said()
            left -= len(said) if kill.moment == "any moment" else said.count(kill.moment)
        return self.driver.poll() is None

    def kill(self, who: str) -> bool:
        """Kill the driver alone, its workers alone, or every process of the tree; false if there was nobody to kill."""
        try:
            if who == "tree":
                os.killpg(self.driver.pid, signal.SIGKILL)
                return True
            if who == "driver":
                os.kill(self.driver.pid, signal.SIGKILL)
                return True
            forking = psutil.Process(self.driver.pid).children()
            found = [worker for process in forking for worker in process.children()]
        except (ProcessLookupError, psutil.NoSuchProcess):  # it has ended since it was asked whether it goes on
            return False
        for worker in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        return bool(found)

    def end(self) -> str:
        """Wait for the driver and return what it printed."""
        try:
            return str(self.driver.communicate(timeout=600)[0])
        finally:
            self.moments.close()


def prepared(folder: Path) -> Path:
    """Return a folder with the study in it."""
    folder.mkdir()
    (folder / "study.yaml").write_text(STUDY)
    return folder


def contents(folder: Path) -> Any:
    """Return what a store says of its runs but how long they took and what happened on the way, and their weights."""
    with Store(folder / "kills.db") as store:
        store.check()
        runs = store.runs()
        ids = [run.run_id for run in runs]
        told = [dataclasses.replace(run, seconds=0, notes=[], resumed_from=[]) for run in runs]
        said = [told, store.series(ids), store.predictions(ids), store.documents()]
    weights = StudyFolder.of_store(folder / "kills.db").weights
    return plain(
        [*said, {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(weights.iterdir())}]
    )


def finished(folder: Path) -> set[str]:
    """Return the runs that the store has finished."""
    store = Store.if_there(folder / "kills.db")
    if store is None:
        return set()
    with store:
        return {run_id for run_id, (status, _) in store.statuses().items() if status == "finished"}


def drawn(rng: random.Random, moment: str) -> Kill:
    """Draw a kill at a moment."""
    if moment == "any time":
        return Kill(rng.choice(WHO), moment, rng.uniform(0, 3))
    most = 100 if moment == "any moment" else 8 if moment.startswith("checkpoints") else 3  # a run has some fifty
    return Kill(rng.choice(WHO), moment, rng.randint(1, most))


def dealt(n: int, rng: random.Random) -> list[str]:
    """Return the moments of ``n`` kills: of any twenty in a row, one is at each of ``MOMENTS``, six are anywhere."""
    each = [*MOMENTS, *["any moment"] * 3, *["any time"] * 3]
    return [moment for _ in range(-(-n // len(each))) for moment in rng.sample(each, len(each))][:n]


def round_of(
    folder: Path, seed: str, moments: list[str], family: Family
) -> tuple[Counter[tuple[str, str]], list[str], int]:
    """Kill one study at moments, then let it end.

    Returns:
        The kills by whom and when; the moments that are left, since the study ended before; the number of resumed runs.

    Raises:
        AssertionError: if a finished run is lost, or the study does not end well.

    """
    rng = random.Random(seed)
    prepared(folder)
    kills: Counter[tuple[str, str]] = Counter()
    known: set[str] = set()
    left = list(moments)
    while True:
        kill = drawn(rng, left[0]) if left else Kill("nobody", "none", 0)
        tree = Tree(folder, kill.moment, workers=rng.choice((1, 2)), family=family)
        killed = False
        if kill.who != "nobody" and tree.wait_for(kill):
            time.sleep(rng.uniform(0.09, 0.12) if kill.moment.startswith("commit") else 0)  # about when it happens
            killed = tree.kill(kill.who)
            if killed:
                kills[kill.who, left.pop(0)] += 1
        out = tree.end()
        now = finished(folder)
        assert known <= now, f"lost after {kill}: {known - now}"
        known = now
        if kill.who == "workers" or not killed:
            assert tree.driver.returncode == 0, f"{kill}: {out}"
        if tree.driver.returncode == 0:
            break
    with Store(folder / "kills.db") as store:
        resumed = sum(max(run.resumed_from, default=0) > 0 for run in store.runs())
    return kills, left, resumed


def rest(folder: Path) -> list[str]:
    """Return the files next to a store that should not be there."""
    files = StudyFolder.of_store(folder / "kills.db")
    lying = [*files.outbox.iterdir(), *files.checkpoints.iterdir(), *folder.rglob("*.tmp"), *folder.rglob("*-journal")]
    return [str(file.relative_to(folder)) for file in lying]


def campaign(
    folder: Path, n: int, seed: int, *, each: int = 12, jobs: int = 2
) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Kill studies ``n`` times in all.

    Args:
        folder: where to work.
        n: number of kills.
        seed: of the draws.
        each: at most so many kills of one study.
        jobs: studies at once.

    Returns:
        The kills by whom and when, and what is wrong.

    """
    kills: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    resumed, studies = 0, 0
    left = dealt(n, random.Random(seed))
    # Drivers are forked, and by each of them its workers: starting python and torch takes longer than a study.
    with hooked(folder / "custom", SITECUSTOMIZE, {"KILLS_MOMENT": "none"}) as family, ThreadPoolExecutor(jobs) as pool:
        calm = Tree(prepared(folder / "calm"), "none", 2, family)
        out = calm.end()
        assert calm.driver.returncode == 0, out
        expected = contents(folder / "calm")
        assert sum(run[1][3] == "'finished'" for run in expected[0]) == RUNS

        def one(number: int, moments: list[str]) -> tuple[Counter[tuple[str, str]], list[str], int]:
            own = folder / f"study-{number}"
            try:
                found = round_of(own, f"{seed} {number}", moments, family)
                if contents(own) != expected:
                    wrong.append(f"study {number}: it is not the one that nobody disturbed")
                wrong.extend(f"study {number}: {file} was left behind" for file in rest(own))
            except (AssertionError, SeedwiseError, TimeoutError) as error:
                wrong.append(f"study {number}: {type(error).__name__}: {error}")
                return Counter(), [], 0
            return found

        while left and not wrong:
            now, left = left[: each * jobs], left[each * jobs :]
            for found, rests, its in pool.map(one, range(studies, studies + jobs), (now[k::jobs] for k in range(jobs))):
                kills.update(found)
                left += rests
                resumed += its
            studies += jobs
            print(f"{studies} studies, {kills.total()} kills, {resumed} runs resumed", file=sys.stderr, flush=True)
    if resumed < n // 4:
        wrong.append(f"only {resumed} runs were resumed from a checkpoint")
    return kills, wrong


if __name__ == "__main__":
    run_campaign(campaign, "kills", __doc__, n=300)
