"""``seedwise compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

import typer

from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.reporting import Comparison

NAME: Final = "compare"


def command(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="WHAT...", help="Tables, what trackers wrote, or stores."),
    ],
    base: Annotated[
        str | None,
        typer.Option(help="The method that the others are compared with.", show_default="the one called base"),
    ] = None,
    baseline: Annotated[str | None, typer.Option(hidden=True)] = None,
    by: Annotated[
        str | None, typer.Option(help="The column that names the method.", show_default="by its name")
    ] = None,
    methods: Annotated[
        str | None, typer.Option(help="The methods to compare, by commas: columns of a wide table, or values.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="Columns of the metrics, by commas; in a wide table its name.", show_default="by its name"),
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="Columns that name the seed, by commas.", show_default="by its name")
    ] = None,
    name: Annotated[str | None, typer.Option(help="How runs are named, such as '{method}-s{seed}'.")] = None,
    task: Annotated[str | None, typer.Option(help="The column of the task.", show_default="by its name")] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Keep rows with this value; several times.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="The column of the step of curves: the last one counts.")] = None,
    best: Annotated[str | None, typer.Option(help="Take the step where this metric is best instead.")] = None,
    fold: Annotated[str | None, typer.Option(help="The column of the fold of a cross-validation.")] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The metric is a loss or an error.")
    ] = False,
    higher_is_better: Annotated[
        bool, typer.Option("--higher-is-better", help="The metric is none, whatever it is called.")
    ] = False,
    unit: Annotated[str | None, typer.Option(help="The unit; 'share' for fractions to be shown in percent.")] = None,
    decimal: Annotated[
        str | None, typer.Option(help="The decimal sign: . or ,", show_default="the one that fits")
    ] = None,
    unpaired: Annotated[bool, typer.Option("--unpaired", help="The runs of different methods share nothing.")] = False,
    chance: Annotated[float | None, typer.Option(help="The metric at chance level, to count failed runs with.")] = None,
    sd_ratio: Annotated[float, typer.Option(min=0.01, max=0.99, help="The ratio of SDs that you want to find.")] = 0.7,
    power: Annotated[float, typer.Option(min=0.01, max=0.999, help="The probability of finding it.")] = 0.8,
    factor: Annotated[
        float | None, typer.Option(help="The largest ratio of SDs that you would still call equal, such as 1.5.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="The largest difference of means that you would still call equal, in the metric's unit."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, csv, markdown, latex or json.")] = "text",
) -> None:
    """Compare results from any tool: is a method steadier than the base, is it better, were the seeds enough?

    What one run is in the table is found by the names of its columns and said first; what can be read in two ways is
    refused with the option that decides it. An empty value is a failed run.
    """
    from seedwise.reporting._compare import compared_frames
    from seedwise.results import Roles
    from seedwise.results.readers import read
    from seedwise.statistics import Question
    from seedwise.study import mistake, renamed_note

    if baseline is not None:
        typer.echo(f"seedwise: {renamed_note('--baseline', '--base')}", err=True)
        base = base or baseline
    forms = ["text", "csv", "markdown", "latex", "json"]
    if form not in forms:
        raise SeedwiseError(mistake("format", form, forms))
    if decimal not in (None, ".", ","):
        raise SeedwiseError(f"--decimal is '{decimal}': it is . or ,")
    if lower_is_better and higher_is_better:
        raise SeedwiseError("--lower-is-better and --higher-is-better exclude each other: pass one")
    roles = Roles(
        by=by,
        methods=_names(methods),
        seed=_names(seed),
        name=name,
        task=task,
        metric=_names(metric),
        where=tuple(condition(text) for text in where or ()),
        step=step,
        best=best,
        fold=fold,
        higher_is_better=False if lower_is_better else True if higher_is_better else None,
        unit=unit,
        decimal=cast(Literal[".", ","] | None, decimal),
    )
    question = Question(sd_ratio=sd_ratio, power=power, factor=factor, margin=margin)
    frames = [read(path) for path in results]
    show(compared_frames(frames, roles, question, base=base, unpaired=unpaired, chance=chance), form)


def show(found: Comparison, form: str) -> None:
    """Print a comparison as text, CSV, Markdown, LaTeX or JSON."""
    from seedwise.cli._console import console, print_results
    from seedwise.cli._json import print_json
    from seedwise.reporting import row_numbers

    match form:
        case "csv":
            typer.echo("\n".join(part.results.table.to_csv() for part in found.parts), nl=False)
        case "markdown":
            typer.echo("\n\n".join(part.results.table.to_markdown() for part in found.parts))
        case "latex":
            typer.echo("\n".join(part.results.table.to_latex() for part in found.parts), nl=False)
        case "json":
            print_json([row_numbers(row) for row in found.rows])
        case _:
            out = console()
            for line in found.lines:
                out.print(line, soft_wrap=True)
            for part in found.parts:
                out.print()
                out.print(part.statement, soft_wrap=True)
                out.print()
                print_results(part.results)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


def condition(text: str) -> tuple[str, str]:
    """Return the column and the value of ``COLUMN=VALUE``."""
    column, equals, value = text.partition("=")
    if not equals:
        raise SeedwiseError(f"--where is '{text}': write COLUMN=VALUE")
    return column.strip(), value.strip()
