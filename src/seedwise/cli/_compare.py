"""``seedwise compare``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seedwise.cli._declared import takes_options
from seedwise.cli._options import same_command
from seedwise.errors import SeedwiseError
from seedwise.results import CompareOptions

if TYPE_CHECKING:
    from seedwise.reporting import Comparison

NAME: Final = "compare"
EXAMPLE: Final = "seedwise compare results.csv --metric accuracy"
_FORMS: Final = ("text", "csv", "markdown", "latex", "json")


@takes_options(CompareOptions)
def command(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="WHAT...", help="Tables, what trackers wrote, or stores."),
    ],
    options: CompareOptions,
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write a page, an HTML file that needs nothing else.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(hidden=True)] = None,
    form: Annotated[str, typer.Option("--format", help="text, csv, markdown, latex or json.")] = "text",
) -> None:
    """Compare results from any tool: is a method steadier than the base, is it better, were the seeds enough?

    What one run is in the table is found by the names of its columns and said first; what can be read in two ways is
    refused with the option that decides it. An empty value is a failed run.
    """
    from seedwise.reporting import compare_frames
    from seedwise.results import frames_of

    if baseline is not None:
        from seedwise.study import renamed_note

        typer.echo(f"seedwise: {renamed_note('--baseline', '--base')}", err=True)
        options = replace(options, base=options.base or baseline)
    if form not in _FORMS:
        from seedwise.study import mistake

        raise SeedwiseError(mistake("format", form, _FORMS))
    if output is not None:
        _check_page(output, results)
    found = compare_frames(frames_of(results), options)
    show(found, form)
    if output is not None:
        from seedwise.run import write_text

        write_text(output, found.to_html(same_command(context)))
        typer.echo(f"page: {output}", err=True)


def _check_page(output: Path, results: list[Path]) -> None:
    if output.suffix.lower() not in (".html", ".htm"):
        raise SeedwiseError(f"{output} does not end in .html: compare writes a page (-o page.html), export tables")
    if output.resolve() in {path.resolve() for path in results}:
        raise SeedwiseError(f"the page would overwrite the results {output}: name another file (-o page.html)")


def show(found: Comparison, form: str) -> None:
    """Print a comparison as text, CSV, Markdown, LaTeX or JSON."""
    from seedwise.cli._json import print_json
    from seedwise.reporting import row_numbers
    from seedwise.terminal import console, print_results, print_table

    match form:
        case "csv":
            typer.echo("\n".join(part.results.table.to_csv() for part in found.parts), nl=False)
        case "markdown":
            typer.echo("\n\n".join(table.to_markdown() for table in found.tables))
        case "latex":
            typer.echo("\n".join(table.to_latex() for table in found.tables), nl=False)
        case "json":
            print_json([row_numbers(row) for row in found.rows])
        case _:
            out = console()
            for line in found.lines:
                out.print(line)
            for part in found.parts:
                out.print()
                out.print(part.statement)
                out.print()
                print_results(part.results, said=True)
                for section in part.sections:
                    out.print()
                    out.print(section.short, style="bold")
                    print_table(out, section.table)
                    out.print(f"  {section.note}")
