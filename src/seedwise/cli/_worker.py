"""``seedwise worker``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._options import DataFolder, Device, RunsPerDevice, WorkerCount

NAME: Final = "worker"
EXAMPLE: Final = "seedwise worker /shared/queue --device cuda"


def command(
    queue: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of 'run --executor folder --queue DIR'.")],
    workers: WorkerCount = None,
    device: Device = "cpu",
    runs_per_device: RunsPerDevice = 1,
    data_dir: DataFolder = None,
    idle: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, help="Leave after so long without a job.", show_default="stay"),
    ] = None,
    grace: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="What runs get to reach the end of an epoch when asked to end."),
    ] = 20.0,
) -> None:
    """Do the jobs that 'run --executor folder --queue DIR' puts into a folder, on this machine.

    Any number of workers on any number of machines serve one folder; they come and go as they like. Ctrl-C, or SIGTERM,
    lets runs write a checkpoint at the end of their epoch and hands them back; another worker goes on with them.
    """
    from seedwise.execution import Resources, Serving, serve
    from seedwise.terminal import Bar

    use(data_dir)
    with Bar() as bar:
        stopped = serve(queue, Serving(Resources(device, workers, runs_per_device), idle, grace), bar)
    raise typer.Exit(130 if stopped else 0)
