"""What a system does to a program: read-only folders, full disks, signals, clocks, files that are something else.

Every case runs the command line as a user does, and looks at the exit code, at what is printed (one line, or what was
asked for) and at the store (nothing lost; the same command goes on). Cases that a machine cannot make, such as full
disks where nobody may mount one, are skipped and counted.

    apt-get install faketime      # for the cases of the clock; without it they are skipped
    PYTHONPATH=src python benchmarks/campaigns/system.py

It is the same each time: ``--n`` runs the first so many cases.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from command import run_campaign
from ground import RUNS, SEEDWISE_WORDS, Ground, Place, Result, SkippedError, fill, placed, running

from seedwise.store import Store

NO_STORE = 2, 4
"""How a command may end on what is no store: as on a wrong file, or as on a damaged one."""

# Files that are something else


def newer_store(ground: Ground) -> None:
    """A store of a newer seedwise stays as it is."""
    place = ground.copy()
    with contextlib.closing(sqlite3.connect(place.store)) as db, db:
        db.execute("UPDATE seedwise_meta SET value = '999'")
    before = place.store.read_bytes()
    for command in (["status"], ["report"], ["show"], ["export", "--compact"], ["recover"]):
        place.seedwise(command[0], "toy.db", *command[1:]).is_line(2, "newer seedwise")
    place.seedwise("run", "study.yaml").is_line(2, "newer seedwise")
    assert place.store.read_bytes() == before


def others_database(ground: Ground) -> None:
    """The database of another program is not written to."""
    place = ground.fresh()
    with contextlib.closing(sqlite3.connect(place.store)) as db, db:
        db.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")
        db.execute("INSERT INTO moz_places VALUES (1, 'https://example.org')")
    before = place.store.read_bytes()
    for command in ("status", "report", "show", "recover"):
        place.seedwise(command, "toy.db").is_line(NO_STORE, "toy.db")
    place.seedwise("run", "study.yaml").is_line(NO_STORE, "toy.db")
    assert place.store.read_bytes() == before


def no_database(ground: Ground) -> None:
    """A text, an image or nothing at all in the place of a store is a line, and stays as it is."""
    for content in (
        b"",
        b"method,seed\n",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"SQLite format 3\0" + bytes(4000),
    ):
        place = ground.fresh()
        place.store.write_bytes(content)
        for command in ("status", "report"):
            place.seedwise(command, "toy.db").is_line(NO_STORE, "toy.db")
        assert place.store.read_bytes() == content
        result = place.seedwise("run", "study.yaml")
        if not content:  # what a driver leaves that is killed before its first commit
            result.is_well()
            continue
        result.is_line(NO_STORE, "toy.db")
        assert place.store.read_bytes() == content


def report_on_a_folder(ground: Ground) -> None:
    """Outputs that are folders, devices, the store itself, or in a folder that is a file."""
    place = ground.copy()
    (place.folder / "folder").mkdir()
    before = place.store.read_bytes()
    for target in ("folder", "table.csv/x.html", "/proc/x.html", "/dev/full"):
        place.seedwise("report", "toy.db", "-o", target).is_line(4, target)
    place.seedwise("report", "toy.db", "-o", "toy.db").is_line(2, "overwrite the store toy.db")
    place.seedwise("export", "toy.db", "--compact", "-o", "folder").is_line(2, "folder")
    place.seedwise("recover", "toy.db", "-o", "folder").is_line(2, "folder")
    place.seedwise("init", "folder").is_line(2, "folder")
    assert place.store.read_bytes() == before
    place.seedwise("report", "toy.db", "-o", "/dev/null").is_well()


# Disks


def read_only_folder(ground: Ground) -> None:
    """A read-only folder: what reads works, what writes is a line."""
    disk = ground.disk("20m")
    shutil.copytree(ground.whole.folder, disk / "toy")
    place = Place(disk / "toy")
    ground.remount(disk, "ro")
    place.seedwise("status", "toy.db").is_well()
    place.seedwise("show", "toy.db", "--json").is_well()
    place.seedwise("compare", "table.csv").is_well()
    place.seedwise("report", "toy.db", "-o", ground.folder / "elsewhere.html").is_well()
    place.seedwise("run", "study.yaml", "--dry-run").is_well()
    place.seedwise("report", "toy.db").is_line(4, "not allowed to write")
    place.seedwise("run", "study.yaml").is_line(4, "not allowed to write")
    place.seedwise("run", "study.yaml", "--shard", "1/2").is_line(4, "not allowed to write")
    place.seedwise("export", "toy.db", "--compact").is_line(4, "not allowed to write")
    place.seedwise("recover", "toy.db").is_line(4, "not allowed to write")
    place.seedwise("init", "other.yaml").is_line(4, "not allowed to write")
    place.seedwise("demo").is_line(4, "not allowed to write")


def another_users_folder(ground: Ground) -> None:
    """A folder of another user's, and a store that may not be read."""
    if os.name != "posix" or os.geteuid() != 0:
        raise SkippedError("only root can be somebody else")
    place = ground.copy()
    as_nobody = "setpriv --reuid 65534 --clear-groups"
    for folder in (ground.folder, place.folder):
        folder.chmod(0o755)
    if place.shell(f"{as_nobody} cat study.yaml {sys.executable} {Path(sys.prefix) / 'pyvenv.cfg'}").code:
        raise SkippedError("nobody else may read this folder, or this python")
    place.store.chmod(0o600)
    nobody = f"{as_nobody} {' '.join(SEEDWISE_WORDS)}"
    place.shell(f"{nobody} status toy.db").is_line(2, "not readable")
    place.shell(f"{nobody} run study.yaml").is_line(4, "not allowed to write")
    (place.folder / "study.yaml").chmod(0o600)
    place.shell(f"{nobody} run study.yaml").is_line(2, "study.yaml")
    (place.folder / "table.csv").chmod(0o600)
    place.shell(f"{nobody} compare table.csv").is_line(2, "table.csv")


