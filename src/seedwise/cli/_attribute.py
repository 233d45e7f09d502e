"""``seedwise attribute``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._data import use

if TYPE_CHECKING:
    from seedwise.reporting import AttributionFindings

NAME: Final = "attribute"


def command(
    study: Annotated[str, typer.Argument(metavar="STUDY.yaml", help="A study file, or recipe:NAME.")],
    method: Annotated[str | None, typer.Option(help="Whose runs.", show_default="the study's base")] = None,
    vary: Annotated[
        str | None,
        typer.Option(
            help="The sources, joined by '+'.", show_default="the first regime that varies two or more, or all"
        ),
    ] = None,
    blocks: Annotated[int, typer.Option(help="Blocks of runs, each of two more than there are sources.")] = 10,
    store: Annotated[
        Path | None, typer.Option(help="Where results go.", show_default="NAME.db beside the study file")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the file's scales, such as smoke, small or full.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes.", show_default="one per core")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="SEEDWISE_DATA", help="Where datasets lie.", exists=True, file_okay=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show runs, bytes and time, and train nothing.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:0 or several separated by commas.")] = "cpu",
    runs_per_device: Annotated[int, typer.Option(min=1, help="Workers that share a GPU.")] = 1,
    accept_changed_code: Annotated[
        bool, typer.Option("--accept-changed-code", help="Keep finished runs although the code has changed.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Train failed runs again.")] = False,
) -> None:
    """Which source of randomness makes how much of what varies between runs?

    Trains runs that differ in one source only (total effects) and runs that share one source only (first-order effects)
    and reports them as shares of churn, of the variance of the logits and, from 50 pairs a source, of the metric's
    variance. Runs that the study has already are used; what is missing is trained as by 'run'.
    """
    from seedwise.cli._console import Bar, console
    from seedwise.cli._dry_run import print_estimate
    from seedwise.cli._report import refuse_store_as_target, write_report
    from seedwise.cli._run import command_line, open_study
    from seedwise.reporting import attribution_findings
    from seedwise.study import AttributionStudy, Store, attribution_results

    use(data_dir)
    attribution = AttributionStudy(open_study(study, store, scale=scale), method=method, vary=vary, blocks=blocks)
    path = attribution.store_path.with_suffix(".html")
    refuse_store_as_target(attribution.store_path, path)
    out = console()
    design = attribution.design
    out.print(
        f"{' + '.join(design.sources)}: {design.blocks} blocks of {design.runs_per_block} runs, "
        f"{int(design.pairs_that_change.min())} pairs a source",
        soft_wrap=True,
    )
    if dry_run:
        print_estimate(attribution)
        return
    with Bar() as bar:
        outcome = attribution.run(
            workers=workers,
            device=device,
            runs_per_device=runs_per_device,
            accept_changed_code=accept_changed_code,
            retry_failed=retry_failed,
            progress=bar,
        )
    if outcome.interrupted:
        given = {
            "--method": method,
            "--vary": vary,
            "--blocks": blocks,
            "--store": store,
            "--scale": scale,
            "--workers": workers,
            "--data-dir": data_dir,
            "--device": None if device == "cpu" else device,
            "--runs-per-device": None if runs_per_device == 1 else runs_per_device,
        }
        done, total = outcome.counts.get("finished", 0), sum(outcome.counts.values())
        again = command_line(study, given, NAME)
        out.print(f"stopped: {done} of {total} runs are finished and kept. Go on with: {again}", soft_wrap=True)
        raise typer.Exit(130)
    with Store(attribution.store_path) as opened:
        sections = attribution_results(opened, attribution.spec.name)
        for section in sections:
            print_attribution(attribution_findings(section))
        write_report(opened, path)
    out.print(f"report: {path}", soft_wrap=True)
    raise typer.Exit(1 if outcome.failed or not all(section.known for section in sections) else 0)


def print_attribution(results: AttributionFindings) -> None:
    """Print the tables and sentences of an attribution."""
    from seedwise.cli._console import aligned, console

    out = console()
    out.print(results.title, style="bold", soft_wrap=True)
    for section in results.sections:
        out.print(section.title)
        out.print(aligned(section.table))
    for sentence in results.sentences:
        out.print(f"  {sentence}", soft_wrap=True)
