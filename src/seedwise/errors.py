"""What seedwise raises for a mistake that its user can correct."""

import difflib
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final, Self

_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Signs that control a terminal, turn the direction of writing, or that UTF-8 cannot encode."""
_LONGEST: Final = 1000
_LONGEST_ECHO: Final = 200
_LONGEST_NAME: Final = 60
_LONGEST_LIST: Final = 280
_ECHO: Final = re.compile(rf"(?<!\w)'[^']*'(?!\w)|\S{{{_LONGEST_ECHO + 1},}}")
"""What a message repeats of what was given stands in quotes or is one word."""


def one_line(text: str, longest: int | None = _LONGEST) -> str:
    """Return text that may come from anywhere as one line that a terminal shows as it is, cut if it is longer.

    Example:
        >>> one_line("a\\nb \\x1b[31mred"), one_line("abcdef", 4)
        ('a b \\\\x1b[31mred', 'a...')

    """
    line = _CONTROL.sub(lambda found: " " if found[0] in "\t\n\r" else _escaped(ord(found[0])), text)
    return line if longest is None else _cut(line, longest)


def shown(value: object) -> str:
    """Return a value that somebody wrote, as Python writes it, cut where it is long.

    Example:
        >>> shown("abc"), shown(["x" * 300])[-8:]
        ("'abc'", 'xxxxx...')

    """
    return one_line(repr(value), _LONGEST_ECHO)


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def without_long_echoes(message: str) -> str:
    """Return a message in which what was given is repeated in part where it is long."""
    return _ECHO.sub(lambda found: _cut(found[0], _LONGEST_ECHO) + "'" * _is_cut_quote(found[0]), message)


def _is_cut_quote(echo: str) -> bool:
    return echo.startswith("'") and len(echo) > _LONGEST_ECHO


class SeedwiseError(Exception):
    """A mistake with a one-line remedy: the command line prints the message and no traceback.

    Args:
        message: what is wrong, where, and what to type instead; it is made one line of at most 1000 characters, and
            what it repeats of what was given is cut to 200.

    Attributes:
        exit_code: what the command line exits with.

    """

    exit_code = 2

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(without_long_echoes(message)))


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


def listed(names: Iterable[object], most: int | None = 6, separator: str = ", ") -> str:
    """Return names as a list; those beyond ``most`` are counted.

    Args:
        names: what is listed.
        most: how many at most; None: as many as a line has room for, and those that are long are cut.
        separator: what stands between them.

    Example:
        >>> listed(["a", "b", "c"]), listed("abcdefgh"), listed([f"m{k}" for k in range(1000)], None)[-21:]
        ('a, b, c', 'a, b, c, d, e, f and 2 more', 'm56, m57 and 942 more')

    """
    parts = [str(name) for name in names]
    if most is None:
        parts = [one_line(part, _LONGEST_NAME) for part in parts]
        ends = itertools.accumulate(len(part) + len(separator) for part in parts)
        most = sum(end <= _LONGEST_LIST for end in ends)
    more = len(parts) - most
    return separator.join(parts[:most]) + (f" and {more} more" if more > 0 else "")
