"""``seedwise export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._options import StoreArgument
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.study import Exported

NAME: Final = "export"

_LARGE: Final = 5_000_000
"""Bytes above which a compact store is said to be large: it is meant to be published with a page."""
_MOST_TABLES: Final = 3


def command(
    store: StoreArgument,
    compact: Annotated[
        bool, typer.Option("--compact", help="Write a store without logits, forecasts and weights.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The new file.", show_default="STORE-compact.db")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = False,
) -> None:
    """Write a small copy of a store, to publish with a page: 'report' makes the same page of it, 'run' adds runs to it.

    It holds the predicted classes, metrics and series of every run and readout, and the results of every statistic that
    needs logits or forecasts, computed before these are left out. Where runs are added later, such a result says of how
    many it is.
    """
    from seedwise.cli._open import open_store
    from seedwise.study import StudyFolder, export_compact

    if not compact:
        raise SeedwiseError("say what to export: --compact writes a store without logits, forecasts and weights")
    with open_store(store) as opened:
        path = opened.path
    target = output or path.with_name(f"{path.stem}-compact.db")
    exported = export_compact(path, target, overwrite=overwrite)
    for line in said(target, exported, weights=any(StudyFolder.of_store(path).weights.glob("*.pt"))):
        typer.echo(line)


def said(target: Path, exported: Exported, *, weights: bool) -> list[str]:
    """Return what is said of a compact store: its size, what was left out, and what takes the room if it is large.

    Args:
        target: the compact store.
        exported: what was written.
        weights: whether weights are kept beside the store, which stay there.

    """
    left_out = [f"{what} ({_size(count)})" for what, count in exported.left_out.items() if count]
    left_out += ["weights"] if weights else []
    lines = [
        f"{target}: {_size(exported.after)}, from {_size(exported.before)}: {exported.runs} runs, "
        f"{exported.recorded} recorded results",
        f"left out: {', '.join(left_out) or 'nothing'}",
    ]
    if exported.after > _LARGE:
        most = list(exported.room.items())[:_MOST_TABLES]
        room = ", ".join(f"{table.removeprefix('seedwise_')} {_size(count)}" for table, count in most)
        lines.append(
            f"more than the {_size(_LARGE)} meant for a file that is published with a page. What takes the room: {room}"
        )
    return lines


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
