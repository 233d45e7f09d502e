"""One driver at a time, and nothing of killed workers left when it ends."""

import errno
import os

import pytest

from seedwise.errors import SeedwiseError, StorageError
from seedwise.execution import StudyFolder, exclusive

fcntl = pytest.importorskip("fcntl")


def test_a_second_process_is_named(tmp_path):
    with (
        exclusive(tmp_path / "lock", "running this study"),
        pytest.raises(SeedwiseError, match=r"another process is running this study .*: wait for it or stop it$"),
        exclusive(tmp_path / "lock", "running this study"),
    ):
        pass


@pytest.fixture
def no_locks(monkeypatch):
    def make(number):
        def flock(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", flock)

    return make


def test_without_locks_a_file_keeps_a_second_process_away_without_a_warning(tmp_path, no_locks):
    no_locks(errno.ENOSYS)
    with exclusive(tmp_path / "lock", "running this study"):
        pass
    (tmp_path / "lock").write_text("left by one that was killed")
    with pytest.raises(SeedwiseError, match="has no locks: delete"), exclusive(tmp_path / "lock", "running"):
        pass


def test_a_library_that_knows_no_other_way_without_locks_is_a_line(tmp_path, monkeypatch):
    def acquire(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr("filelock.BaseFileLock.acquire", acquire)
    with pytest.raises(StorageError, match="has no locks"), exclusive(tmp_path / "lock", "running"):
        pass


def test_locks_that_do_not_work_are_a_line(tmp_path, no_locks):
    no_locks(errno.ENOLCK)
    with pytest.raises(StorageError, match=r"cannot write .*lock"), exclusive(tmp_path / "lock", "running"):
        pass


def test_what_killed_workers_left_is_gone_when_a_driver_ends(tmp_path):
    folder = StudyFolder(tmp_path / "toy.d")
    with folder.lock():
        half = folder.outbox / ".0123456789abcdef.run.99.tmp"
        half.write_bytes(b"half")
    assert not half.exists()
