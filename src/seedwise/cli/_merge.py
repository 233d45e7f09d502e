"""``seedwise merge``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = "merge"
EXAMPLE: Final = "seedwise merge study.db study.d/shard-1-of-2 study.d/shard-2-of-2"


def command(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="The store, made if it is missing.")],
    parts: Annotated[
        list[Path], typer.Argument(metavar="OUTBOX...", help="Folders that 'run --shard' wrote, and stores.")
    ],
) -> None:
    """Join the parts of a study that were trained with 'run --shard i/k', or into stores of their own."""
    from seedwise.study import merge
    from seedwise.terminal import Bar

    with Bar() as bar:
        taken, known = merge(store, parts, bar)
    typer.echo(f"{store}: {taken} runs taken in, {known} there already")
