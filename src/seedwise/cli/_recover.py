"""``seedwise recover``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = "recover"


def command(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A damaged store.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The new store.", show_default="STORE-recovered.db")
    ] = None,
) -> None:
    """Save what is intact of a damaged store into a new one, and say what is not.

    A run of which anything is lost is left out; 'run' with the study file trains it again, to the same bits. The
    damaged store stays as it is.
    """
    from seedwise.store import recover

    target = output or store.with_name(f"{store.stem}-recovered.db")
    recovered = recover(store, target)
    if not recovered.had_checksums:
        typer.echo(f"{store} was written before checksums: what can be read is taken as it is; damage cannot be seen")
    typer.echo(f"{target}: {', '.join(f'{count} {table}' for table, count in recovered.saved.items() if count)}")
    for line in recovered.unchecked:
        typer.echo(f"copied unchecked: {line}")
    for line in recovered.lost:
        typer.echo(line)
    if recovered.lost:
        typer.echo(f"To train what is lost again, put {target} in the place of {store} and run the study file.")
    else:
        typer.echo("Everything is intact.")
