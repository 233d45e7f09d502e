"""A table of texts, in every form that it is wanted in."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from seedwise.errors import SeedwiseError, one_line

if TYPE_CHECKING:
    import pandas as pd

Tables = Mapping[tuple[str, str], "Table"]
"""Tables by whose they are, a study's or a file's, and by their own name."""

ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"csv": ".csv", "parquet": ".parquet", "latex": ".tex", "markdown": ".md"}
)
"""How files are called that hold a table, by the form in which they hold it."""

_SENTENCE = 60
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_NUMBER = r"(?:\d[\d.]*|\.\d+)(?:e[-+]?\d+)?"
_FORMULA = re.compile(rf"'*(?:[=+@]|-(?!{_NUMBER}(?: %)?(?: \[[-+\d.e, ]*\])?(?: %)?$))")
"""How a cell begins that a spreadsheet would compute, or that would be read as one; a negative number is none."""


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
SD: Final[str] = Column("SD [95 %]")
PAIRS: Final[str] = Column("pairs", Kind.COUNT)
ON_SPREAD: Final[str] = Column("verdict on spread", Kind.SENTENCE)
ON_MEAN: Final[str] = Column("verdict on the mean", Kind.SENTENCE)


@dataclass(frozen=True, init=False)
class Table:
    """Headings and rows of texts, each made one line without signs that control a terminal.

    Attributes:
        columns: headings; what is no ``Column`` stands above texts.
        rows: one list of texts per row, the same length as ``columns``.
        typed: the values behind the texts, where these are numbers of full precision; None where they are rounded.

    Example:
        >>> print(Table(["method", "SD"], [["base", ".38 [.29, .56]"]]).to_markdown())
        | method | SD |
        |---|---|
        | base | .38 [.29, .56] |

    """

    columns: list[Column]
    rows: list[list[str]]
    typed: pd.DataFrame | None = field(repr=False, compare=False)

    def __init__(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], typed: pd.DataFrame | None = None
    ) -> None:
        object.__setattr__(self, "columns", [Column(heading) for heading in columns])
        object.__setattr__(self, "rows", [[one_line(text, None) for text in row] for row in rows])
        object.__setattr__(self, "typed", typed)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Table:
        """Return the table of a frame: numbers in full precision, what is missing as an empty text.

        Columns of objects become columns of their type, or of texts if they hold several.

        Example:
            >>> import pandas as pd
            >>> Table.of(pd.DataFrame({"seed": [0, 1], "accuracy": [0.1 + 0.2, None]})).rows
            [['0', '0.30000000000000004'], ['1', '']]

        """
        frame = frame.apply(_of_one_type)
        columns = [
            ["" if gone else str(value) for value, gone in zip(frame[c], frame[c].isna(), strict=True)] for c in frame
        ]
        return cls(list(map(str, frame.columns)), [list(row) for row in zip(*columns, strict=True)], frame)

    @property
    def lines(self) -> list[Sequence[str]]:
        """The headings and the rows."""
        return [self.columns, *self.rows]

    def without(self, column: str) -> Table:
        """Return the table without a column."""
        return self.only([heading for heading in self.columns if heading != column])

    def only(self, columns: Sequence[str]) -> Table:
        """Return the table with these columns alone."""
        places = [k for k, heading in enumerate(self.columns) if heading in columns]
        return Table([self.columns[k] for k in places], [[row[k] for k in places] for row in self.rows])

    def without_empty(self) -> Table:
        """Return the table without columns that tell nothing, as those of comparisons where there is one method."""
        told = [any(row[k] not in ("", "-") for row in self.rows) for k in range(len(self.columns))]
        return self.only([heading for heading, tells in zip(self.columns, told, strict=True) if tells])

    def to_frame(self) -> pd.DataFrame:
        """Return the values behind the texts, or the texts where there are none, as a data frame."""
        return self._texts().set_axis(self._titles, axis=1) if self.typed is None else self.typed

    @property
    def _titles(self) -> list[str]:
        """The headings, each of which a file has once."""
        titles: list[str] = []
        for heading in self.columns:
            before = sum(heading == earlier for earlier in self.columns[: len(titles)])
            titles.append(f"{heading} ({before + 1})" if before else str(heading))
        return titles

    def _texts(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(self.rows, columns=self.columns)

    def to_csv(self) -> str:
        """Return comma-separated values; before what a spreadsheet would compute stands an apostrophe."""
        import pandas as pd

        lines = (self._titles, *self.rows)
        columns, *rows = ([f"'{text}" if _FORMULA.match(text) else text for text in line] for line in lines)
        return pd.DataFrame(rows, columns=columns).to_csv(index=False)

    def to_parquet(self) -> bytes:
        """Return a Parquet file.

        Raises:
            SeedwiseError: if pyarrow is not installed.

        """
        buffer = io.BytesIO()
        try:
            self.to_frame().to_parquet(buffer, index=False)
        except ImportError:
            raise SeedwiseError("writing Parquet needs pyarrow: pip install pyarrow, or write CSV") from None
        return buffer.getvalue()

    def to_markdown(self) -> str:
        """Return a table of GitHub's Markdown."""
        head, *rows = ["| " + " | ".join(map(_in_markdown, line)) + " |" for line in self.lines]
        return "\n".join([head, "|" + "---|" * len(self.columns), *rows])

    def to_latex(self) -> str:
        """Return a ``tabular`` with the rules of booktabs."""
        styler = self._texts().style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
        # Minus and less are mathematics: as text they come out as hyphens and, in old encodings, as other signs.
        text = styler.to_latex(hrules=True, column_format=self._column_format())
        text = text.replace("-\u221e", r"$-\infty$").replace("\u221e", r"$\infty$")
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

    def encoded(self, form: str) -> bytes:
        """Return the file that holds the table in a form, one of ``ENDINGS``.

        Raises:
            SeedwiseError: if the form is Parquet and pyarrow is not installed.

        """
        match form:
            case "parquet":
                return self.to_parquet()
            case "csv":
                return self.to_csv().encode()
            case "latex":
                return self.to_latex().encode()
            case _:
                return f"{self.to_markdown()}\n".encode()


def _of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    found = column.infer_objects()
    is_text = found.map(lambda cell: isinstance(cell, str)) | found.isna()
    return found if found.dtype != object or is_text.all() else found.astype(str).where(found.notna(), None)


def _in_markdown(text: str) -> str:
    return _TAG.sub("&lt;", text.replace("\\", "\\\\").replace("|", "\\|"))
