"""``seedwise report``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.errors import SeedwiseError

NAME: Final = "report"


def command(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A store, or its study file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The HTML file.", show_default="beside the store")
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", file_okay=False, help="Also write every table as CSV, Markdown and LaTeX (booktabs)."
        ),
    ] = None,
) -> None:
    """Write a report: one HTML file that needs nothing else."""
    from seedwise.cli._open import store_path

    path = store_path(store)
    target = output or path.with_suffix(".html")
    write_report(path, target)
    typer.echo(f"report: {target}")
    if tables is not None:
        typer.echo(f"tables: {write_tables(path, tables)} files in {tables}")


def write_report(store: Path, target: Path) -> None:
    """Write the report of every study in a store.

    Raises:
        SeedwiseError: if the target is the store.

    """
    from seedwise.reporting import render
    from seedwise.run import storage_errors
    from seedwise.study import Store, attribution_sections, report_sections
    from seedwise.tuning import tuning_sections

    refuse_store_as_target(store, target)
    with Store(store) as opened:
        command = shlex.join(["seedwise", "report", str(store), "-o", str(target)])
        studies = report_sections(opened)
        html = render(
            studies,
            command=command,
            attributions=attribution_sections(opened),
            tunings=tuning_sections(opened, studies),
        )
    with storage_errors(target):
        target.write_text(html, encoding="utf-8")


def write_tables(store: Path, folder: Path) -> int:
    """Write the tables of every study in a store, and return how many files they are."""
    from seedwise.reporting import attribution_files, table_files, tuning_files
    from seedwise.run import storage_errors
    from seedwise.study import Store, attribution_sections, report_sections
    from seedwise.tuning import tuning_sections

    with Store(store) as opened:
        studies = report_sections(opened)
        files = table_files(studies) | attribution_files(attribution_sections(opened))
        files |= tuning_files(tuning_sections(opened, studies))
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    return len(files)


def refuse_store_as_target(store: Path, target: Path) -> None:
    """Raise a ``SeedwiseError`` where the report would overwrite the store."""
    if target.resolve() == store.resolve():
        raise SeedwiseError(
            f"the report would overwrite the store {store}: name the store *.db, or use 'report -o FILE.html'"
        )
