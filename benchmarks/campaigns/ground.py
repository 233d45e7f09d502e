"""Where the cases of ``system.py`` are made: a toy study in its folder, disks of any size, commands run in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from command import problem_of_line

from seedwise.store import Store
from tests.nursery import environment_of_families, nursery

TOY = """
import os, pathlib, time
import numpy as np

def train(run):
    saved = run.checkpoint.load() or {"epoch": -1, "total": 0.0}
    total = saved["total"]
    for epoch in range(saved["epoch"] + 1, run.config.get("epochs", 3)):
        total += run.randomness.numpy("shuffle", "draw", epoch).uniform()
        run.log(epoch, loss=total)
        run.checkpoint.save(epoch, total=total)
        time.sleep(float(os.environ.get("TOY_PAUSE", 0)))
        while not pathlib.Path(os.environ.get("TOY_GATE", ".")).exists():
            time.sleep(0.02)
    ids = np.arange(run.config.get("rows", 6))
    run.save_predictions(run.randomness.numpy("init", "logits").normal(size=(len(ids), 3)), ids % 3, ids=ids)
    run.finish(accuracy=run.seeds["init"] / 100)
"""
STUDY = """
name: toy
train: {function: "toy:train", config: {rows: ROWS}}
methods: {base: {}, longer: {config: {epochs: 4}}}
replicates: 3
checkpoint: {every_epochs: 1}
"""
RUNS = 6
SEEDWISE_WORDS = [sys.executable, "-m", "seedwise.cli"]
TABLE = "method,seed,accuracy\n" + "".join(
    f"{m},{s},0.9{s}{k}\n" for s in range(5) for k, m in enumerate(("base", "b"))
)


class SkippedError(Exception):
    """This machine cannot make the case."""


@dataclass(frozen=True)
class Result:
    """How a command ended, and the folder in which it ran."""

    folder: Path
    code: int
    out: str
    err: str

    def is_line(self, codes: int | tuple[int, ...], *words: str) -> Result:
        """Assert that it was refused in one line that says these words, with this exit code or one of these."""
        line = self.err.removesuffix("\n")
        allowed = (codes,) if isinstance(codes, int) else codes
        assert self.code in allowed, f"exit code {self.code}, not {codes}: {self.out} {self.err}"
        assert line.startswith("seedwise: "), f"not of seedwise: {self.err}"
        problem = problem_of_line(line, self.folder)
        assert problem is None, f"{problem}: {self.err}"
        for word in words:
            assert word in self.err, f"nothing of '{word}': {self.err}"
        return self

    def is_well(self, code: int = 0) -> Result:
        """Assert that it ended as asked for, without a word of a traceback."""
        assert self.code == code, f"exit code {self.code}, not {code}: {self.out} {self.err}"
        assert "Traceback" not in self.out + self.err, self.err
        assert "Exception ignored" not in self.err, self.err
        return self


@dataclass(frozen=True)
class Place:
    """A folder with a study file, its store and a table of results."""

    folder: Path

    @property
    def store(self) -> Path:
        """The store."""
        return self.folder / "toy.db"

    def seedwise(self, *arguments: str | Path) -> Result:
        """Run a command in the folder, in a process that starts quickly."""
        words = ["-m", "seedwise.cli", *map(str, arguments)]
        done = nursery().run(words, cwd=self.folder, env=dict(os.environ), timeout=300)
        return Result(self.folder, done.returncode, done.stdout, done.stderr)

    def shell(self, line: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Result:
        """Run a line of the shell; ``seedwise`` is the command."""
        line = line.replace("SEEDWISE", " ".join(SEEDWISE_WORDS))
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line], cwd=cwd or self.folder, env={**os.environ, **(env or {})},
            capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=300, check=False,
        )  # fmt: skip
        return Result(self.folder, done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a command in the folder, in a process group of its own that its workers are in, too."""
        started: subprocess.Popen[str] = nursery().popen(families=True)(
            [*SEEDWISE_WORDS, *arguments], cwd=self.folder, env={**environment_of_families(), **env},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        return started

    def finished(self) -> dict[str, str]:
        """Return the digests of what finished runs said, by run."""
        with Store(self.store) as store:
            store.check()
            runs = [run for run in store.runs() if run.status == "finished"]
            series = store.series([run.run_id for run in runs])
        return {run.run_id: f"{run.metrics} {series[run.run_id]}" for run in runs}


def placed(folder: Path, rows: int = 6) -> Place:
    """Return a folder with the study and nothing trained."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "toy.py").write_text(TOY)
    (folder / "study.yaml").write_text(STUDY.replace("ROWS", str(rows)))
    (folder / "table.csv").write_text(TABLE)
    return Place(folder)


class Ground:
    """Where cases are made: a finished study, and copies of it.

    Args:
        folder: where to work.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        self._whole: Place | None = None
        self._mounted: list[Path] = []

    @property
    def whole(self) -> Place:
        """A finished study that stays as it is."""
        if self._whole is None:
            whole = placed(self.folder / "whole")
            whole.seedwise("run", "study.yaml").is_well()
            self._whole = whole
        return self._whole

    def fresh(self) -> Place:
        """Return a place with nothing trained."""
        return placed(self._new())

    def copy(self) -> Place:
        """Return a copy of the finished study."""
        folder = self._new()
        shutil.copytree(self.whole.folder, folder)
        return Place(folder)

    def _new(self) -> Path:
        self._count += 1
        return self.folder / f"case-{self._count}"

    def disk(self, size: str) -> Path:
        """Return a disk of a size."""
        if sys.platform != "linux" or os.geteuid() != 0:
            raise SkippedError("only root can mount a disk of memory")
        folder = self._new()
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
        )
        if done.returncode:
            raise SkippedError("this root may not mount")
        self._mounted.append(folder)
        return folder

    def remount(self, folder: Path, options: str) -> None:
        """Change a disk."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    def close(self) -> None:
        """Take the disks away."""
        for folder in self._mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(disk: Path) -> None:
    """Leave no byte free."""
    (disk / "filler").write_bytes(b"")
    with contextlib.suppress(OSError), (disk / "filler").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@contextmanager
def running(place: Place) -> Iterator[subprocess.Popen[str]]:
    """Start a study and yield once a run is being trained; it goes on when there is a file ``gate``."""
    driver = place.start("run", "study.yaml", "--workers", "2", TOY_GATE=str(place.folder / "gate"))
    try:
        end = time.monotonic() + 200
        checkpoints = place.folder / "toy.d" / "checkpoints"
        while not (checkpoints.is_dir() and any(checkpoints.iterdir())):
            assert driver.poll() is None, driver.communicate()
            assert time.monotonic() < end, "nothing is trained"
            time.sleep(0.05)
        yield driver
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()