def full_disk(ground: Ground) -> None:
    """A disk that fills up while a study runs: a line, nothing lost, and the same command goes on."""
    disk = ground.disk("900k")
    place = placed(disk / "toy", rows=20_000)
    place.seedwise("run", "study.yaml", "--workers", "1").is_line(4, "no space left")
    kept = place.finished()
    place.seedwise("run", "study.yaml", "--workers", "1").is_line(4, "no space left")
    assert kept.items() <= place.finished().items()
    ground.remount(disk, "size=20m")
    place.seedwise("run", "study.yaml").is_well()
    assert kept.items() <= place.finished().items()
    assert len(place.finished()) == RUNS


def full_from_the_start(ground: Ground) -> None:
    """A disk without a byte left: every command that writes says so, and leaves no half of a file."""
    disk = ground.disk("4m")
    shutil.copytree(ground.whole.folder, disk / "toy")
    place = Place(disk / "toy")
    (place.folder / "toy.html").unlink()
    shutil.copy(place.folder / "study.yaml", place.folder / "new.yaml")
    (place.folder / "new.yaml").write_text((place.folder / "new.yaml").read_text().replace("name: toy", "name: new"))
    fill(disk)
    before = {path.name for path in place.folder.iterdir()} | {"new.d", "new.db"}
    place.seedwise("status", "toy.db").is_well()
    for arguments in (
        ["report", "toy.db"], ["export", "toy.db", "--compact"], ["recover", "toy.db"], ["init", "other.yaml"],
        ["run", "new.yaml"],
    ):  # fmt: skip
        place.seedwise(*arguments).is_line(4, "no space left")
        new = {path.name for path in place.folder.iterdir()} - before
        assert not new, f"after {arguments}: {new}"
    assert len(place.finished()) == RUNS


def no_temporary_folder(ground: Ground) -> None:
    """No space in TMPDIR, or no such folder, and no home: nothing needs them."""
    disk = ground.disk("100k")
    fill(disk)
    for folder in (disk, ground.folder / "missing"):
        place = ground.fresh()
        env = {
            "TMPDIR": str(folder),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        }
        for command in (
            "run study.yaml",
            "report toy.db",
            "export toy.db --compact",
            "recover toy.db",
            "compare table.csv",
        ):
            place.shell(f"SEEDWISE {command}", env).is_well()
        assert len(place.finished()) == RUNS


def files_that_may_not_grow(ground: Ground) -> None:
    """A limit on the size of files."""
    place = placed(ground.fresh().folder, rows=20_000)
    place.shell("ulimit -f 140; SEEDWISE run study.yaml --workers 1").is_line(4, "no space left")
    place.seedwise("run", "study.yaml").is_well()
    assert len(place.finished()) == RUNS


