"""Options that several commands share, and the command that goes on after a stop."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

StudyFile = Annotated[str, typer.Argument(metavar="STUDY.yaml", help="A study file, or recipe:NAME.")]
StoreArgument = Annotated[Path, typer.Argument(metavar="STORE", help="A store, or its study file.")]
StoreFile = Annotated[
    Path | None, typer.Option("--store", help="Where results go.", show_default="NAME.db next to the study file")
]
Scale = Annotated[str | None, typer.Option(help="One of the file's scales, such as smoke, small or full.")]
Replicates = Annotated[int | None, typer.Option(min=1, help="Take the place of the file's replicates.")]
WorkerCount = Annotated[int | None, typer.Option(min=1, help="Worker processes.", show_default="one per core")]
DataFolder = Annotated[
    Path | None, typer.Option(envvar="SEEDWISE_DATA", help="Where datasets lie.", exists=True, file_okay=False)
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:0 or several separated by commas.")]
RunsPerDevice = Annotated[int, typer.Option(min=1, help="Workers that share a GPU.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show runs, bytes and time, and train nothing.")]
AcceptChangedCode = Annotated[
    bool, typer.Option("--accept-changed-code", help="Keep finished runs although the code has changed.")
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Train failed runs again.")]

_ONCE: Final = {"retrain", "accept_changed_code", "retry_failed"}
"""What would train again what has been trained since."""


def same_command(context: typer.Context) -> str:
    """Return a command as it was typed, without what is asked for once: it goes on after a stop."""
    return shlex.join(["seedwise", str(context.info_name), *_typed(context)])


def _typed(context: typer.Context) -> Iterator[str]:
    # What stands alone comes first.
    for parameter in sorted(context.command.params, key=lambda parameter: parameter.param_type_name == "option"):
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if name in _ONCE or source is None or source.name != "COMMANDLINE":
            continue
        given = context.params[name]
        for value in given if isinstance(given, list | tuple) else [given]:
            if parameter.param_type_name == "option":
                yield max(parameter.opts, key=len)
            if not getattr(parameter, "is_flag", False):
                yield str(value)
