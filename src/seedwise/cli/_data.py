"""``seedwise data``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._plain_help import PlainCommand, PlainGroup

if TYPE_CHECKING:
    from rich.progress import TaskID

NAME: Final = "data"

app = typer.Typer(
    help="Fetch the published datasets, and list which are there.",
    no_args_is_help=True,
    cls=PlainGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="PATH",
        envvar="SEEDWISE_DATA",
        help="Where they lie; by default in your cache.",
        file_okay=False,
    ),
]


@app.command("fetch", cls=PlainCommand)
def fetch_command(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="cifar10, cifar100, mnist, fashion_mnist, etth1 or etth2.")
    ],
    data_dir: Folder = None,
) -> None:
    """Download datasets, and check what came against the published checksums.

    What is there is not downloaded again; a download that broke off goes on where it stopped.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from seedwise.data import PUBLISHED, check, fetch
    from seedwise.errors import SeedwiseError
    from seedwise.study import mistake
    from seedwise.terminal import console

    for name in names:
        if name not in PUBLISHED:
            raise SeedwiseError(mistake("dataset", name, list(PUBLISHED)))
    use(data_dir)
    stderr = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def show(archive: str, done: int, total: int) -> None:
            if archive not in tasks:
                tasks[archive] = bars.add_task(archive)
            bars.update(tasks[archive], completed=done, total=total or None)

        for name in names:
            fetch(name, show)
    for name in names:  # after the bars, which erase what is printed under them
        console().print(f"{name}: {check(name)}")


@app.command("list", cls=PlainCommand)
def list_command(data_dir: Folder = None) -> None:
    """Say which datasets are there, where, and whether their files are as published."""
    from seedwise.data import PUBLISHED, check
    from seedwise.errors import SeedwiseError
    from seedwise.terminal import console

    use(data_dir)
    out = console()
    out.print("digits: comes with scikit-learn")
    for name in PUBLISHED:
        try:
            out.print(f"{name}: {check(name)}")
        except SeedwiseError as error:
            out.print(str(error))


def use(folder: Path | None) -> None:
    """Make a folder the data folder of this process and its workers; None leaves it as it is."""
    if folder is not None:
        os.environ["SEEDWISE_DATA"] = str(folder.resolve())
