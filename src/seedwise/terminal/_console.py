"""The console on which results and progress are printed."""

from __future__ import annotations

import re
import sys
import textwrap
from functools import partial
from typing import Any, Final, TextIO

from rich.console import Console

from seedwise.errors import one_line

_PLAIN_WIDTH: Final = 160
"""Where the output is a file or a pipe, tables are not cut to the width of a window; COLUMNS says otherwise."""

_UNBROKEN: Final = "\u00a0"
_TOGETHER: Final = re.compile(r" %| [=<] ")


class _Console(Console):
    """A console on which texts from files, such as names and errors, control nothing.

    Sentences are broken between words in a window, and stay whole in a file.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        texts = [harmless(one) if isinstance(one, str) else one for one in objects]
        if texts and all(isinstance(one, str) for one in texts):
            if self.is_terminal and len(texts) == 1 and not options.get("soft_wrap"):
                texts = [_wrapped(texts[0], self.width)]
            options["soft_wrap"] = True
        super().print(*texts, **options)


def _wrapped(text: str, width: int) -> str:
    """Return a text whose lines end where a word ends, without a blank behind it, and are indented as it is.

    A number and its unit, and what stands on both sides of an equals sign, stay in one line.
    """
    wrap = partial(textwrap.fill, width=width, break_long_words=False, break_on_hyphens=False)
    together = _TOGETHER.sub(lambda found: found[0].replace(" ", _UNBROKEN), text)
    lines = [wrap(line, subsequent_indent=line[: len(line) - len(line.lstrip())]) for line in together.split("\n")]
    return "\n".join(lines).replace(_UNBROKEN, " ")


def harmless(text: str) -> str:
    """Return a text without signs that control a terminal, its lines kept.

    Example:
        >>> harmless("a\\x1b[31m\\nb")
        'a\\\\x1b[31m\\nb'

    """
    return "\n".join(one_line(line, None) for line in text.split("\n"))


def console(file: TextIO | None = None) -> Console:
    """Return a console for results; ``file`` takes the place of the standard output.

    Its width is that of the window, or what the environment says in COLUMNS; NO_COLOR turns colors off.
    """
    # Brackets and colons in the names of files and methods are no markup.
    out = _Console(file=file, highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not (file or sys.stdout).isatty() and "COLUMNS" not in out._environ:
        out.width = _PLAIN_WIDTH
    return out
