"""The page of the command line, made from typer; ``python docs/reference.py`` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from seedwise.cli import app

PAGE = Path(__file__).parent / "command-line.md"

HEAD = """# Command line

Every command with every option, made from the program by `python docs/reference.py`; `seedwise COMMAND --help` says the
same. Which command answers which question, what `doctor` checks, and exit codes: [Commands](commands.md).
"""

BAR = r"\|"
"""A bar within a cell of a table."""
_CODE = re.compile(r"(?<!\w)'([^'\n]+)'(?!\w)|(?<![\w-])--[a-z][\w-]*")


def page() -> str:
    """Return the page."""
    group = get_command(app)
    return "\n".join([HEAD, *(line for found in _commands(group, "seedwise", None) for line in _section(*found))])


def _commands(group: Any, name: str, parent: Any) -> Iterator[tuple[str, Any, Any]]:
    context = group.context_class(group, info_name=name, parent=parent)
    for part in group.list_commands(context):
        command, full = group.get_command(context, part), f"{name} {part}"
        if hasattr(command, "list_commands"):
            yield from _commands(command, full, context)
        else:
            yield full, command, command.context_class(command, info_name=part, parent=context)


def _section(name: str, command: Any, context: Any) -> Iterator[str]:
    said, _, example = (command.help or "").partition("\n\nExample: ")
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"## {name}", "", _plain(said), "")
    yield from (f"    {name} {usage}", "")
    if example:
        yield from (f"Example: `{example}`", "")
    for group, rows in command.grouped_options(context).items():
        shown = [(option, text) for option, text in rows if not option.startswith(("-h", "--help"))]
        if shown:
            yield from (f"| {group} | |", "|---|---|")
            yield from (f"| `{option.replace('|', BAR)}` | {_plain(text)} |" for option, text in shown)
            yield ""
    if command.epilog:
        yield from (_plain(command.epilog), "")


def _plain(text: str) -> str:
    """Return a text whose names of options and values in quotes are code, and in which no sign is markup."""
    text = text.replace("|", BAR).replace("<", "&lt;").replace("*", r"\*")
    return _CODE.sub(lambda found: f"`{found[1] or found[0]}`", text)
