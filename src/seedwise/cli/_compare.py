"""``seedwise compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from seedwise.errors import SeedwiseError

NAME: Final = "compare"


def command(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A CSV or Parquet file with a header.")],
    baseline: Annotated[str, typer.Option(help="The method that the others are compared with.")],
    by: Annotated[
        str | None, typer.Option(help="The column that names the method.", show_default="every column is a method")
    ] = None,
    metric: Annotated[str, typer.Option(help="The column of the metric; in a wide table its name.")] = "value",
    seed: Annotated[str | None, typer.Option(help="The column of the seeds: equal seeds make pairs.")] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The metric is a loss or an error.")
    ] = False,
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
    """Compare results from any tool: is a method steadier than the baseline, is it better, were the seeds enough?

    The file is long (--by names the column of the method, one row per run) or wide (one column per method, one row per
    seed). An empty value is a failed run.
    """
    import json

    from seedwise.cli._console import print_results
    from seedwise.reporting import compare, row_numbers
    from seedwise.results import read_table
    from seedwise.study import mistake

    forms = ["text", "csv", "markdown", "latex", "json"]
    if form not in forms:
        raise SeedwiseError(mistake("format", form, forms))
    found = compare(
        read_table(results),
        by=by,
        metric=metric,
        baseline=baseline,
        seed=seed,
        lower_is_better=lower_is_better,
        unpaired=unpaired,
        chance=chance,
        sd_ratio=sd_ratio,
        power=power,
        factor=factor,
        margin=margin,
    )
    match form:
        case "csv":
            typer.echo(found.table.to_csv(), nl=False)
        case "markdown":
            typer.echo(found.table.to_markdown())
        case "latex":
            typer.echo(found.to_latex(), nl=False)
        case "json":
            typer.echo(json.dumps([row_numbers(row) for row in found.rows], indent=1))
        case _:
            print_results(found.results)
