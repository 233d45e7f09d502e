"""``seedwise report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.cli._options import Scale, StoreArgument

NAME: Final = "report"
EXAMPLE: Final = "seedwise report study.db -o study.html"


def command(
    store: StoreArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The HTML file.",
            show_default="next to the store; next to a study file that has another plan than the store",
        ),
    ] = None,
    tables: Annotated[Path | None, typer.Option(file_okay=False, hidden=True)] = None,
    scale: Scale = None,
) -> None:
    """Write a report: one HTML file that needs nothing else."""
    from seedwise.cli._exported import IN_A_FOLDER, Target, export
    from seedwise.cli._open import open_store
    from seedwise.results import CompareOptions
    from seedwise.study import renamed_note
    from seedwise.terminal import write_report

    with open_store(store, scale) as opened:
        # A study file of the same name that asks for less must not replace the page of what the store holds.
        target = output or (store if opened.shows_another_plan else opened.path).with_suffix(".html")
        write_report(opened, target)
        typer.echo(f"report: {target}")
    if tables is not None:
        typer.echo(f"seedwise: {renamed_note('report --tables FOLDER', 'export -o FOLDER')}", err=True)
        target_of_tables = Target(tables, IN_A_FOLDER, None, is_file=False, overwrite=True)
        for line in export([store], CompareOptions(), scale, target_of_tables):
            typer.echo(f"tables: {line}")
