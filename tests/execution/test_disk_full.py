"""No space left: a clear line, nothing lost, and the same command goes on once there is some."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys

import pytest

from seedwise.errors import StorageError
from seedwise.study import Study

# About 280 kB of predictions a run, of which compression leaves about 180.
STUDY = {"train": {"function": "toy:train", "config": {"rows": 20_000}}, "replicates": 6}
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
study = seedwise.Study.from_yaml("study.yaml")
try:
    study.run(workers=1)
except seedwise.SeedwiseError as error:
    print(type(error).__name__, error)
    sys.exit(error.exit_code)
"""


@pytest.fixture(scope="module")
def reference(new_project, tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("reference"))
    project.run(project.study(**STUDY), workers=2)
    return project


@pytest.mark.parametrize(
    ("limit", "who"), [(140_000, "a worker's outbox"), (700_000, "the driver's store")], ids=["worker", "driver"]
)
def test_a_file_that_may_not_grow_is_a_line_and_nothing_is_lost(project, reference, limit, who):
    project.write(**STUDY)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    driver = project.start(LIMITED.format(limit=limit), real=True)  # a limit goes to those that it starts
    out, err = driver.communicate(timeout=120)
    assert driver.returncode == 4, err
    (line,) = out.splitlines()
    assert line.startswith("StorageError no space left to write ")
    assert ("outbox" if "outbox" in who else "toy.db") in line
    assert line.endswith("run the same command again; what is finished is kept")
    statuses = [run.status for run in project.runs().values()]
    assert set(statuses) <= {"finished", "pending", "interrupted"}
    finished = statuses.count("finished")
    assert finished == 0 if "outbox" in who else 1 <= finished < 6

    outcome, _ = project.run(workers=2)
    assert outcome.counts == {"finished": 6}
    assert outcome.trained <= 6 - finished
    assert project.everything() == reference.everything()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1.4 MB, and a function that makes it larger."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1400k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this root may not mount a tmpfs")
    yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=20m", str(folder)], check=True)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_a_line_and_nothing_is_lost(new_project, tmp_path, small_disk, reference, contents_of):
    folder, enlarge = small_disk
    project = new_project(tmp_path / "project")
    project.study(**STUDY)
    store = folder / "toy.db"
    study = Study.from_yaml(project.file, store=store)
    with pytest.raises(StorageError, match=r"no space left to write .*run the same command again; what is finished"):
        study.run(workers=1)
    kept = [run for run in contents_of(store)["runs"] if run["status"] == "finished"]
    assert 1 <= len(kept) < 6
    assert all(run in reference.everything()["runs"] for run in kept)
    with pytest.raises(StorageError, match="no space left"):  # still none
        study.run(workers=1)
    assert [run for run in contents_of(store)["runs"] if run in kept] == kept

    waiting = len(list((folder / "toy.d" / "outbox").glob("*.run")))
    enlarge()
    outcome = study.run(workers=2)
    assert outcome.counts == {"finished": 6}
    assert outcome.trained <= 6 - len(kept) - waiting, "what lies in the outbox is as good as finished"
    assert contents_of(store) == reference.everything()


def test_a_disk_that_was_full_before_is_a_line(new_project, tmp_path, small_disk):
    folder, _ = small_disk
    project = new_project(tmp_path / "project")
    project.study(**STUDY)
    (folder / "filler").write_bytes(b"x" * shutil.disk_usage(folder).free)
    assert shutil.disk_usage(folder).free == 0
    with pytest.raises(StorageError, match="no space left to write"):
        Study.from_yaml(project.file, store=folder / "toy.db").run(workers=1)
