"""Messages: one line, which repeats no more than 200 characters of what was given."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seedwise.errors import SeedwiseError, one_line, shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\x9b2Jb", "a\\x9b2Jb"),  # the same in one sign of 8 bits
        ("a\r\nb\tc", "a  b c"),
        ("a\x7f\x00b", "a\\x7f\\x00b"),
        ("abc\u202edef", "abc\\u202edef"),  # what follows would be read from right to left
        ("a\u2028b", "a\\u2028b"),
        ("a\udcffb", "a\\udcffb"),  # a byte of a file's name that is no UTF-8
        ("größer 100 % 中", "größer 100 % 中"),
    ],
)
def test_a_text_controls_no_terminal(given: str, said: str) -> None:
    assert one_line(given) == said
    said.encode()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"no key '{'x' * 500}' in train", f"no key '{'x' * 196}...' in train"),
        (f"no key '{'x y ' * 500}' in train", f"no key '{('x y ' * 50)[:196]}...' in train"),
        (f"cannot read {'x' * 500}: too long", f"cannot read {'x' * 197}... too long"),
        ("the user's file and the other's file" + " are" * 60, "the user's file and the other's file" + " are" * 60),
        ("'a.' is it, not '.b'" + " or" * 80 + " 'c'", "'a.' is it, not '.b'" + " or" * 80 + " 'c'"),
    ],
)
def test_a_message_cuts_what_it_repeats_and_nothing_else(message: str, said: str) -> None:
    assert str(SeedwiseError(message)) == said


def test_a_long_value_is_cut() -> None:
    assert shown(list(range(1000))) == str(list(range(1000)))[:197] + "..."
    assert len(str(SeedwiseError("word " * 1000))) == 1000


INTERRUPTED = """
import sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "MODULE":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
sys.argv = ["seedwise", "recipes"]
from seedwise.__main__ import main
assert "typer" not in sys.modules
main()
"""


@pytest.mark.parametrize("module", ["typer", "seedwise.cli", "seedwise.study", "pydantic"])
def test_ctrl_c_while_modules_are_imported_ends_with_130_and_no_traceback(module: str) -> None:
    code = INTERRUPTED.replace("MODULE", module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_the_installed_program_begins_there() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert project["project"]["scripts"] == {"seedwise": "seedwise.__main__:main"}
