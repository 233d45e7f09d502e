"""``seedwise report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = "report"


def command(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A store, or its study file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The HTML file.  [default: beside the store]")
    ] = None,
) -> None:
    """Write a report: one HTML file that needs nothing else."""
    from seedwise.cli._open import store_path

    path = store_path(store)
    target = output or path.with_suffix(".html")
    write_report(path, target)
    typer.echo(f"report: {target}")


def write_report(store: Path, target: Path) -> None:
    """Write the report of every study in a store."""
    from seedwise.reporting import render
    from seedwise.run import storage_errors
    from seedwise.study import Store, report_sections

    with Store(store) as opened:
        html = render(report_sections(opened), command=f"seedwise report {store} -o {target}")
    with storage_errors(target):
        target.write_text(html, encoding="utf-8")
