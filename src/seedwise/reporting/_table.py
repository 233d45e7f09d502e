"""A table of texts, in every form that it is wanted in."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from seedwise.errors import one_line

if TYPE_CHECKING:
    import pandas as pd

_SENTENCE = 60
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_FORMULA = re.compile(r"[=+@]|-(?![\d.])")
"""How a cell begins that a spreadsheet would compute; a negative number is none."""


class Kind(StrEnum):
    """What stands in a column, which decides how it is laid out."""

    TEXT = "text"
    COUNT = "count"
    NAME = "name"
    """Of a method, task or regime: such columns say what a row is about."""
    VALUES = "name values"
    SENTENCE = "sentence"


class Column(str):
    """A heading, and what stands below it."""

    __slots__ = ("kind",)
    kind: Kind

    def __new__(cls, heading: str, kind: Kind | None = None) -> Column:
        """Return a heading in one line; one that has a kind keeps it."""
        column = super().__new__(cls, one_line(heading, None))
        column.kind = kind or (heading.kind if isinstance(heading, Column) else Kind.TEXT)
        return column

    @property
    def is_name(self) -> bool:
        """Whether names stand below it, which may be broken into lines."""
        return self.kind in (Kind.NAME, Kind.VALUES)


TASK: Final[str] = Column("task", Kind.NAME)
REGIME: Final[str] = Column("regime", Kind.NAME)
METHOD: Final[str] = Column("method", Kind.NAME)
VALUES: Final[str] = Column("values", Kind.VALUES)
N: Final[str] = Column("n", Kind.COUNT)
FAILED: Final[str] = Column("failed", Kind.COUNT)
PAIRS: Final[str] = Column("pairs", Kind.COUNT)
ON_SPREAD: Final[str] = Column("verdict on spread", Kind.SENTENCE)
ON_MEAN: Final[str] = Column("verdict on the mean", Kind.SENTENCE)


@dataclass(frozen=True, init=False)
class Table:
    """Headings and rows of texts, each made one line without signs that control a terminal.

    Attributes:
        columns: headings; what is no ``Column`` stands above texts.
        rows: one list of texts per row, the same length as ``columns``.

    Example:
        >>> print(Table(["method", "SD"], [["base", ".38 [.29, .56]"]]).to_markdown())
        | method | SD |
        |---|---|
        | base | .38 [.29, .56] |

    """

    columns: list[Column]
    rows: list[list[str]]

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        object.__setattr__(self, "columns", [Column(heading) for heading in columns])
        object.__setattr__(self, "rows", [[one_line(text, None) for text in row] for row in rows])

    @property
    def lines(self) -> list[Sequence[str]]:
        """The headings and the rows."""
        return [self.columns, *self.rows]

    def without(self, column: str) -> Table:
        """Return the table without a column."""
        headings: list[str] = [*self.columns]
        k = headings.index(column)
        return Table(self.columns[:k] + self.columns[k + 1 :], [row[:k] + row[k + 1 :] for row in self.rows])

    def to_frame(self) -> pd.DataFrame:
        """Return the texts as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=self.columns)

    def to_csv(self) -> str:
        """Return comma-separated values; before what a spreadsheet would compute stands an apostrophe."""
        rows = [[f"'{text}" if _FORMULA.match(text) else text for text in row] for row in self.rows]
        return Table(self.columns, rows).to_frame().to_csv(index=False)

    def to_markdown(self) -> str:
        """Return a table of GitHub's Markdown."""
        head, *rows = ["| " + " | ".join(map(_in_markdown, line)) + " |" for line in self.lines]
        return "\n".join([head, "|" + "---|" * len(self.columns), *rows])

    def to_latex(self) -> str:
        """Return a ``tabular`` with the rules of booktabs."""
        frame = self.to_frame()
        styler = frame.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
        # Minus and less are mathematics: as text they come out as hyphens and, in old encodings, as other signs.
        text = styler.to_latex(hrules=True, column_format=self._column_format())
        return re.sub(r"(?<![\w-])-(?=[.\d])|[<>]", lambda sign: f"${sign.group()}$", text)

    def _column_format(self) -> str:
        """Return ``l`` for every column, but a share of the line for sentences, which wrap."""
        long = [max((len(row[k]) for row in self.rows), default=0) > _SENTENCE for k in range(len(self.columns))]
        share = f"p{{{0.8 / max(sum(long), 1):.2f}\\linewidth}}"
        return "".join(share if wraps else "l" for wraps in long)

    def to_html(self) -> str:
        """Return a ``<table>``; texts are escaped."""
        head = "".join(f"<th>{html.escape(text)}</th>" for text in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(t)}</td>" for t in row) + "</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def files(self, stem: str) -> dict[str, str]:
        """Return the table as CSV, Markdown and LaTeX, by the name of the file."""
        return {
            f"{stem}.csv": self.to_csv(),
            f"{stem}.md": self.to_markdown() + "\n",
            f"{stem}.tex": self.to_latex(),
        }


def _in_markdown(text: str) -> str:
    return _TAG.sub("&lt;", text.replace("\\", "\\\\").replace("|", "\\|"))
