"""The marks of the main table: every run as a tick, and a reduction as a bar with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from seedwise.statistics import Interval

_HEIGHT: Final = 26
_MIDDLE: Final = 13
_TICK: Final = (6, 20)
_BEYOND: Final = (10, 16)
_LEVEL: Final = (_MIDDLE, _MIDDLE)
_MARGIN: Final = 4.0
"""On both sides, in percent of the width."""


@dataclass(frozen=True)
class Axis:
    """An axis that several rows share.

    Attributes:
        low, high: its ends.

    """

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies, in percent of the width; beyond an end, at that end."""
        within = min(max(value, self.low), self.high)
        share = (within - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return _MARGIN + (100 - 2 * _MARGIN) * share

    def holds(self, value: float) -> bool:
        """Return whether a value lies on it."""
        return self.low <= value <= self.high


def strip(values: Sequence[float], texts: Sequence[str], mean: float, axis: Axis, label: str) -> str:
    """Draw every run as a tick with its text, and the mean as a dot; runs beyond the axis as short ticks at its end.

    Args:
        values: of the runs.
        texts: what each tick says.
        mean: of the values.
        axis: shared by the rows.
        label: for screen readers.

    """
    ticks = []
    for value, text in zip(values, texts, strict=True):
        at = axis.place(value)
        ticks.append(_line((at, at), _TICK if axis.holds(value) else _BEYOND, text=text))
    return _svg("strip", "".join(ticks) + _dot(axis.place(mean), 3.2), label, ' tabindex="0"')


def span(mean: float, sd: float, axis: Axis, label: str) -> str:
    """Draw a mean with one SD on both sides, where there are no single values."""
    ends = axis.place(mean - sd), axis.place(mean + sd)
    return _svg("strip", _line(ends, _LEVEL, css="sd") + _dot(axis.place(mean), 3.2), label)


def bar(found: Interval | None, axis: Axis, label: str) -> str:
    """Draw a reduction with its interval and a line at none; an interval that goes on ends in an arrow."""
    zero = axis.place(0)
    marks = _line((zero, zero), (0, _HEIGHT), css="zero")
    if found is None:
        return f'<svg class="bar" aria-hidden="true">{marks}</svg>'
    marks += _line((axis.place(found.low), axis.place(found.high)), _LEVEL, css="ci")
    if found.low < axis.low:
        marks += f'<text class="on" x="{axis.place(axis.low):.1f}%" y="17" dx="-4" aria-hidden="true">&#9666;</text>'
    if axis.holds(found.estimate):
        marks += _dot(axis.place(found.estimate), 4.2)
    return _svg("bar", marks, label)


def _svg(kind: str, marks: str, label: str, more: str = "") -> str:
    return f'<svg class="{kind}" role="img" aria-label="{escape(label)}"{more}>{marks}</svg>'


def _line(across: tuple[float, float], down: tuple[float, float], *, text: str = "", css: str = "") -> str:
    title = f"<title>{escape(text)}</title>" if text else ""
    of = f' class="{css}"' if css else ""
    (x1, x2), (y1, y2) = across, down
    return f'<line{of} x1="{x1:.1f}%" x2="{x2:.1f}%" y1="{y1:g}" y2="{y2:g}">{title}</line>'


def _dot(x: float, radius: float) -> str:
    return f'<circle cx="{x:.1f}%" cy="{_MIDDLE}" r="{radius}"/>'
