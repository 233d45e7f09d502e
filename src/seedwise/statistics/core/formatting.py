"""How numbers are written, in tables and in sentences: without the zero before the point, as papers do."""

from __future__ import annotations

import math
from typing import Final

from seedwise.statistics.core.interval import Interval

_NO_LIMIT: Final = 1e5
"""Percent: a limit of a reduction so far away says nothing, and its digits less."""


def number(value: float, decimals: int) -> str:
    """Write a number as papers do, without the zero before the point.

    Example:
        >>> number(0.384, 2), number(-0.02, 2), number(12.3, 1), number(-0.001, 2)
        ('.38', '-.02', '12.3', '.00')

    """
    return _without_zero(f"{value:z.{decimals}f}")  # z: what rounds to 0 has no sign


def significant(value: float, digits: int = 3) -> str:
    """Write a number of any size with so many significant digits.

    Example:
        >>> significant(0.123456), significant(-0.5), significant(1e-6)
        ('.123', '-.5', '1e-06')

    """
    return _without_zero(f"{value:.{digits}g}")


def _without_zero(text: str) -> str:
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def decimals_for(scale: float) -> int:
    """Return how many decimals show two digits of a number of this size.

    Example:
        >>> decimals_for(0.38), decimals_for(0.0042), decimals_for(12.0)
        (2, 4, 0)

    """
    if not math.isfinite(scale) or scale <= 0:
        return 2
    return min(max(1 - math.floor(math.log10(scale)), 0), 10)


def percent(fraction: float, decimals: int = 2) -> str:
    """Write a fraction as percent: ``98.10 %``."""
    return f"{100 * fraction:.{decimals}f} %"


def interval(result: Interval, decimals: int, factor: float = 1.0, *, null: float = 0.0) -> str:
    """Write an estimate with its interval: ``.38 [.29, .56]``.

    Args:
        result: the estimate and its limits.
        decimals: as many, and more where a limit that excludes ``null`` would be rounded to it.
        factor: what to multiply by, 100 for percent.
        null: the value that would mean no difference: 0 of a difference, 1 of a ratio.

    Example:
        >>> interval(Interval(0.8, 0.61, 0.998, 0.95, 20, "F"), 2, null=1)
        '.80 [.61, .998]'

    """
    values = [factor * value for value in (result.estimate, result.low, result.high)]
    estimate, low, high = with_limits(*values, decimals=decimals, null=factor * null)
    return f"{estimate} [{low}, {high}]"


def with_limits(estimate: float, low: float, high: float, *, decimals: int, null: float = 0.0) -> tuple[str, str, str]:
    """Write an estimate and its limits; a limit that excludes ``null`` is never rounded to it.

    Example:
        >>> with_limits(2.0, 0.04, 4.0, decimals=1), with_limits(2.0, -0.04, 4.0, decimals=1)
        (('2.0', '.04', '4.0'), ('2.0', '.0', '4.0'))

    """
    excludes = (low - null) * (high - null) > 0
    first, middle, last = (
        _apart(v, decimals, null) if excludes else number(v, decimals) for v in (estimate, low, high)
    )
    return first, middle, last


def _apart(value: float, decimals: int, null: float) -> str:
    """Write a number with as many decimals as tell it from ``null``."""
    while decimals < 10 and value != null and number(value, decimals) == number(null, decimals):
        decimals += 1
    return number(value, decimals)


def reduction(result: Interval, factor: float = 1.0) -> str:
    """Write a percentage with its interval: ``20 % [-44, 47]``; of a share, ``factor`` is 100.

    Example:
        >>> reduction(Interval(20.3, -3.2e10, 47.2, 0.95, 5, "F")), reduction(Interval(9, -0.2, 19, 0.95, 5, "F"))
        ('20 % [-\u221e, 47]', '9 % [0, 19]')

    """
    estimate, low, high = whole_percentages(*(factor * value for value in (result.estimate, result.low, result.high)))
    return f"{estimate} % [{low}, {high}]"


def whole_percentages(estimate: float, low: float, high: float) -> tuple[str, str, str]:
    """Write a percentage and its limits without decimals; where all are on one side of 0, none is written as 0.

    A limit of a factor of 1000 and more, as few runs give it, is none: it is widened to infinity.

    Example:
        >>> whole_percentages(20.3, 0.2, 47.2), whole_percentages(9, -0.2, 19), whole_percentages(-118, -3e10, 96)
        (('20', '.2', '47'), ('9', '0', '19'), ('-118', '-\u221e', '96'))

    """
    excludes = all(value > 0 for value in (estimate, low, high)) or all(value < 0 for value in (estimate, low, high))
    return _percentage(estimate, excludes), _limit(low, excludes), _limit(high, excludes)


def _limit(value: float, apart_from_zero: bool) -> str:
    return f"{'-' * (value < 0)}\u221e" if abs(value) >= _NO_LIMIT else _percentage(value, apart_from_zero)


def _percentage(value: float, apart_from_zero: bool) -> str:
    if abs(value) < _NO_LIMIT:
        return _apart(value, 0, 0.0) if apart_from_zero else f"{value:z.0f}"
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")


def of_first_runs(n: int | list[int], runs: int | None = None) -> str:
    """Say that a number rests on ``n`` runs: those of a compact store, to which others were added.

    Args:
        n: the runs that it rests on.
        runs: all that there are; where these are no more than ``n`` nothing is said. None: there are more.

    Example:
        >>> of_first_runs(10), of_first_runs(10, 20), of_first_runs(10, 10)
        (' of the first 10 runs', ' of the first 10 runs', '')

    """
    return f" of the first {n} runs" if isinstance(n, int) and (runs is None or n < runs) else ""


def p_value(p: float | None) -> str:
    """Write a p-value for a table, nothing if there is none.

    Example:
        >>> p_value(0.0004), p_value(0.0123), p_value(0.2), p_value(None)
        ('< .001', '.012', '.20', '')

    """
    if p is None:
        return ""
    return "< .001" if p < 0.001 else number(p, 3 if p < 0.1 else 2)


def p_equals(p: float) -> str:
    """Write ``p = .012`` or ``p < .001``, for a sentence."""
    return "p < .001" if p < 0.001 else f"p = {significant(p, 2)}"


def numbers(*values: float) -> list[str]:
    """Write several numbers with the decimals that give the widest gap between them two significant digits."""
    gap = max(values) - min(values)
    decimals = max(0, 1 - math.floor(math.log10(gap))) if gap > 0 else 2
    excludes = all(value > 0 for value in values) or all(value < 0 for value in values)
    return [_apart(value, decimals, 0.0) if excludes else number(value, decimals) for value in values]


def change(ratio: Interval, less: str, more: str) -> str:
    """Write a ratio as a change from 1, with its interval: ``40 % smaller (95 % interval 23 to 53)``."""
    low, middle, high = (100 * (x - 1) for x in (ratio.low, ratio.estimate, ratio.high))
    comparative = more
    if ratio.estimate < 1:
        comparative = less
        low, middle, high = -high, -middle, -low
    shown, first, last = whole_percentages(middle, low, high)
    return f"{shown} % {comparative} ({limits(ratio.level, first, last)})"


def limits(level: float, low: str, high: str) -> str:
    """Write the limits of an interval: ``95 % interval .1 to .3``."""
    return f"{100 * level:.4g} % interval {low} to {high}"


def duration(seconds: float) -> str:
    """Write how long something takes.

    Example:
        >>> duration(0.04), duration(75), duration(600), duration(9000)
        ('0 s', '75 s', '10 min', '2.5 h')

    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
