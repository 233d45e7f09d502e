"""``seedwise tune``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seedwise.cli._data import use

if TYPE_CHECKING:
    from seedwise.study import Store
    from seedwise.tuning import Trial

NAME: Final = "tune"


def command(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="A study file with 'tune:', or recipe:NAME.")],
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials in all, earlier ones included; takes the place of the file's.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Where results go.", show_default="NAME.db beside the study file")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the file's scales, such as smoke, small or full.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes.", show_default="one per core")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="SEEDWISE_DATA", help="Where datasets lie.", exists=True, file_okay=False)
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:0 or several separated by commas.")] = "cpu",
    runs_per_device: Annotated[int, typer.Option(min=1, help="Workers that share a GPU.")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Every trial, the choice and the fresh runs as JSON.")
    ] = False,
    accept_changed_code: Annotated[
        bool, typer.Option("--accept-changed-code", help="Keep finished runs although the code has changed.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Train failed runs again.")] = False,
) -> None:
    """Search values that make a method steadier, on validation data; compare the best with the base on fresh seeds.

    A trial is a small study: several replicates with the same seeds in every trial. The test set is looked at once, at
    the end, for the choice and the base. After a stop or a crash the same command goes on.
    """
    from seedwise.cli._console import Bar, console
    from seedwise.cli._report import refuse_store_as_target, write_report
    from seedwise.cli._run import command_line, open_study
    from seedwise.tuning import Interrupted, Tuner

    opened = open_study(study, store, scale=scale)
    use(data_dir)
    path = opened.store_path.with_suffix(".html")
    refuse_store_as_target(opened.store_path, path)
    out = console()

    def told(name: str, trial: Trial) -> None:
        if not as_json:
            out.print(_line(name, trial), soft_wrap=True)

    with Bar() as bar:
        options: dict[str, Any] = {
            "workers": workers,
            "device": device,
            "runs_per_device": runs_per_device,
            "accept_changed_code": accept_changed_code,
            "retry_failed": retry_failed,
            "progress": bar,
        }
        try:
            tuned = Tuner(opened, trials, options, told).run()
        except Interrupted:
            given: dict[str, object] = {
                "--trials": trials,
                "--store": store,
                "--scale": scale,
                "--workers": workers,
                "--data-dir": data_dir,
                "--device": None if device == "cpu" else device,
                "--runs-per-device": None if runs_per_device == 1 else runs_per_device,
            }
            out.print(
                f"stopped: what is finished is kept. Go on with: {command_line(study, given, NAME)}", soft_wrap=True
            )
            raise typer.Exit(130) from None
    from seedwise.study import Store

    with Store(opened.store_path) as stored:
        write_report(stored, path)
        print_tunings(stored, f"{opened.spec.name}-trials", as_json=as_json)
    if not as_json:
        out.print(f"report: {path}", soft_wrap=True)
    raise typer.Exit(1 if tuned.failed or tuned.chosen is None else 0)


def print_tunings(store: Store, only: str | None = None, *, as_json: bool = False) -> None:
    """Print what the searches in a store found."""
    from seedwise.cli._console import aligned, console
    from seedwise.reporting import tuning_numbers, tuning_results
    from seedwise.study import study_results
    from seedwise.tuning import tuning_sections

    out = console()
    sections = tuning_sections(store, study_results(store))
    for section in sections:
        if only not in (None, section["name"]):
            continue
        if as_json:
            typer.echo(json.dumps(tuning_numbers(section), indent=1))
            continue
        results = tuning_results(section)
        out.print(results.title, style="bold", soft_wrap=True)
        if results.comparison.rows:
            out.print(aligned(results.comparison))
        for sentence in results.sentences:
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
