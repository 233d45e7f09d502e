"""The command line."""

from __future__ import annotations

import sys
from typing import cast

import typer

from seedwise.cli import (
    _attribute,
    _compare,
    _data,
    _demo,
    _doctor,
    _export,
    _gate,
    _init,
    _merge,
    _power,
    _recipes,
    _recommend,
    _recover,
    _report,
    _run,
    _show,
    _status,
    _tune,
    _worker,
)
from seedwise.cli._help import EXIT_CODES, described, questions
from seedwise.cli._plain_help import WIDEST, PlainCommand, PlainGroup
from seedwise.cli._streams import flush_output, open_streams
from seedwise.errors import SeedwiseError, StorageError

app = typer.Typer(
    name="seedwise",
    help="Know how much of your result is the seed. Make it less. Prove it.",
    epilog=EXIT_CODES,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=PlainGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)


for command in (
    _demo, _init, _recipes, _run, _status, _show, _report, _attribute, _recommend, _tune, _doctor, _merge, _export,
    _recover, _compare, _gate, _power, _worker,
):  # fmt: skip
    text, details = described(command.command, command.EXAMPLE)
    app.command(name=command.NAME, help=text, epilog=details, cls=PlainCommand)(command.command)
app.add_typer(_data.app, name=_data.NAME)


def _version(wanted: bool) -> None:
    if wanted:
        from seedwise._version import __version__

        typer.echo(f"seedwise {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(questions())


_UsageError = cast(type[typer.BadParameter], typer.BadParameter.__bases__[0])
"""What typer raises for a mistake in what was typed; it has no public name in all versions."""


def main() -> None:
    """Run the command line; a user's mistake is one line on the standard error and an exit code, never a traceback."""
    open_streams()
    try:
        code = _exit_code()
        flush_output()
        sys.exit(code)
    except SeedwiseError as error:
        print(f"seedwise: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def _exit_code() -> int | None:
    try:
        return cast(int | None, app(standalone_mode=False))
    except _UsageError as error:
        message = error.format_message().rstrip(".")
        if not message:  # nothing was typed, and the help was shown
            return error.exit_code
        raise SeedwiseError(f"{message}: see '{error.ctx.command_path} --help'" if error.ctx else message) from None
    except OSError as error:
        where = "the system refused to read or write" if error.filename is None else error.filename
        raise StorageError(f"{where}: {error.strerror or error}") from error
