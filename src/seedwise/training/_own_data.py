"""Data that a function of the user's loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from seedwise.data import MissingDataError
from seedwise.declarations import OwnPart
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.run import watched_imports

_T = TypeVar("_T")


def loaded_by(part: OwnPart, check: Callable[[Any], _T]) -> tuple[_T, frozenset[str]]:
    """Return what a function returned, and the modules that were imported for it: they are code of every run.

    Whatever it draws, it draws from the same global generators wherever it is called, and moves nobody else's.

    Args:
        part: the function and what it is given.
        check: from what it returned to what seedwise trains on.

    Raises:
        MissingDataError: if it misses a file.
        SeedwiseError: one line, if it or the check fails.

    """
    imported: set[str] = set()
    with Randomness().scope("init", "dataset"), watched_imports(imported):
        try:
            return check(part.make()), frozenset(imported)
        except SeedwiseError:
            raise
        except FileNotFoundError as error:
            raise MissingDataError(
                f"'{part.name}' needs a file that is not there: {error.filename or error}"
            ) from error
        except Exception as error:  # whatever the user's code raises
            if isinstance(error, ModuleNotFoundError) and error.name == "torch":
                raise  # who plans without torch does without the data
            reason = (str(error).strip() or "no message").splitlines()[0]
            raise SeedwiseError(f"'{part.name}' cannot be loaded: {type(error).__name__}: {reason}") from error
