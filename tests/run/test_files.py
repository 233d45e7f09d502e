"""Checksummed files are whole or not there."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedwise.errors import StorageError
from seedwise.run import read_checked, remove_stale, storage_errors, write_checked, write_text

PAYLOAD = bytes(range(256)) * 4


def test_what_was_written_is_read(tmp_path):
    file = tmp_path / "new folder" / "file"
    for payload in (PAYLOAD, b"", b"\0"):
        write_checked(file, payload)
        assert read_checked(file) == payload
    assert file.read_bytes() == b"seedwise 1\n" + hashlib.sha256(b"\0").digest() + b"\0"


@pytest.mark.parametrize("length", [0, 5, 11, 20, 43, 44, 500, -1])
def test_a_truncated_file_is_refused(tmp_path, length):
    file = tmp_path / "file"
    write_checked(file, PAYLOAD)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(StorageError, match="file is damaged: its checksum does not match"):
        read_checked(file)


@pytest.mark.parametrize("position", [0, 10, 11, 42, 43, 500, -1])
def test_a_flipped_bit_is_noticed(tmp_path, position):
    file = tmp_path / "file"
    write_checked(file, PAYLOAD)
    content = bytearray(file.read_bytes())
    content[position] ^= 4
    file.write_bytes(content)
    with pytest.raises(StorageError, match="file is damaged"):
        read_checked(file)


@pytest.mark.parametrize("function", ["replace", "fsync"])
@pytest.mark.parametrize("raised", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_content(tmp_path, monkeypatch, function, raised):
    file = tmp_path / "file"
    write_checked(file, b"old")

    def fail(*args, **kwargs):
        raise raised

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        with pytest.raises((StorageError, KeyboardInterrupt)):
            write_checked(file, b"new")
    assert read_checked(file) == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "no space left to write .*/file: free some and run the same command again"),
        (errno.EDQUOT, "no space left to write"),
        (errno.EFBIG, "no space left to write"),
        (errno.EACCES, "not allowed to write .*/file: make its folder writable or pass another --store"),
        (errno.EPERM, "not allowed to write"),
        (errno.EROFS, "not allowed to write"),
        (errno.EIO, "cannot write .*/file: Input/output error"),
    ],
)
def test_an_error_of_the_system_becomes_one_line(tmp_path, number, message):
    with pytest.raises(StorageError, match=message) as caught, storage_errors(tmp_path / "file"):
        raise OSError(number, os.strerror(number))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_what_killed_writers_left_is_removed(tmp_path):
    write_checked(tmp_path / "file", b"kept")
    (tmp_path / ".file.123.tmp").write_bytes(b"half")
    (tmp_path / "other.tmp").write_bytes(b"not ours")
    remove_stale(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "other.tmp"]


FILL = """
import resource, sys
from pathlib import Path
from seedwise.errors import StorageError
from seedwise.run import write_checked

file = Path(sys.argv[1])
write_checked(file, b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_checked(file, bytes(10_000))
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
def test_a_full_disk_leaves_the_old_content(tmp_path):
    file = tmp_path / "file"
    done = subprocess.run([sys.executable, "-c", FILL, file], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"no space left to write {file}: ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert read_checked(file) == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_text_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    file, link = tmp_path / "report.html", tmp_path / "link.html"
    write_text(file, "old")
    link.symlink_to(file)
    write_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(StorageError, match=r"no space left to write .*report\.html"):
        write_text(file, "newer")
    assert file.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "report.html"]


def test_what_is_no_file_is_written_to(tmp_path):
    write_text(Path(os.devnull), "nothing")
    assert not Path(os.devnull).is_file()
    with pytest.raises(StorageError, match=r"cannot write .*: Is a directory"):
        write_text(tmp_path, "nothing")
