"""``seedwise tune``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._declared import takes_options
from seedwise.cli._executor import Place
from seedwise.cli._options import (
    AcceptChangedCode,
    DataFolder,
    Device,
    RetryFailed,
    RunsPerDevice,
    Scale,
    StoreFile,
    WorkerCount,
    same_command,
)

if TYPE_CHECKING:
    from seedwise.study import Store
    from seedwise.tuning import Trial

NAME: Final = "tune"
EXAMPLE: Final = "seedwise tune study.yaml --trials 24"


@takes_options(Place)
def command(
    context: typer.Context,
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="A study file with 'tune:', or recipe:NAME.")],
    options: Place,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials in all, earlier ones included; takes the place of the file's.")
    ] = None,
    store: StoreFile = None,
    scale: Scale = None,
    workers: WorkerCount = None,
    data_dir: DataFolder = None,
    device: Device = "cpu",
    runs_per_device: RunsPerDevice = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Every trial, the choice and the fresh runs as JSON.")
    ] = False,
    accept_changed_code: AcceptChangedCode = False,
    retry_failed: RetryFailed = False,
) -> None:
    """Search values that make a method steadier, on validation data; compare the best with the base on fresh seeds.

    A trial is a small study: several replicates with the same seeds in every trial. The test set is looked at once, at
    the end, for the choice and the base. After a stop or a crash the same command goes on.
    """
    from seedwise.cli._run import open_study
    from seedwise.execution import Resources
    from seedwise.study import Store
    from seedwise.terminal import Bar, console, refuse_store_as_target, write_report
    from seedwise.tuning import Interrupted, Tuner, trials_study_name

    opened = open_study(study, store, scale=scale)
    use(data_dir)
    path = opened.store_path.with_suffix(".html")
    refuse_store_as_target(opened.store_path, path)
    out = console()

    def on_trial(name: str, trial: Trial) -> None:
        if not as_json:
            out.print(_line(name, trial), soft_wrap=True)

    with Bar() as bar, options.opened(Resources(device, workers, runs_per_device)) as executor:
        tuner = Tuner(
            opened,
            trials,
            workers=workers,
            device=device,
            runs_per_device=runs_per_device,
            accept_changed_code=accept_changed_code,
            retry_failed=retry_failed,
            progress=bar,
            on_trial=on_trial,
            executor=executor,
        )
        try:
            tuned = tuner.run()
            with Store(opened.store_path) as stored:
                write_report(stored, path)
        except (Interrupted, KeyboardInterrupt):
            out.print(f"stopped: what is finished is kept. Go on with: {same_command(context)}", soft_wrap=True)
            raise typer.Exit(130) from None
    with Store(opened.store_path) as stored:
        print_tunings(stored, trials_study_name(opened.spec.name), as_json=as_json)
    if not as_json:
        out.print(f"report: {path}", soft_wrap=True)
    raise typer.Exit(1 if tuned.failed or tuned.chosen is None else 0)


def print_tunings(store: Store, only: str | None = None, *, as_json: bool = False) -> None:
    """Print what the searches in a store found."""
    from seedwise.cli._json import print_json
    from seedwise.reporting import search_findings, search_numbers
    from seedwise.terminal import console, print_table
    from seedwise.tuning import search_results

    out = console()
    for results in search_results(store, only):
        if as_json:
            print_json(search_numbers(results))
            continue
        findings = search_findings(results)
        out.print(findings.title, style="bold", soft_wrap=True)
        if findings.comparison is not None:
            print_table(out, findings.comparison.table)
        for sentence in findings.sentences:
            out.print(f"  {sentence}", soft_wrap=True)


def _line(name: str, trial: Trial) -> str:
    from seedwise.reporting import number, parameters

    params = parameters(trial.params)
    found = trial.measured
    if found is None:
        return f"{name}: {params + ': ' if params else ''}all runs failed"
    parts = [f"mean {number(found.mean, 4)}", f"SD {number(found.sd, 4)}"]
    parts += [] if found.churn is None else [f"churn {number(found.churn, 4)}"]
    parts += [f"{found.failed} failed"] if found.failed else []
    parts += ["pruned"] if trial.state == "pruned" else []
    return f"{name}: {params + ': ' if params else ''}{', '.join(parts)}"