def no_locks(ground: Ground) -> None:
    """A file system without locks, as some network folders: a second driver is kept away all the same, or a line."""
    place = ground.fresh()
    (place.folder / "sitecustomize.py").write_text(
        "import errno, fcntl, os\n\n\ndef flock(*_):\n    number = getattr(errno, os.environ['NO_LOCKS'])\n"
        "    raise OSError(number, os.strerror(number))\n\n\nfcntl.flock = flock\n"
    )
    path = os.pathsep.join([str(place.folder), os.environ.get("PYTHONPATH", "")])
    place.shell("SEEDWISE run study.yaml", {"PYTHONPATH": path, "NO_LOCKS": "ENOLCK"}).is_line(4, "lock")
    (place.folder / "toy.d" / "lock").unlink(missing_ok=True)
    without = {"PYTHONPATH": path, "NO_LOCKS": "ENOSYS"}
    place.shell("SEEDWISE run study.yaml", without).is_well()
    assert len(place.finished()) == RUNS
    (place.folder / "toy.d" / "lock").touch()
    place.shell("SEEDWISE run study.yaml", without).is_line(2, "delete toy.d/lock")


def write_ahead_log(ground: Ground) -> None:
    """A store that another program switched to a write-ahead log: read, written and copied; also where none can be."""
    place = ground.copy()
    with contextlib.closing(sqlite3.connect(place.store)) as db:
        assert db.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    place.seedwise("status", "toy.db").is_well()
    place.seedwise("run", "study.yaml", "--replicates", "4").is_well()
    place.seedwise("export", "toy.db", "--compact").is_well()
    assert len(place.finished()) == 8
    disk = ground.disk("20m")
    shutil.copy(place.store, disk / "toy.db")
    ground.remount(disk, "ro")
    Place(disk).seedwise("status", "toy.db").is_line(4, "not allowed to write toy.db")


# Processes


def standard_output_closed(ground: Ground) -> None:
    """A reader that has gone, no standard output at all, a device that is full, an encoding that lacks letters."""
    place = ground.copy()
    for command in (
        "status toy.db",
        "show toy.db",
        "show toy.db --json",
        "compare table.csv",
        "--help",
        "run --help",
        "recipes",
    ):
        for end in ("| true", "| head -1", ">&-"):
            result = place.shell(f"SEEDWISE {command} {end}")
            assert "Traceback" not in result.err, f"{command} {end}: {result}"
            assert "Exception ignored" not in result.err, f"{command} {end}: {result}"
            assert result.code in (0, 1, 141), f"{command} {end}: {result}"
        result = place.shell(f"SEEDWISE {command} > /dev/full")
        result.is_line(4)
    fresh = ground.fresh()
    result = fresh.shell("SEEDWISE run study.yaml | true")
    assert "Traceback" not in result.err, result.err
    assert len(fresh.finished()) == RUNS
    for encoding in ("ascii", "latin-1", "cp1252"):
        for command in ("show toy.db", "run study.yaml"):
            place.shell(f"SEEDWISE {command}", {"PYTHONIOENCODING": encoding}).is_well()
    place.shell("SEEDWISE status toy.db", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}).is_well()


def signals(ground: Ground) -> None:
    """A polite request to end, Ctrl-C, and a terminal that is closed: the workers end, and the same command goes on."""
    for number, code in ((signal.SIGTERM, 130), (signal.SIGINT, 130), (signal.SIGHUP, -signal.SIGHUP)):
        place = ground.fresh()
        with running(place) as driver:
            workers = psutil.Process(driver.pid).children(recursive=True)
            assert workers
            os.kill(driver.pid, number)
            if code == 130:
                assert driver.stderr is not None
                assert any("stopping at the next end of an epoch" in line for line in driver.stderr), number.name
            (place.folder / "gate").touch()
            out, err = driver.communicate(timeout=200)
            assert driver.returncode == code, f"{number.name}: {driver.returncode} {out} {err}"
            assert "Traceback" not in err, err
            _, alive = psutil.wait_procs(workers, timeout=20)
            assert not alive, f"{number.name}: workers go on"
        if code == 130:
            assert "Go on with: seedwise run study.yaml" in out, out
        kept = place.finished()
        place.seedwise("run", "study.yaml").is_well()
        assert kept.items() <= place.finished().items()
        assert place.finished() == ground.whole.finished()


