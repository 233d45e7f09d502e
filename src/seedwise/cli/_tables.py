"""Tables of texts on the terminal; apart from the console, as they need numpy, and ``--help`` is to need none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from seedwise.cli._console import console
from seedwise.reporting import Kind, Results
from seedwise.reporting import Table as Texts

_GAP = 2
_SENTENCE = 30
"""No column of sentences is made narrower than this to stand beside the others."""


def print_table(out: Console, texts: Texts) -> None:
    """Print a table; columns that the window has no room for follow below, beside the names of the rows."""
    needed = [_needed(texts, k) for k in range(len(texts.columns))]
    names = [k for k, column in enumerate(texts.columns) if k == 0 or column.kind is Kind.NAME]
    part = list(names)
    for k in range(len(texts.columns)):
        if k in names:
            continue
        if len(part) > len(names) and sum(needed[j] + _GAP for j in part) + needed[k] > out.width:
            out.print(_aligned(texts, part))
            part = list(names)
        part.append(k)
    out.print(_aligned(texts, part))


def _needed(texts: Texts, column: int) -> int:
    """Return how wide a column has to be; sentences wrap."""
    whole = max(cell_len(row[column]) for row in texts.lines)
    return min(whole, _SENTENCE) if texts.columns[column].kind is Kind.SENTENCE else whole


def _aligned(texts: Texts, columns: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for k in columns:
        column = texts.columns[k]
        justify: Literal["left", "right"] = "right" if column.kind is Kind.COUNT else "left"
        table.add_column(column, justify=justify, no_wrap=column.kind is not Kind.SENTENCE)
    for row in texts.rows:
        table.add_row(*(row[k] for k in columns))
    return table


def print_results(results: Results, warning: str | None = None, out: Console | None = None) -> None:
    """Print the table of results, how many runs it takes, a warning and the reasons for what is not in it."""
    out = out or console()
    out.print(results.title, style="bold", soft_wrap=True)
    print_table(out, results.table)
    for sentence in results.plan:
        out.print(sentence, soft_wrap=True)
    for reason in [*([warning] if warning else []), *results.reasons]:
        out.print(f"  {reason}", soft_wrap=True)
