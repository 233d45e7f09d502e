"""``seedwise recommend``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._options import DataFolder, Device, Replicates, Scale, WorkerCount

if TYPE_CHECKING:
    from seedwise.study import Confirmed

NAME: Final = "recommend"


def command(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="A study that was run: its file, or recipe:NAME.")],
    store: Annotated[
        Path | None, typer.Option(help="Where its results are.", show_default="NAME.db beside the study file")
    ] = None,
    scale: Scale = None,
    replicates: Replicates = None,
    confirm: Annotated[
        int | None, typer.Option(min=3, help="Train so many runs of the base and of the choice with fresh seeds.")
    ] = None,
    workers: WorkerCount = None,
    device: Device = "cpu",
    data_dir: DataFolder = None,
) -> None:
    """Which is the cheapest method or readout that makes the runs of a study steadier?

    The cheapest whose smaller SD is resolved after a correction for all that were compared. It was chosen by the runs
    that speak for it, so that it looks better than it is: --confirm trains fresh ones.
    """
    from seedwise.cli._console import Bar, console
    from seedwise.cli._run import open_study

    out = console()
    opened = open_study(study, store, replicates, scale)
    use(data_dir)
    recommended = opened.recommend()
    if recommended.pending:
        out.print(f"{recommended.pending} results are still to come: run the study to its end first", soft_wrap=True)
    found = recommended.found
    out.print(found.sentence, soft_wrap=True, highlight=False)
    if confirm is None or found.chosen is None:
        return
    with Bar() as bar:
        _, confirmed = opened.confirm(found.chosen, confirm, workers=workers, device=device, progress=bar)
    if confirmed is None:
        out.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130)
    if confirmed.found.chosen is None:
        out.print(f"not confirmed by {confirm} fresh runs each: {_seen(confirmed)}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)
    out.print(f"confirmed by {confirm} fresh runs each: {confirmed.found.finding}", soft_wrap=True, highlight=False)


def _seen(confirmed: Confirmed) -> str:
    """Return what was seen instead."""
    from seedwise.statistics import Interval
    from seedwise.statistics.core.formatting import reduction

    r = "nothing was read out" if confirmed.seen is None else confirmed.seen.reduction
    return f"the reduction is {reduction(r)}" if isinstance(r, Interval) else r
