"""Standard output that is closed, full, or has lost its reader."""

import os
import re
import subprocess
import sys

import pytest

from seedwise.cli._streams import flush_output, open_streams


def shell(line: str) -> subprocess.CompletedProcess[str]:
    program = f"'{sys.executable}' -m seedwise recipes"
    return subprocess.run(["bash", "-o", "pipefail", "-c", f"{program} {line}"], capture_output=True, text=True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")  # noqa: PTH110
def test_a_full_disk_is_a_line():
    done = shell("> /dev/full")
    assert done.returncode == 4
    assert re.fullmatch(r"seedwise: .*No space left on device\n", done.stderr)


def test_output_that_is_closed_is_no_mistake():
    done = shell(">&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_has_gone_is_no_mistake(monkeypatch):
    reader, writer = os.pipe()
    with open(writer, "w") as output:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", output)  # here and not in a fixture: pytest sets its own for the test
        os.close(reader)
        print("unread", end="")
        flush_output()
        assert os.fstat(output.fileno()).st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116
        print("unread, too", end="")
        output.flush()  # into nothing: what is left cannot fail at the end of the program


def test_streams_that_are_missing_are_replaced(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    open_streams()
    assert sys.stdout.fileno() == 1
