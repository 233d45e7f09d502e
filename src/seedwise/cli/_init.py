"""``seedwise init``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.errors import SeedwiseError

NAME: Final = "init"
EXAMPLE: Final = "seedwise init study.yaml"


def command(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The file to write.")] = Path("study.yaml"),
) -> None:
    """Write a commented study file to start from."""
    from importlib import resources

    from seedwise.run import write_text

    if study.exists():
        raise SeedwiseError(f"{study} exists already: pass another name")
    text = resources.files("seedwise.cli").joinpath("study.yaml").read_text(encoding="utf-8")
    # Two studies of one name in one folder would share a store.
    name = re.sub(r"[^A-Za-z0-9._+=-]+", "-", study.stem).strip("-._+=")[:80] or "study"
    text = text.replace(
        "name: study                     # results go to study.db, the report to study.html",
        f"{f'name: {name}':31} # results go to {name}.db, the report to {name}.html",
    )
    write_text(study, text)
    typer.echo(f"wrote {study}: look it over, then 'seedwise run {study}'")
