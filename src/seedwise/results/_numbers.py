"""Numbers as people write them: with a decimal comma, a separator of thousands, a percent sign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError

Decimal = Literal[".", ","]

_MISSING: Final = frozenset({"", "-", "\u2013", "\u2014", "na", "n/a", "null", "none", "missing", "?"})
_NOT_FINITE: Final = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_MEANS: Final = re.compile(r"\u00b1|\+/-|\+-")
_TAIL: Final = r"(?:[eE][+-]?\d+)?"
_POINT: Final = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+(?:\.\d*)?|\d+\.?\d*|\.\d+){_TAIL}")
_COMMA: Final = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+(?:,\d*)?|\d+,?\d*|,\d+){_TAIL}")


class NotANumberError(ValueError):
    """A cell that is no number.

    Attributes:
        text: the cell.
        is_mean: whether it is a mean with its spread, such as ``87.1 ± 0.2``.

    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.is_mean = bool(_MEANS.search(text)) and bool(re.search(r"\d", text))


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
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING)


def read_numbers(cells: Sequence[object], decimal: Decimal | None = None) -> Numbers:
    """Read a column of numbers, in one spelling.

    Args:
        cells: text, numbers or None.
        decimal: the decimal sign; default: the one with which every cell is a number.

    Raises:
        NotANumberError: for a cell that is no number.
        SeedwiseError: if both signs fit every cell and say different things, or some numbers have a percent sign.

    Example:
        >>> read_numbers(["0,91", "1.234,5"]).values.tolist(), read_numbers(["91.7 %", "90%"]).percent
        ([0.91, 1234.5], True)

    """
    array = np.asarray(cells, dtype=object)
    values = np.full(array.shape, np.nan)
    missing = np.zeros(array.shape, dtype=bool)
    texts: dict[str, list[int]] = {}
    for k, cell in enumerate(array):
        if is_missing(cell):
            missing[k] = True
        elif isinstance(cell, str):
            texts.setdefault(cell.strip(), []).append(k)
        elif isinstance(cell, bool | np.bool_):
            raise NotANumberError(str(cell))
        elif isinstance(cell, int | float | np.integer | np.floating):
            values[k] = float(cell) if np.isfinite(cell) else np.nan
        else:
            raise NotANumberError(str(cell))
    written = {text: text.removesuffix("%").rstrip() for text in texts if text.lower() not in _NOT_FINITE}
    signs = {text.endswith("%") for text in written}
    if len(signs) > 1:
        some = [next(text for text in written if text.endswith("%") is sign) for sign in (True, False)]
        raise SeedwiseError(f"some numbers have a percent sign ('{some[0]}') and others none ('{some[1]}'): write one")
    sign = decimal or _decimal(list(written.values()))
    for text, number in written.items():
        values[texts[text]] = _number(number, sign, text)
    return Numbers(values, missing, signs == {True})


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
    plain = text.replace(",", "") if decimal == "." else text.replace(".", "").replace(",", ".")
    number = float(plain)
    return number if np.isfinite(number) else np.nan
