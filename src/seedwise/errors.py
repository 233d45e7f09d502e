"""What seedwise raises for a mistake that its user can mend."""

import difflib
import re
from collections.abc import Sequence
from typing import Final, Self

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LONGEST: Final = 1000


def one_line(text: str, longest: int | None = _LONGEST) -> str:
    """Return text that may come from anywhere as one line that a terminal shows as it is, cut if it is longer.

    Example:
        >>> one_line("a\\nb \\x1b[31mred"), one_line("abcdef", 4)
        ('a b \\\\x1b[31mred', 'a...')

    """
    line = _CONTROL.sub(lambda found: " " if found[0] in "\t\n\r" else f"\\x{ord(found[0]):02x}", text)
    return line if longest is None or len(line) <= longest else line[: longest - 3] + "..."


class SeedwiseError(Exception):
    """A mistake with a one-line remedy: the command line prints the message and no traceback.

    Args:
        message: what is wrong, where, and what to type instead; it is made one line.

    Attributes:
        exit_code: what the command line exits with.

    """

    exit_code = 2

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class ChangedCodeError(SeedwiseError):
    """The code that trains differs from the code that trained the finished runs.

    Args:
        changed: what has changed.
        remedy: what to type.

    """

    exit_code = 3

    def __init__(self, changed: str, remedy: str) -> None:
        super().__init__(f"{changed}: {remedy}")
        self._changed = changed

    def with_remedy(self, remedy: str) -> Self:
        """Return the same with another remedy."""
        return type(self)(self._changed, remedy)


class StorageError(SeedwiseError):
    """The disk is full, the folder read-only, or a file damaged."""

    exit_code = 4


class RefusedError(StorageError):
    """A record that is whole and cannot be taken in: training its run again would leave the same."""


def did_you_mean(given: object, allowed: Sequence[str]) -> str:
    """Return the question that names the closest of the allowed names, with a blank behind it; empty if none is close.

    Example:
        >>> did_you_mean("epoch", ["epochs", "batch_size"])
        "did you mean 'epochs'? "

    """
    close = difflib.get_close_matches(str(given), allowed, n=1)
    return f"did you mean '{close[0]}'? " if close else ""
