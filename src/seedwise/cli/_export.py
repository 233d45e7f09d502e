"""``seedwise export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._declared import takes_options
from seedwise.cli._options import Scale
from seedwise.errors import SeedwiseError
from seedwise.results import CompareOptions

if TYPE_CHECKING:
    from seedwise.study import Exported

NAME: Final = "export"
EXAMPLE: Final = "seedwise export study.db -o results/"

_LARGE: Final = 5_000_000
"""Bytes above which a compact store is said to be large: it is meant to be published with a page."""
_MOST_TABLES: Final = 3


@takes_options(CompareOptions)
def command(
    what: Annotated[
        list[Path],
        typer.Argument(metavar="WHAT...", help="A store or its study file; or tables, or what trackers wrote."),
    ],
    options: CompareOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="A folder for all tables, or a file for one.",
            show_default="the folder NAME-tables",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv, parquet, latex, markdown or rliable, several by commas.",
            show_default="that of the file's ending; csv,markdown,latex in a folder",
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="The one table to write, such as runs, results, means.", show_default="all; of a file, runs"),
    ] = None,
    scale: Scale = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Write a store without logits, forecasts and weights.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files of those names.")] = False,
) -> None:
    """Write runs, a row each, and the tables of results, of a store or of anything that 'compare' reads.

    Tables are CSV, Parquet, LaTeX (booktabs) or Markdown. The table 'numbers' holds every number of the comparisons in
    full precision. With --format rliable, or to a file.npz, runs are written as the package rliable takes them: by
    method an array of runs by tasks.

    With --compact it writes a small copy of a store, to publish with a page: 'report' makes the same page of it, 'run'
    adds runs to it. It holds the predicted classes, metrics and series of every run and readout, and the results of
    every statistic that needs logits or forecasts, computed before these are left out. Where runs are added later, such
    a result says of how many it is.
    """
    from seedwise.cli._exported import Target, export

    if compact:
        if form is not None or table is not None:
            raise SeedwiseError("--compact copies a store as it is: leave out --format and --table, or --compact")
        _compact(what, options, scale, output, overwrite=overwrite)
        return
    for line in export(what, options, scale, Target.of(what[0], output, form, table, overwrite=overwrite)):
        typer.echo(line)


def _compact(
    what: list[Path], options: CompareOptions, scale: str | None, output: Path | None, *, overwrite: bool
) -> None:
    from seedwise.cli._open import open_store
    from seedwise.study import StudyFolder, export_compact

    if len(what) > 1 or options != CompareOptions():
        raise SeedwiseError("--compact copies one store as it is: pass one, and no options about columns")
    with open_store(what[0], scale) as opened:
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
        weights: whether weights are kept next to the store, which stay there.

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
