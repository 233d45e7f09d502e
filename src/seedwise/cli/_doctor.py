"""``seedwise doctor``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from seedwise.cli._declared import takes_options
from seedwise.cli._executor import Place
from seedwise.cli._options import Scale
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.study import Check, Difference, Study, TwoMachines

NAME: Final = "doctor"
EXAMPLE: Final = "seedwise doctor train.py -- --epochs 2"


@takes_options(Place)
def command(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml | PROGRAM.py", help="What trains.")],
    options: Place,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="Those of the program.", show_default=False)
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:0; of a study.")] = "cpu",
    checks: Annotated[
        str | None,
        typer.Option(help="Some of twice, after, resumed, sources, scopes, separated by commas.", show_default="all"),
    ] = None,
    epochs: Annotated[int, typer.Option(min=2, help="No training is longer, where the loop saves checkpoints.")] = 2,
    scale: Scale = None,
) -> None:
    """Prove on one run that a training can be trusted; nothing is stored.

    Trained twice, trained after another run in the same process, stopped and resumed, it has the same bits; another
    seed of a source changes them; and nothing depends on random numbers that no source decides. Where bits differ it
    says from which epoch, and in torch code from which step, layer and operation.

    A program whose loop is 'for run in seedwise.replicates(...)' is given with its arguments after '--'.

    With --executor it asks instead whether two machines agree to the bit: this one, and one that the executor has.
    """
    from seedwise.cli._run import open_study
    from seedwise.study import CHECKS, Patient, ProgramPatient, StudyPatient, diagnose, trainings
    from seedwise.terminal import console

    out = console()
    wanted = list(CHECKS) if checks is None else [name.strip() for name in checks.split(",")]
    if study.suffix not in (".yaml", ".yml", ".py"):
        raise SeedwiseError(f"doctor takes a study file (.yaml) or a program (.py), not {study}{_instead(study)}")
    if not study.exists():
        raise SeedwiseError(f"there is no file {study}")
    if arguments and study.suffix != ".py":
        raise SeedwiseError(f"unknown argument '{arguments[0]}': a study file takes none")
    if options.executor != "local":
        if study.suffix == ".py" or checks is not None:
            what = "a study file, and no program" if study.suffix == ".py" else "no --checks: it is one of its own"
            raise SeedwiseError(f"doctor --executor {options.executor} takes {what}")
        _compare(open_study(str(study), None, None, scale), options, device, epochs)
    try:
        patient: Patient = (
            ProgramPatient([str(study), *(arguments or [])])
            if study.suffix == ".py"
            else StudyPatient(open_study(str(study), None, None, scale), device)
        )
        out.print(
            f"{trainings(wanted, len(patient.sources))} trainings of one run, each of at most {epochs} epochs if its "
            "loop saves checkpoints, else whole; more where bits differ"
        )
        found = diagnose(patient, wanted, epochs=epochs, report=out.print)
    except KeyboardInterrupt:
        out.print("stopped")
        raise typer.Exit(130) from None
    out.print(f"run {found.run_id}:")
    for check in found.checks:
        out.print(f"  {_MARKS[check.passed]} {check.name}: {_sentence(check, CHECKS[check.name])}")
    for note in found.notes:
        out.print(f"  note: {note}")
    raise typer.Exit(0 if found.healthy else 1)


def _compare(study: Study, options: Place, device: str, epochs: int) -> NoReturn:
    """Ask whether this machine and another one agree, and exit with the answer."""
    from seedwise.execution import Resources
    from seedwise.study import compare_machines
    from seedwise.terminal import console

    out = console()
    try:
        with options.opened(Resources(device)) as executor:
            assert not isinstance(executor, str)
            found = compare_machines(study, executor, device=device, epochs=epochs, report=out.print)
    except KeyboardInterrupt:
        out.print("stopped")
        raise typer.Exit(130) from None
    out.print(f"run {found.run_id}:")
    out.print(f"  {_MARKS[found.difference is None]} {_agreement(found)}")
    raise typer.Exit(0 if found.difference is None else 1)


def _agreement(found: TwoMachines) -> str:
    machines = f"{found.here} here and {found.there} there"
    if found.difference is None:
        return f"{machines} agree to the bit ({found.compared})"
    around = [
        f"{name} ({here or 'not set'} here, {there or 'not set'} there)"
        for name, (here, there) in found.environment.items()
    ]
    around += [f"the code of {', '.join(found.code)}"] if found.code else []
    why = ", ".join(around) or "nothing that is recorded; the data may be"
    return f"{machines} do not agree: the bits differ {_where(found.difference)}; what is different there: {why}"


def _instead(path: Path) -> str:
    """Return what to type instead of a store that a program filled."""
    from seedwise.cli._open import program_of
    from seedwise.results import is_store
    from seedwise.study import Store

    if not is_store(path):
        return ""
    try:
        with Store(path) as store:
            program = program_of(store)
    except SeedwiseError:  # it is damaged, or of a later version
        return ""
    return f": seedwise doctor {shlex.quote(program)}" if program is not None else ""


_MARKS: Final = {True: "ok  ", False: "FAIL", None: "-   "}


def _sentence(check: Check, promise: str) -> str:
    if check.passed is None:
        return check.compared
    if check.name == "sources":
        still = [f"{source}: changed nothing" for source in check.still]
        still += [f"{source}: changed nothing, as nothing drew from it" for source in check.undrawn]
        moved = [f"another seed changes the bits of {check.compared}"] if check.compared else []
        return "; ".join([*still, *moved])
    if check.name == "scopes":
        return _scopes(check)
    if check.passed:
        return f"{promise} ({check.compared})"
    return f"{_WORDS[check.name]}, the bits differ {_where(check.difference)}"


_WORDS: Final = {
    "twice": "trained twice",
    "after": "trained after another run in the same process",
    "resumed": "stopped after its first epoch and resumed",
}


def _scopes(check: Check) -> str:
    found = [
        f"inside the scope of '{source}' code seeds {', '.join(names)} anew with a value of its own, so that what "
        f"follows does not depend on '{source}': remove that, or seed with run.seed_for('{source}')"
        for source, names in check.reseeded.items()
    ]
    if check.difference is not None:
        found.append(
            f"the bits depend ({_where(check.difference)}) on {', '.join(check.outside)}, drawn from outside every "
            "scope: the same in every run, so that no source varies it; enclose it in run.randomness.scope(...), or "
            "seed it with run.seed_for(...)"
        )
    elif check.outside:
        found.append(f"drawn from outside every scope: {', '.join(check.outside)}; no bit was seen to depend on it")
    return "; ".join(found) or "nothing is drawn outside the scopes, and nothing is seeded anew inside them"


def _where(difference: Difference | None) -> str:
    assert difference is not None
    when = "at the end" if difference.epoch is None else f"from epoch {difference.epoch} (counted from 0)"
    text = f"{when}: {difference.what}"
    if difference.operation is not None:
        o = difference.operation
        layer = f"in {o.layer}, " if o.layer else ""
        text += f"; first {layer}operation {o.name}, step {o.step} of epoch {o.epoch}"
    return text
