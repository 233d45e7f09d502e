"""``seedwise doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = "doctor"


def command(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="A study file.")],
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:0.")] = "cpu",
) -> None:
    """Train one run twice, in two fresh processes, and say whether the bits agree; if not, from which epoch."""
    from seedwise.cli._console import console
    from seedwise.cli._run import open_study
    from seedwise.study import diagnose

    out = console()
    try:
        found = diagnose(open_study(str(study), None, None), device=device)
    except KeyboardInterrupt:
        out.print("stopped")
        raise typer.Exit(130) from None
    if found.agree:
        out.print(f"the bits agree: run {found.run_id} was trained twice ({found.what})", soft_wrap=True)
        return
    when = "at the end" if found.epoch is None else f"from epoch {found.epoch} (counted from 0)"
    out.print(
        f"the bits differ {when}: {found.what} of run {found.run_id}. Something draws from a source that seedwise does "
        "not control: look for time, set order, threads or generators outside run.randomness",
        soft_wrap=True,
    )
    raise typer.Exit(1)
