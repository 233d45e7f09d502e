"""``seedwise demo``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.cli._options import WorkerCount

NAME: Final = "demo"
EXAMPLE: Final = "seedwise demo"


def command(
    folder: Annotated[Path, typer.Option(help="Where the study file, its results and the report go.")] = Path(
        "seedwise-demo"
    ),
    workers: WorkerCount = None,
) -> None:
    """Run the digits recipe: 80 small trainings, a table of results and a report, in about a minute on two cores."""
    from seedwise.cli._run import open_study, train_and_report
    from seedwise.run import storage_errors, write_text
    from seedwise.study import recipe_text

    path = folder / "digits.yaml"
    with storage_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
    write_text(path, recipe_text("digits"))
    again = shlex.join(["seedwise", "run", str(path), *([] if workers is None else ["--workers", str(workers)])])
    then = "look at the report, then write a study of your own: seedwise init study.yaml"
    train_and_report(open_study(str(path), None, None), again=again, then=then, workers=workers)
