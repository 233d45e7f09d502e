"""``seedwise attribute``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._declared import takes_options
from seedwise.cli._executor import Place
from seedwise.cli._open import is_called_a_store
from seedwise.cli._options import (
    AcceptChangedCode,
    DataFolder,
    Device,
    DryRun,
    RetryFailed,
    RunsPerDevice,
    Scale,
    StoreFile,
    WorkerCount,
    same_command,
)
from seedwise.errors import SeedwiseError

NAME: Final = "attribute"
EXAMPLE: Final = "seedwise attribute study.yaml --blocks 20"

StudyOrStore = Annotated[
    str,
    typer.Argument(metavar="STUDY.yaml", help="A study file, recipe:NAME, or a store whose runs tell sources apart."),
]


@takes_options(Place)
def command(
    context: typer.Context,
    study: StudyOrStore,
    options: Place,
    method: Annotated[str | None, typer.Option(help="Whose runs.", show_default="the study's base")] = None,
    vary: Annotated[
        str | None,
        typer.Option(
            help="The sources, joined by '+'.", show_default="the first regime that varies two or more, or all"
        ),
    ] = None,
    blocks: Annotated[int, typer.Option(help="Blocks of runs, each of two more than there are sources.")] = 10,
    store: StoreFile = None,
    scale: Scale = None,
    workers: WorkerCount = None,
    data_dir: DataFolder = None,
    dry_run: DryRun = False,
    device: Device = "cpu",
    runs_per_device: RunsPerDevice = 1,
    accept_changed_code: AcceptChangedCode = False,
    retry_failed: RetryFailed = False,
) -> None:
    """Which source of randomness makes how much of what varies between runs?

    Trains runs that differ in one source only (total effects) and runs that share one source only (first-order effects)
    and reports them as shares of churn, of the variance of the logits and, from 50 pairs a source, of the metric's
    variance. Runs that the study has already are used; what is missing is trained as by 'run'. Of a store (NAME.db),
    such as that of a loop, it prints the shares that are there and trains nothing; it then takes no options.
    """
    from seedwise.cli._dry_run import print_estimate
    from seedwise.cli._run import open_study
    from seedwise.execution import Resources
    from seedwise.study import AttributionStudy, Store
    from seedwise.terminal import Bar, console, print_study, refuse_store_as_target, write_report

    if is_called_a_store(Path(study)):
        given = [p for p in context.command.params if _is_given(context, p.name)]
        if given:
            raise SeedwiseError(_of_no_use(Path(study), given[0].opts[0], blocks))
        _of_store(Path(study))
        return
    use(data_dir)
    attribution = AttributionStudy(open_study(study, store, scale=scale), method=method, vary=vary, blocks=blocks)
    path = attribution.store_path.with_suffix(".html")
    refuse_store_as_target(attribution.store_path, path)
    out = console()
    design = attribution.design
    out.print(
        f"{' + '.join(design.sources)}: {design.blocks} blocks of {design.runs_per_block} runs, "
        f"{int(design.pairs_that_change.min())} pairs a source"
    )
    if dry_run:
        print_estimate(attribution)
        return
    resources = Resources(device, workers, runs_per_device)
    with Bar() as bar, options.opened(resources) as executor:
        outcome = attribution.run(
            workers=workers,
            device=device,
            runs_per_device=runs_per_device,
            accept_changed_code=accept_changed_code,
            retry_failed=retry_failed,
            progress=bar,
            executor=executor,
        )
    if outcome.interrupted:
        done, total = outcome.counts.get("finished", 0), sum(outcome.counts.values())
        again = same_command(context)
        out.print(f"stopped: {done} of {total} runs are finished and kept. Go on with: {again}", soft_wrap=True)
        raise typer.Exit(130)
    with Store(attribution.store_path) as opened:
        is_known = print_study(opened, attribution.spec.name)
        write_report(opened, path)
    out.print(f"report: {path}", soft_wrap=True)
    raise typer.Exit(1 if outcome.failed or not is_known else 0)


def _is_given(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return name != "study" and source is not None and source.name == "COMMANDLINE"


def _of_no_use(path: Path, option: str, blocks: int) -> str:
    """Return why an option is refused where a store is read, and what to do instead."""
    from seedwise.cli._open import open_store, program_of

    with open_store(path) as store:
        program = program_of(store)
    n = blocks if option == "--blocks" else "n"
    instead = (
        f"seedwise attribute STUDY.yaml {option} ..."
        if program is None
        else f"in {program} pass replicates({n}, attribute=True): n counts blocks"
    )
    return f"{option} is for training, and of a store the shares are read: {instead}"


def _of_store(path: Path) -> None:
    """Print the attributions that a store holds, and write the report."""
    from seedwise.cli._open import open_store, program_of
    from seedwise.reporting import attribution_findings
    from seedwise.study import attribution_results
    from seedwise.terminal import print_attribution, refuse_store_as_target, write_report

    report = path.with_suffix(".html")
    refuse_store_as_target(path, report)
    with open_store(path) as store:
        sections, program = attribution_results(store), program_of(store)
        if not sections:
            instead = "seedwise attribute STUDY.yaml trains what it takes"
            if program is not None:
                instead = (
                    f"in {program} add attribute=True to seedwise.replicates(n, ...), whose n then counts blocks of "
                    "runs, and start it"
                )
            raise SeedwiseError(f"{path} holds no runs that tell sources apart: {instead}")
        for section in sections:
            print_attribution(attribution_findings(section))
        write_report(store, report)
    typer.echo(f"report: {report}")
