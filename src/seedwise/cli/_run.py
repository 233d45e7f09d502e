"""``seedwise run``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seedwise.cli._data import use
from seedwise.cli._declared import takes_options
from seedwise.cli._executor import Place
from seedwise.cli._options import (
    AcceptChangedCode,
    DataFolder,
    Device,
    DryRun,
    Replicates,
    RunsPerDevice,
    Scale,
    StoreFile,
    StudyFile,
    WorkerCount,
    same_command,
)
from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.statistics import Interim
    from seedwise.study import Study

NAME: Final = "run"
EXAMPLE: Final = "seedwise run study.yaml --workers 2"

RECIPE: Final = "recipe:"


@takes_options(Place)
def command(
    context: typer.Context,
    study: StudyFile,
    options: Place,
    store: StoreFile = None,
    workers: WorkerCount = None,
    scale: Scale = None,
    replicates: Replicates = None,
    data_dir: DataFolder = None,
    dry_run: DryRun = False,
    shard: Annotated[
        str | None, typer.Option(metavar="i/k", help="Train the i-th of k parts into an outbox for 'merge'.")
    ] = None,
    device: Device = "cpu",
    runs_per_device: RunsPerDevice = 1,
    until: Annotated[
        str | None,
        typer.Option(metavar="resolved", help="Add replicates until the question of 'until:' is resolved."),
    ] = None,
    retrain: Annotated[
        bool,
        typer.Option(
            "--retrain",
            help="Train again what other code trained or lacks weights to read out, or all; keeps old results.",
        ),
    ] = False,
    accept_changed_code: AcceptChangedCode = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Train failed runs and compute failed readouts again.")
    ] = False,
) -> None:
    """Train what a study is missing, read it out, then print and report the results.

    Finished runs are never trained twice: after a stop, a crash or an edit of the file, the same command trains what is
    missing. Ctrl-C stops at the next end of an epoch; a second Ctrl-C at once.
    """
    from seedwise.execution import Resources

    opened = open_study(study, store, replicates, scale)
    use(data_dir)
    part = _parse_shard(shard)
    resources = Resources(device, workers, runs_per_device)
    if dry_run:
        from seedwise.cli._dry_run import print_estimate

        print_estimate(opened)
        if options.executor == "slurm":
            typer.echo(options.script(resources, opened.store_path))
        return
    if scale is not None:
        from seedwise.cli._dry_run import print_cost

        print_cost(opened)
    again = same_command(context)
    with options.opened(resources) as chosen:
        if until is not None:
            if until != "resolved":
                raise SeedwiseError(f"--until {until}: there is only --until resolved")
            if part is not None or replicates is not None:
                raise SeedwiseError(
                    "--until resolved decides the replicates itself: leave out --shard and --replicates"
                )
            opened = _grown(
                opened,
                again,
                workers=workers,
                device=device,
                runs_per_device=runs_per_device,
                executor=chosen,
                retrain=retrain,
                accept_changed_code=accept_changed_code,
                retry_failed=retry_failed,
            )
            retrain = retry_failed = False  # that is done
        elif opened.was_looked_at():
            raise SeedwiseError(f"{opened.store_path} was looked at while it grew: go on with --until resolved")
        train_and_report(
            opened,
            again=again,
            workers=workers,
            device=device,
            runs_per_device=runs_per_device,
            executor=chosen,
            shard=part,
            retrain=retrain,
            accept_changed_code=accept_changed_code,
            retry_failed=retry_failed,
        )


def _grown(study: Study, again: str, **options: Any) -> Study:
    """Let a study grow from look to look until it is resolved, and return it as it then is."""
    from seedwise.reporting import why_it_stopped
    from seedwise.study import announced, looks_at
    from seedwise.terminal import Bar, console

    looks_at(study.spec)
    out = console()
    out.print(announced(study.spec))
    with Bar() as bar:

        def say(found: Interim) -> None:
            with bar.paused():
                out.print(why_it_stopped(found))

        grown = study.run_until(on_look=say, progress=bar, **options)
    if grown.outcome.interrupted:
        out.print(f"stopped. Go on with: {again}", soft_wrap=True)
        raise typer.Exit(130)
    return grown.study


def open_study(study: str, store: Path | None, replicates: int | None = None, scale: str | None = None) -> Study:
    """Return the study of a file, or of a recipe, whose store then lies in the working directory."""
    from seedwise.study import Study, recipe_text

    if not study.startswith(RECIPE):
        return Study.from_yaml(study, store=store, scale=scale, replicates=replicates)
    text = recipe_text(study.removeprefix(RECIPE))
    return Study.from_text(text, source=study, store=store, scale=scale, replicates=replicates)


def train_and_report(
    study: Study, *, again: str, shard: tuple[int, int] | None = None, then: str | None = None, **options: object
) -> None:
    """Train, print the table, write the report, and exit with what it says.

    Args:
        study: the study.
        again: the command that goes on after a stop.
        shard: which part to train; a part has no table.
        then: what to do next, said at the end.
        options: passed to ``Study.run``.

    """
    from seedwise.study import Store
    from seedwise.terminal import Bar, console, print_study, refuse_store_as_target, write_report

    out = console()
    path = study.store_path.with_suffix(".html")
    refuse_store_as_target(study.store_path, path)
    quoted = shlex.quote(str(study.store_path))
    with Bar() as bar:
        outcome = study.run(shard=shard, progress=bar, **options)  # type: ignore[arg-type]
    done = outcome.counts.get("finished", 0)
    total = sum(outcome.counts.values())
    if outcome.interrupted:
        kept = f"{done} of {total} runs" + (f" and {outcome.read} new readouts" if outcome.read else "")
        out.print(f"stopped: {kept} are finished and kept. Go on with: {again}", soft_wrap=True)
        raise typer.Exit(130)
    if shard is not None:
        root = shlex.quote(str(study.store_path.with_suffix(".d")))
        out.print(
            f"shard {shard[0]}/{shard[1]}: {done} of {total} runs finished. When all shards are: "
            f"seedwise merge {quoted} {root}/shard-*",
            soft_wrap=True,
        )
        raise typer.Exit(1 if outcome.failed else 0)
    with Store(study.store_path) as store:
        is_known = print_study(store, study.spec.name)
        write_report(store, path)
    if outcome.failed:
        again = "once that is repaired, the same command with --retry-failed trains them again"
        out.print(f"{outcome.failed} of {total} runs failed; why: seedwise status {quoted}; {again}", soft_wrap=True)
    if outcome.unread:
        out.print(f"{outcome.unread} readouts failed; why: seedwise status {quoted}", soft_wrap=True)
    out.print(f"report: {path}", soft_wrap=True)
    if then is not None:
        out.print(f"next: {then}", soft_wrap=True)
    raise typer.Exit(1 if outcome.failed or outcome.unread or not is_known else 0)


def _parse_shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    index, slash, count = text.partition("/")
    if not slash or not index.isdecimal() or not count.isdecimal() or not 1 <= int(index) <= int(count):
        raise SeedwiseError(f"--shard {text}: write i/k with 1 <= i <= k, such as 2/8")
    return int(index), int(count)
