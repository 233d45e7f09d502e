"""``seedwise report``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._options import Scale, StoreArgument
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.study import Store

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


def write_report(store: Store, target: Path) -> None:
    """Write the report of every study in a store.

    Raises:
        SeedwiseError: if the target is the store.

    """
    from seedwise.reporting import render
    from seedwise.run import write_text
    from seedwise.study import attribution_results, study_results
    from seedwise.tuning import search_results

    refuse_store_as_target(store.path, target)
    html = render(
        study_results(store),
        command=shlex.join(["seedwise", "report", str(store.path), "-o", str(target)]),
        attributions=attribution_results(store),
        searches=search_results(store),
    )
    write_text(target, html)


def refuse_store_as_target(store: Path, target: Path) -> None:
    """Raise a ``SeedwiseError`` where the report would overwrite the store."""
    if target.resolve() == store.resolve():
        raise SeedwiseError(
            f"the report would overwrite the store {store}: name the store *.db, or use 'report -o FILE.html'"
        )