def two_drivers(ground: Ground) -> None:
    """A second driver is refused in one line, and readers read meanwhile; the first does not notice."""
    place = ground.fresh()
    with running(place) as driver:
        place.seedwise("run", "study.yaml").is_line(2, "another process is running this study")
        place.seedwise("merge", "toy.db", "toy.d").is_line(2)
        place.seedwise("status", "study.yaml").is_well()
        place.seedwise("show", "toy.db").is_well()
        (place.folder / "gate").touch()
        out, err = driver.communicate(timeout=200)
        assert driver.returncode == 0, out + err
    assert place.finished() == ground.whole.finished()


def clock(ground: Ground) -> None:
    """A clock that is set back a year between two commands, with a run to resume, and put right before the third.

    Not while a command runs: faketime would set back the monotonic clock too, which no system does.
    """
    if shutil.which("faketime") is None:
        raise SkippedError("there is no faketime: apt-get install faketime")
    place = ground.fresh()
    with running(place) as driver:
        driver.kill()
    place.shell("faketime -f '-1y' SEEDWISE run study.yaml --replicates 2").is_well()
    kept = place.finished()
    with Store(place.store) as store:
        assert all(0 <= seconds < 300 for seconds in store.seconds().values())
        assert any(run.resumed_from for run in store.runs())
    place.seedwise("run", "study.yaml").is_well()
    assert kept.items() <= place.finished().items()
    assert place.finished() == ground.whole.finished()
    place.shell("faketime -f '-1y' SEEDWISE report toy.db").is_well()


def few_descriptors(ground: Ground) -> None:
    """So few files may be open that workers cannot be started: a line, and the same command goes on."""
    place = ground.fresh()
    place.shell("ulimit -n 12; SEEDWISE run study.yaml --workers 8").is_line(4, "Too many open files")
    place.seedwise("run", "study.yaml").is_well()
    assert len(place.finished()) == RUNS


def no_working_directory(ground: Ground) -> None:
    """The working directory was deleted: what needs none works, what writes there or trains from there is a line."""
    place = ground.copy()
    gone = place.folder / "gone"

    def seedwise(command: str) -> Result:
        gone.mkdir()
        return place.shell(f"rmdir {gone}; SEEDWISE {command}", cwd=gone)

    seedwise(f"status {place.store}").is_well()
    seedwise(f"compare {place.folder / 'table.csv'}").is_well()
    seedwise(f"run {place.folder / 'study.yaml'}").is_line(4)
    seedwise("demo").is_line(4, "cannot write")
    assert place.finished() == ground.whole.finished()


def odd_names(ground: Ground) -> None:
    """Folders and files with blanks, quotes, percent, hash and letters of other alphabets."""
    for name in ("a b", "it's", "50%20", "a#b?c", "数据", "-x", "a'b\"c", "x" * 200):
        place = ground.copy()
        folder = place.folder / name
        folder.mkdir()
        for file in ("toy.db", "study.yaml", "toy.py"):
            shutil.copy(place.folder / file, folder / file)
        own = Place(folder)
        own.seedwise("run", "study.yaml", "--replicates", "3").is_well()
        own.seedwise("status", "./toy.db").is_well()
        own.seedwise("export", "./toy.db", "--compact").is_well()
        assert len(own.finished()) == RUNS


CASES: tuple[Callable[[Ground], None], ...] = (
    newer_store, others_database, no_database, report_on_a_folder, read_only_folder, another_users_folder, full_disk,
    full_from_the_start, no_temporary_folder, files_that_may_not_grow, no_locks, write_ahead_log,
    standard_output_closed, signals, two_drivers, clock, few_descriptors, no_working_directory, odd_names,
)  # fmt: skip


def end_of(case: Callable[[Ground], None], ground: Ground) -> tuple[str, str | None]:
    """Make a case, and return how it ended and what was wrong, if anything."""
    try:
        case(ground)
    except SkippedError as error:
        return f"skipped: {error}", None
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return "WRONG", f"{case.__name__}: {error}"
    return "as it must", None


def campaign(folder: Path, n: int, seed: int = 0) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Make the first ``n`` cases, and return how they ended, and what must not be."""
    del seed
    ends: Counter[tuple[str, str]] = Counter()
    wrong = []
    ground = Ground(folder)
    try:
        for case in CASES[:n]:
            end, problem = end_of(case, ground)
            ends[case.__name__, end] += 1
            wrong += [] if problem is None else [problem]
    finally:
        ground.close()
    return ends, wrong


if __name__ == "__main__":
    run_campaign(campaign, "cases", __doc__, n=len(CASES))
