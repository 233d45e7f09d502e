"""Ask every command of seedwise for its help."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from seedwise.cli import app


def named(command: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the names of a command and of all commands in it."""
    yield before
    for name, inner in getattr(command, "commands", {}).items():
        yield from named(inner, (*before, name))


found = list(named(get_command(app)))
for names in found:
    shown = CliRunner().invoke(app, [*names, "--help"], catch_exceptions=False)
    if shown.exit_code != 0 or "Usage" not in shown.output:
        raise SystemExit(f"'seedwise {' '.join(names)} --help' exits with {shown.exit_code}: {shown.output[:500]!r}")
print(f"--help of {len(found)} commands")
