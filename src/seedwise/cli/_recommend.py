"""``seedwise recommend``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._open import is_store
from seedwise.cli._options import DataFolder, Device, Replicates, Scale, WorkerCount
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.statistics import Candidate, Recommendation
    from seedwise.study import Study, StudyResults

NAME: Final = "recommend"


def command(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY.yaml | STORE", help="A study that was run: its file, recipe:NAME, or its store."),
    ],
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
    from seedwise.reporting import candidates
    from seedwise.statistics import recommend

    out = console()
    if is_store(Path(study)):
        _of_store(Path(study), confirm)
        return
    opened = open_study(study, store, replicates, scale)
    use(data_dir)
    section = _section(opened)
    recommendation = _recommended(section, study)
    question = section.description.question
    if confirm is None or recommendation.chosen is None:
        return
    fresh = opened.confirmation(recommendation.chosen, confirm)
    with Bar() as bar:
        outcome = fresh.run(workers=workers, device=device, progress=bar)
    if outcome.interrupted:
        out.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130)
    again = [c for c in candidates(_section(fresh)) if _place(c) == _place(recommendation.chosen)]
    verdict = recommend(again, sd_ratio=question.sd_ratio, power=question.power)
    if verdict.chosen is None:
        out.print(f"not confirmed by {confirm} fresh runs each: {_seen(again)}", soft_wrap=True, highlight=False)
        raise typer.Exit(1)
    out.print(f"confirmed by {confirm} fresh runs each: {verdict.finding}", soft_wrap=True, highlight=False)


def _of_store(path: Path, confirm: int | None) -> None:
    """Recommend what the runs in a store speak for, study by study."""
    from seedwise.cli._open import open_store, program_of
    from seedwise.study import study_results

    with open_store(path) as store:
        program, sections = program_of(store), study_results(store)
    if confirm is not None:
        instead = "name the study file"
        if program is not None:
            instead = f"in {program} add study=..., first_replicate=... and n={confirm} to seedwise.replicates"
        raise SeedwiseError(f"--confirm trains, and {path} does not say how: {instead}")
    for section in sections:
        _recommended(section, str(path))


def _recommended(section: StudyResults, name: str) -> Recommendation:
    """Print what is recommended of a study."""
    from seedwise.cli._console import console
    from seedwise.reporting import candidates, results_of
    from seedwise.statistics import recommend

    out = console()
    found = candidates(section)
    if not found:
        instead = "add another with seedwise.replicates(..., method=...)" if section.description.is_loop else ""
        raise SeedwiseError(f"{name} compares nothing with its base: {instead or 'give it methods or readouts'}")
    pending = sum(row.pending for row in results_of(section.description, section.cells).comparisons)
    if pending:
        out.print(f"{pending} results are still to come: run the study to its end first", soft_wrap=True)
    question = section.description.question
    recommendation = recommend(found, sd_ratio=question.sd_ratio, power=question.power)
    out.print(recommendation.sentence, soft_wrap=True, highlight=False)
    return recommendation


def _section(study: Study) -> StudyResults:
    """Return what the store holds of a study."""
    from seedwise.study import study_results

    with study.open() as store:
        found = study_results(store, study.spec.name)
    if not found:
        raise SeedwiseError(f"{study.store_path} holds nothing of '{study.spec.name}': run the study first")
    return found[0]


def _place(candidate: Candidate) -> tuple[str, str]:
    return candidate.method, candidate.readout


def _seen(found: list[Candidate]) -> str:
    """Return what was seen instead."""
    from seedwise.statistics import Interval
    from seedwise.statistics.core.formatting import reduction

    r = found[0].reduction if found else "nothing was read out"
    if not isinstance(r, Interval):
        return str(r)
    return f"the reduction is {reduction(r)}"
