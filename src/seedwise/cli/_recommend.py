"""``seedwise recommend``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._declared import takes_options
from seedwise.cli._executor import Place
from seedwise.cli._open import is_called_a_store
from seedwise.cli._options import DataFolder, Device, Replicates, Scale, WorkerCount
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.statistics import Budget, Candidate
    from seedwise.study import Confirmed, Recommended

NAME: Final = "recommend"
EXAMPLE: Final = "seedwise recommend study.yaml --confirm 50"


@takes_options(Place)
def command(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY.yaml | STORE", help="A study that was run: its file, recipe:NAME, or its store."),
    ],
    options: Place,
    store: Annotated[
        Path | None, typer.Option(help="Where its results are.", show_default="NAME.db next to the study file")
    ] = None,
    scale: Scale = None,
    replicates: Replicates = None,
    confirm: Annotated[
        int | None, typer.Option(min=3, help="Train so many runs of the base and of the choice with fresh seeds.")
    ] = None,
    training: Annotated[
        float | None,
        typer.Option(min=0, metavar="TIMES", help="The steadiest for at most so many times the base's training."),
    ] = None,
    inference: Annotated[
        float | None, typer.Option(min=0, metavar="TIMES", help="The same of its inference, in seconds and operations.")
    ] = None,
    workers: WorkerCount = None,
    device: Device = "cpu",
    data_dir: DataFolder = None,
) -> None:
    """Which is the cheapest method or readout that makes the runs of a study steadier?

    The cheapest whose smaller SD is resolved after a correction for all that were compared. It was chosen by the runs
    that speak for it, so that it looks better than it is: --confirm trains fresh ones.

    With --training or --inference: the steadiest of those that cost no more than that, within 5 %; by churn where that
    was measured, else by the SD.
    """
    from seedwise.cli._run import open_study
    from seedwise.execution import Resources
    from seedwise.terminal import Bar, console

    out = console()
    budget = _budget(training, inference)
    if is_called_a_store(Path(study)):
        _of_store(Path(study), confirm, budget)
        return
    opened = open_study(study, store, replicates, scale)
    use(data_dir)
    recommended = opened.recommend()
    chosen = _print(recommended, budget)
    if confirm is None or chosen is None:
        return
    with Bar() as bar, options.opened(Resources(device, workers)) as executor:
        _, confirmed = opened.confirm(
            chosen, confirm, workers=workers, device=device, progress=bar, executor=executor, budget=budget
        )
    if confirmed is None:
        out.print("stopped; the same command goes on")
        raise typer.Exit(130)
    if confirmed.found.chosen is None:
        out.print(f"not confirmed by {confirm} fresh runs each: {_seen(confirmed)}")
        raise typer.Exit(1)
    out.print(f"confirmed by {confirm} fresh runs each: {confirmed.found.finding}")


def _budget(training: float | None, inference: float | None) -> Budget | None:
    from seedwise.statistics import Budget

    given = {name: v for name, v in (("training", training), ("inference", inference)) if v is not None}
    try:
        return Budget(**given) if given else None
    except ValueError as error:
        raise SeedwiseError(f"--{error}") from None


def _of_store(path: Path, confirm: int | None, budget: Budget | None) -> None:
    """Print what the runs in a store recommend, study by study."""
    from seedwise.cli._open import open_store, program_of
    from seedwise.study import recommended, study_results
    from seedwise.terminal import console

    with open_store(path) as store:
        program, sections = program_of(store), study_results(store)
    if confirm is not None:
        instead = "name the study file"
        if program is not None:
            instead = f"in {program} add study=..., first_replicate=... and n={confirm} to seedwise.replicates"
        raise SeedwiseError(f"--confirm trains, and {path} does not say how: {instead}")
    for section in sections:
        found = recommended(section)
        if found is None:
            instead = "add another with seedwise.replicates(..., method=...)" if program else "give it methods"
            raise SeedwiseError(f"{path} compares nothing with its base: {instead}")
        if len(sections) > 1:
            console().print(section.name, style="bold")
        _print(found, budget)


def _print(recommended: Recommended, budget: Budget | None) -> Candidate | None:
    """Print what is recommended, and return it."""
    from seedwise.statistics import steadiest
    from seedwise.terminal import console

    found = recommended.found if budget is None else steadiest(recommended.candidates, budget)

    out = console()
    if recommended.pending:
        out.print(f"{recommended.pending} results are still to come: run the study to its end first")
    out.print(found.sentence)
    return found.chosen


def _seen(confirmed: Confirmed) -> str:
    """Return what was seen instead."""
    from seedwise.statistics import Interval, Steadiest
    from seedwise.statistics.core.formatting import reduction

    if isinstance(confirmed.found, Steadiest):
        return confirmed.found.finding
    r = "nothing was read out" if confirmed.seen is None else confirmed.seen.reduction
    return f"the reduction is {reduction(r)}" if isinstance(r, Interval) else r
