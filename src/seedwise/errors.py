"""What seedwise raises for a mistake that its user can mend."""

import difflib
from collections.abc import Sequence
from typing import Self


class SeedwiseError(Exception):
    """A mistake with a one-line remedy: the command line prints the message and no traceback.

    Attributes:
        exit_code: what the command line exits with.

    """

    exit_code = 2


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


def did_you_mean(given: object, allowed: Sequence[str]) -> str:
    """Return the question that names the closest of the allowed names, with a blank behind it; empty if none is close.

    Example:
        >>> did_you_mean("epoch", ["epochs", "batch_size"])
        "did you mean 'epochs'? "

    """
    close = difflib.get_close_matches(str(given), allowed, n=1)
    return f"did you mean '{close[0]}'? " if close else ""
