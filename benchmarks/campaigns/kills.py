"""``kill -9`` of the driver, of its workers or of the whole tree, and the same command again, until the study is done.

Half of the kills fall into moments at which something is being written: processes tell what they are about to do or
have just done, and dawdle there. The others come at any time, from the start of python to the report. After every kill
the store must open and have lost no finished run. In the end the study must be the one that nobody disturbed, runs,
metrics, series, predictions and weights alike, and nothing may lie about beside it.

    PYTHONPATH=src python benchmarks/campaigns/kills.py --n 300
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from toy_study import plain

from seedwise.errors import SeedwiseError
from seedwise.execution import StudyFolder
from seedwise.store import Store

STUDY = """
name: kills
task: {dataset: digits}
model: small_cnn
train: {epochs: 10, batch_size: 64, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
methods: {base: {}, clf: {loss: {name: clf}}}
replicates: 4
checkpoint: {every_epochs: 1}
keep: {weights: final}
limits: {retries: 1000}
"""
RUNS = 8

# Python imports this at the start of the driver and of every worker. It tells the campaign, through a named pipe, what
# the process is about to do or has just done, and dawdles there, so that a kill can fall into that very moment.
SITECUSTOMIZE = """
import os
import sqlite3
import time

_pipe = os.open(os.environ["KILLS_PIPE"], os.O_WRONLY | os.O_NONBLOCK)
_replace, _fsync, _connect = os.replace, os.fsync, sqlite3.connect


def tell(moment):
    try:
        os.write(_pipe, moment.encode() + b"\\n")
    except OSError:
        return
    if moment == os.environ["KILLS_MOMENT"]:
        time.sleep(0.1)


def room(path):
    for name in ("outbox", "checkpoints", "weights"):
        if f"/{name}/" in str(path):
            return name
    return "other"


def replace(source, target, **options):
    kind = "aside" if str(target).endswith(".previous") else "rename"
    tell(f"{room(target)} before {kind}")
    _replace(source, target, **options)
    tell(f"{room(target)} after {kind}")


def fsync(file):
    tell(f"{room(os.readlink(f'/proc/self/fd/{file}'))} written")
    _fsync(file)


class Connection(sqlite3.Connection):
    def commit(self):
        wrote = self.in_transaction
        if wrote:
            tell("commit before")
        super().commit()
        if wrote:
            tell("commit after")


os.replace, os.fsync = replace, fsync
sqlite3.connect = lambda *arguments, **options: _connect(*arguments, **{"factory": Connection} | options)
"""

MOMENTS = (
    "checkpoints written", "checkpoints before aside", "checkpoints after aside", "checkpoints before rename",
    "checkpoints after rename", "outbox written", "outbox before rename", "outbox after rename",
    "weights before rename", "weights after rename", "commit before", "commit before", "commit after", "commit after",
)  # fmt: skip
WHO = ("driver", "workers", "tree")
COMMAND = [sys.executable, "-m", "seedwise.cli", "run", "study.yaml", "--workers"]


@dataclasses.dataclass(frozen=True)
class Kill:
    """A kill: of whom, and when; ``times`` is how often the moment comes before, or a number of seconds."""

    who: str
    moment: str
    times: float


class Tree:
    """A driver and its workers, and what they say they are doing."""

    def __init__(self, folder: Path, moment: str, workers: int) -> None:
        pipe = folder / "pipe"
        if not pipe.exists():
            os.mkfifo(pipe)
        self.moments = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        path = os.pathsep.join([str(folder / "custom"), os.environ.get("PYTHONPATH", "")])
        self.driver = subprocess.Popen(
            [*COMMAND, str(workers)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "KILLS_PIPE": str(pipe), "KILLS_MOMENT": moment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._rest = b""

    def wait_for(self, kill: Kill) -> bool:
        """Wait until it is time for a kill; false if the driver ended before."""
        if kill.moment == "any":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.driver.wait(kill.times)
            return self.driver.poll() is None
        left, end = kill.times, time.monotonic() + 300
        while left > 0 and self.driver.poll() is None:
            if time.monotonic() > end:
                raise TimeoutError(f"'{kill.moment}' did not come")
            left -= self._said().count(kill.moment)
        return self.driver.poll() is None

    def _said(self) -> list[str]:
        if select.select([self.moments], [], [], 0.05)[0]:
            *lines, self._rest = (self._rest + os.read(self.moments, 65536)).split(b"\n")
            return [line.decode() for line in lines]
        return []

    def kill(self, who: str) -> bool:
        """Kill the driver alone, its workers alone, or every process of the tree; false if there was nobody to kill."""
        if who == "tree":
            os.killpg(self.driver.pid, signal.SIGKILL)
            return True
        if who == "driver":
            self.driver.kill()
            return True
        found = psutil.Process(self.driver.pid).children(recursive=True)
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return bool(found)

    def end(self) -> str:
        """Wait for the driver and return what it printed."""
        try:
            return self.driver.communicate(timeout=600)[0]
        finally:
            os.close(self.moments)


def prepared(folder: Path) -> Path:
    """Return a folder with the study in it."""
    (folder / "custom").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "custom" / "sitecustomize.py").write_text(SITECUSTOMIZE)
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
    path = folder / "kills.db"
    if not path.exists():
        return set()
    try:
        with Store(path) as store:
            return {run_id for run_id, (status, _) in store.statuses().items() if status == "finished"}
    except SeedwiseError as error:
        if "unfinished store" in str(error):  # killed before its first commit
            return set()
        raise


def drawn(rng: random.Random) -> Kill:
    """Draw a kill."""
    if rng.random() < 0.5:
        return Kill(rng.choice(WHO), "any", rng.uniform(0, 9))
    moment = rng.choice(MOMENTS)
    return Kill(rng.choice(WHO), moment, rng.randint(1, 8 if moment.startswith("checkpoints") else 3))


def round_of(folder: Path, seed: str, most: int) -> tuple[Counter[str], int]:
    """Kill one study up to ``most`` times, then let it end; return the kills by whom and when, and resumed runs.

    Raises:
        AssertionError: if a finished run is lost, or the study does not end well.

    """
    rng = random.Random(seed)
    prepared(folder)
    kills: Counter[str] = Counter()
    known: set[str] = set()
    while True:
        kill = drawn(rng) if kills.total() < most else Kill("nobody", "none", 0)
        tree = Tree(folder, kill.moment, workers=rng.choice((1, 2)))
        killed = False
        if kill.who != "nobody" and tree.wait_for(kill):
            time.sleep(rng.uniform(0.09, 0.12) if kill.moment.startswith("commit") else 0)  # about when it happens
            killed = tree.kill(kill.who)
            kills[f"{kill.who}, {'any time' if kill.moment == 'any' else kill.moment}"] += killed
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
    return kills, resumed


def rest(folder: Path) -> list[str]:
    """Return what lies about beside a store that should not."""
    files = StudyFolder.of_store(folder / "kills.db")
    lying = [*files.outbox.iterdir(), *files.checkpoints.iterdir(), *folder.rglob("*.tmp"), *folder.rglob("*-journal")]
    return [str(file.relative_to(folder)) for file in lying]


def campaign(folder: Path, n: int, seed: int, *, each: int = 8, jobs: int = 1) -> tuple[Counter[str], int, list[str]]:
    """Kill studies ``n`` times in all.

    Args:
        folder: where to work.
        n: number of kills.
        seed: of the draws.
        each: at most so many kills of one study.
        jobs: studies at once.

    Returns:
        The kills by whom and when, how many runs were resumed, and what is wrong.

    """
    calm = prepared(folder / "calm")
    out = subprocess.run([*COMMAND, "2"], cwd=calm, capture_output=True, text=True, check=False, env=_undisturbed())
    assert out.returncode == 0, out.stderr
    expected = contents(calm)
    assert sum(run[1][3] == "'finished'" for run in expected[0]) == RUNS
    kills: Counter[str] = Counter()
    resumed, studies = 0, 0
    wrong: list[str] = []

    def one(number: int) -> None:
        nonlocal resumed
        own = folder / f"study-{number}"
        try:
            found, its = round_of(own, f"{seed} {number}", min(each, n - kills.total()))
            resumed += its
            kills.update(found)
            if contents(own) != expected:
                wrong.append(f"study {number}: it is not the one that nobody disturbed")
            wrong.extend(f"study {number}: {file} lies about" for file in rest(own))
        except (AssertionError, SeedwiseError, TimeoutError) as error:
            wrong.append(f"study {number}: {type(error).__name__}: {error}")
            kills["?"] += 1

    with ThreadPoolExecutor(jobs) as pool:
        while kills.total() < n:
            list(pool.map(one, range(studies, studies + jobs)))
            studies += jobs
            print(f"{studies} studies, {kills.total()} kills, {len(wrong)} wrong", file=sys.stderr, flush=True)
    return kills, resumed, wrong


def _undisturbed() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("KILLS_")}


def main() -> None:
    """Run it, and exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="studies that are killed at the same time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kills, resumed, wrong = campaign(Path(folder), options.n, options.seed, jobs=options.jobs)
    for what, count in sorted(kills.items()):
        print(f"{what:40} {count:5}")
    for line in wrong:
        print(line)
    print(f"{kills.total()} kills, seed {options.seed}: {resumed} runs were resumed; {len(wrong)} things are wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
