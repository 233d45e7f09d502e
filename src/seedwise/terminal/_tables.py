"""Tables on the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table

from seedwise.reporting import Kind, statement
from seedwise.statistics import Interval
from seedwise.terminal._console import console

if TYPE_CHECKING:
    from seedwise.reporting import AttributionFindings, Results
    from seedwise.reporting import Table as Texts

_GAP: Final = 2
_SENTENCE: Final = 30
"""No column of sentences is made narrower than this to stand next to the others."""


def print_table(out: Console, texts: Texts) -> None:
    """Print a table; columns that the window has no room for follow below, next to the names of the rows.

    Nothing is cut: what is wider than the window goes on in the next line.
    """
    needed = [_needed(texts, k) for k in range(len(texts.columns))]
    names = [k for k, column in enumerate(texts.columns) if k == 0 or column.kind is Kind.NAME]
    part = list(names)
    for k in range(len(texts.columns)):
        if k in names:
            continue
        if len(part) > len(names) and sum(needed[j] + _GAP for j in part) + needed[k] > out.width:
            _print_columns(out, texts, part, names)
            part = list(names)
        part.append(k)
    _print_columns(out, texts, part, names)


def print_results(
    results: Results, warning: str | None = None, out: Console | None = None, *, said: bool = False
) -> None:
    """Print the table of results, how many runs it takes, a warning and the reasons for what is not in it.

    A window that has no room for the whole table gets the columns that every reader needs; sentences say the rest.

    Args:
        results: the table.
        warning: a further sentence.
        out: where to print; None: the standard output.
        said: whether the verdicts, on the mean among them, have been printed already.

    """
    out = out or console()
    out.print(results.title, style="bold")
    table, narrow = results.table.without_empty(), results.narrow.without_empty()
    fits = sum(_needed(table, k) + _GAP for k in range(len(table.columns))) - _GAP <= out.width
    print_table(out, table if fits else narrow)
    if not said:
        sentence = statement(results.comparisons, results.base)
        if sentence:
            out.print(sentence)
    if any(isinstance(row.spread, Interval) for row in results.comparisons):  # a plan for what nobody has begun
        for sentence in results.plan:
            out.print(sentence)
    for reason in [*([warning] if warning else []), *results.reasons]:
        out.print(f"  {reason}")


def print_attribution(results: AttributionFindings, out: Console | None = None) -> None:
    """Print the tables and sentences of an attribution."""
    out = out or console()
    out.print(results.title, style="bold")
    for section in results.sections:
        out.print(section.short)
        print_table(out, section.table.without_empty())
    for sentence in results.sentences:
        out.print(f"  {sentence}")


def _needed(texts: Texts, column: int) -> int:
    """Return how wide a column has to be; sentences wrap."""
    whole = max(cell_len(row[column]) for row in texts.lines)
    return min(whole, _SENTENCE) if texts.columns[column].kind is Kind.SENTENCE else whole


def _print_columns(out: Console, texts: Texts, columns: Sequence[int], names: Sequence[int]) -> None:
    """Print some columns, without rows of which they tell nothing but the name."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    fits = sum(_needed(texts, k) for k in columns) + _GAP * (len(columns) - 1) <= out.width
    for k in columns:
        column = texts.columns[k]
        justify: Literal["left", "right"] = "right" if column.kind is Kind.COUNT else "left"
        wraps = column.kind is Kind.SENTENCE or not fits
        table.add_column(column, justify=justify, no_wrap=not wraps, overflow="fold")
    numbers = [k for k in columns if k not in names]
    for row in texts.rows:
        if not numbers or any(row[k] for k in numbers):
            table.add_row(*(row[k] for k in columns))
    for line in out.render_lines(table, pad=False):
        out.print(Segments([*_without_blanks_at_its_end(line), Segment.line()]), end="")


def _without_blanks_at_its_end(line: Sequence[Segment]) -> list[Segment]:
    """Return a line of a table without what fills its last cell."""
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return [*kept[:-1], Segment(kept[-1].text.rstrip(), kept[-1].style)] if kept else []
