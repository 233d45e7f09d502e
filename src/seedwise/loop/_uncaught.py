"""Mistakes and Ctrl-C that nobody catches: one line, as on the command line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final

from seedwise.errors import SeedwiseError

_open: list[Callable[[], None]] = []
"""What says, for each loop that is open, that it was stopped."""

_left: list[tuple[Callable[[], None], set[tuple[int, int]]]] = []
"""The same for the last loop that was left, with the frames and lines at which it was."""

_OURS: Final = (SeedwiseError, KeyboardInterrupt)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Let a mistake that nobody catches be printed as one line."""
    try:
        yield
    except SeedwiseError:
        _install()
        raise


@contextmanager
def stoppable(say: Callable[[], None]) -> Iterator[None]:
    """Let ``say`` print what a Ctrl-C that nobody catches has stopped; the program ends as without it."""
    _install()
    _open.append(say)
    try:
        yield
    except KeyboardInterrupt:  # of our own code: it is printed when it has left the program
        raise
    except GeneratorExit:
        # Python closes the loop before it reports what ended its body, be that Ctrl-C or a break.
        _open.remove(say)
        _left[:] = [(say, {(id(frame), line) for frame, line in traceback.walk_stack(None)})]
        raise
    except BaseException:
        _open.remove(say)
        raise
    _open.remove(say)


def forget_last_error() -> None:
    """Close a loop that an error has left in a notebook: its frames are kept there, and with them its store locked."""
    last = getattr(sys, "last_traceback", None)
    if last is not None:
        traceback.clear_frames(last)


def _said(error: BaseException) -> bool:
    """Print one line, if the error is one of ours."""
    if isinstance(error, SeedwiseError):
        print(f"seedwise: {error}", file=sys.stderr)
        return True
    if not isinstance(error, KeyboardInterrupt):
        return False
    lines = {(id(frame), line) for frame, line in traceback.walk_tb(error.__traceback__)}
    stopped = [*_open, *(say for say, at in _left if at & lines)]
    for say in stopped:
        say()
    _open.clear()
    return bool(stopped)


def _install() -> None:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:

        def in_notebook(shell: Any, kind: Any, error: BaseException, where: Any, tb_offset: int | None = None) -> None:
            if _said(error):
                traceback.clear_frames(where)
            else:
                shell.showtraceback((kind, error, where), tb_offset=tb_offset)

        shell.set_custom_exc(_OURS, in_notebook)
    before = sys.excepthook
    if getattr(before, "seedwise", False):
        return

    def hook(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if not _said(error):
            before(kind, error, where)

    hook.seedwise = True  # type: ignore[attr-defined]
    sys.excepthook = hook
