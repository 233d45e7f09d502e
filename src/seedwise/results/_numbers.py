"""Numbers as people write them: with a decimal comma, a separator of thousands, a percent sign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.errors import SeedwiseError
from seedwise.results._cells import factorized
from seedwise.results._marks import unmarked
from seedwise.results._roles import Decimal

if TYPE_CHECKING:
    import pandas as pd

_MISSING: Final = frozenset({"", "-", "--", "---", "\u2013", "\u2014", "na", "n/a", "null", "none", "missing", "?"})
_NOT_FINITE: Final = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_PLAIN: Final = b"0123456789.+-eE"
_PLUS_MINUS: Final = re.compile(r"\u00b1|\+/-|\+-")
_PARENTHESES: Final = re.compile(r"(?P<mean>[^()]*\d[^()]*?)\s*\((?P<sd>[^()]*\d[^()]*)\)")
_FRACTION_IN_PARENTHESES: Final = re.compile(r"[+-]?\d*[.,]\d+ ?%? ?\(\d*[.,]\d+ ?%?\)")
_TAIL: Final = r"(?:[eE][+-]?\d+)?"
_POINT: Final = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+(?:\.\d*)?|\d+\.?\d*|\.\d+){_TAIL}")
_COMMA: Final = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+(?:,\d*)?|\d+,?\d*|,\d+){_TAIL}")


class NotANumberError(SeedwiseError):
    """A cell that is no number.

    Attributes:
        text: the cell.
        is_mean: whether it is a mean with its spread, such as ``87.1 ± 0.2``.

    """

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is not a number")
        self.text = text
        plain = unmarked(text)
        of_fractions = bool(_FRACTION_IN_PARENTHESES.fullmatch(plain))
        self.is_mean = of_fractions or (bool(_PLUS_MINUS.search(plain)) and bool(re.search(r"\d", plain)))


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Attributes:
        values: shape (rows,); NaN where nothing is written, or what is not finite.
        missing: shape (rows,), whether nothing is written.
        percent: whether a percent sign stands behind every number.

    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    percent: bool

    def take(self, rows: NDArray[np.int64]) -> Numbers:
        """Return some of them."""
        return Numbers(self.values[rows], self.missing[rows], self.percent)


def is_missing(cell: object) -> bool:
    """Return whether a cell says that there is no value; ``nan`` is a value, that of a run that diverged.

    Example:
        >>> [is_missing(cell) for cell in ("", "N/A", None, "nan", 0.0, "0")]
        [True, True, True, False, False, False]

    """
    return cell is None or (isinstance(cell, str) and unmarked(cell).lower() in _MISSING)


def mean_and_sd(text: str) -> tuple[str, str] | None:
    """Return the mean and the SD of a cell such as ``87.1 ± 0.2``, ``87.1 +/- 0.2`` or ``87.1 (0.2)``.

    Example:
        >>> mean_and_sd("$87.1 \\\\pm 0.2$"), mean_and_sd("87.1 (0.2)"), mean_and_sd("87.1")
        (('87.1', '0.2'), ('87.1', '0.2'), None)

    """
    plain = unmarked(text)
    parts = _PLUS_MINUS.split(plain)
    if len(parts) == 2:
        return unmarked(parts[0]), unmarked(parts[1])
    found = _PARENTHESES.fullmatch(plain)
    return (unmarked(found["mean"]), unmarked(found["sd"])) if found else None


def is_concise(text: str) -> bool:
    """Return whether a cell may give an SD in units of the last digit, as ``90.12(34)`` does for .34.

    Example:
        >>> [is_concise(cell) for cell in ("90.12(34)", "90.1 (0.3)", "90 (3)", "90.1 ± 3")]
        [True, False, False, False]

    """
    found = _PARENTHESES.fullmatch(unmarked(text))
    return found is not None and bool(re.search(r"\d[.,]\d", found["mean"])) and found["sd"].strip().isdecimal()


def read_numbers(cells: ArrayLike, decimal: Decimal | None = None) -> Numbers:
    """Read a column of numbers, in one spelling.

    Args:
        cells: text, numbers or None.
        decimal: the decimal sign; default: the one with which every cell is a number.

    Raises:
        NotANumberError: for a cell that is no number, also without the marks of LaTeX and Markdown.
        SeedwiseError: if both signs fit every cell and say different things, or some numbers have a percent sign.

    Example:
        >>> read_numbers(["0,91", "1.234,5"]).values.tolist(), read_numbers(["91.7 %", "**90%**"]).percent
        ([0.91, 1234.5], True)

    """
    code, unique = factorized(cells)
    plain = plainly(unique)
    if plain is not None and decimal != ",":
        return Numbers(plain[code], (unique == "")[code], False)
    missing = np.array([is_missing(cell) for cell in unique], dtype=bool)
    texts = {k: unmarked(cell) for k, cell in enumerate(unique) if isinstance(cell, str) and not missing[k]}
    values = np.array([_unwritten(cell) if not (missing[k] or k in texts) else np.nan for k, cell in enumerate(unique)])
    written = {k: text.removesuffix("%").rstrip() for k, text in texts.items() if text.lower() not in _NOT_FINITE}
    signs = {texts[k].endswith("%") for k in written}
    if len(signs) > 1:
        some = [next(texts[k] for k in written if texts[k].endswith("%") is sign) for sign in (True, False)]
        raise SeedwiseError(f"some numbers have a percent sign ('{some[0]}') and others none ('{some[1]}'): write one")
    sign = decimal or _decimal(list(written.values()))
    for k, number in written.items():
        values[k] = _number(number, sign, unique[k].strip())
    return Numbers(values[code], missing[code], signs == {True})


def numbers_of(data: pd.DataFrame, column: str, decimal: Decimal | None = None) -> Numbers:
    """Read a column of a table, by ``read_numbers``; what it refuses names the column.

    Raises:
        SeedwiseError: for a cell that is no number, or spellings that do not agree.

    """
    try:
        return read_numbers(data[column], decimal)
    except SeedwiseError as error:
        raise SeedwiseError(f"the column '{column}': {error}") from None


def plainly(cells: NDArray[np.object_]) -> NDArray[np.float64] | None:
    """Return texts that hold digits, points, signs and exponents as numbers, NaN for an empty one.

    Args:
        cells: the texts; if one is anything else, or none is a number, the answer is None.

    """
    try:
        joined = "".join(cells).encode()
        if joined and not joined.translate(None, _PLAIN):
            texts = [cell or "nan" for cell in cells] if "" in cells else cells
            numbers = np.fromiter(map(float, texts), np.float64, len(cells))
            return np.where(np.isfinite(numbers), numbers, np.nan)
    except (TypeError, ValueError, UnicodeEncodeError):
        pass
    return None


def _unwritten(cell: object) -> float:
    """Return a cell that is no text as a number."""
    if isinstance(cell, int | float | np.integer | np.floating) and not isinstance(cell, bool):
        return float(cell) if np.isfinite(cell) else np.nan
    raise NotANumberError(str(cell))


def _decimal(texts: Sequence[str]) -> Decimal:
    """Return the decimal sign with which all texts are numbers."""
    if not any("," in text for text in texts):
        return "."
    point, comma = (all(pattern.fullmatch(text) for text in texts) for pattern in (_POINT, _COMMA))
    if point and comma:
        example = next(text for text in texts if "," in text)
        raise SeedwiseError(
            f"is '{example}' {example.replace(',', '')} or {example.replace(',', '.')}? Every number can be read both "
            "ways: pass --decimal . or --decimal , (decimal='.')"
        )
    return "," if comma else "."


def _number(text: str, decimal: Decimal, shown: str) -> float:
    if not (_POINT if decimal == "." else _COMMA).fullmatch(text):
        raise NotANumberError(shown)
    number = float(text.replace(",", "") if decimal == "." else text.replace(".", "").replace(",", "."))
    return number if np.isfinite(number) else np.nan
