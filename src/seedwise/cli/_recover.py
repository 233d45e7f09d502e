"""``seedwise recover``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = "recover"
EXAMPLE: Final = "seedwise recover study.db -o intact.db"


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
    from seedwise.terminal import console

    out = console()

    target = output or store.with_name(f"{store.stem}-recovered.db")
    recovered = recover(store, target)
    if not recovered.had_checksums:
        out.print(f"{store} was written before checksums: what can be read is taken as it is; damage cannot be seen")
    out.print(f"{target}: {', '.join(f'{count} {table}' for table, count in recovered.saved.items() if count)}")
    for line in recovered.unchecked:
        out.print(f"copied unchecked: {line}")
    for line in recovered.lost:
        out.print(line)
    if recovered.lost:
        out.print(f"To train what is lost again, put {target} in the place of {store} and run the study file.")
    else:
        out.print("Everything is intact.")
