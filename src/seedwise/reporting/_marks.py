"""The marks of the main table: every run as a tick, and a reduction as a bar with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from seedwise.statistics import Interval

_HEIGHT: Final = 26
_MIDDLE: Final = 13
_TICK: Final = 14
_BASELINE: Final = 21
"""Where stacks of ticks stand, with the dot of the mean below."""
_MOST_APART: Final = 60
"""Runs at one place up to which each has a tick of its own, a third of a pixel high."""
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


def strip(values: Sequence[float], texts: Sequence[str], axis: Axis, label: str, *, most: int) -> str:
    """Draw every run as a tick with its text, ticks at one place one above the other, and the mean as a dot.

    Args:
        values: of the runs, at least one.
        texts: what each tick says.
        axis: shared by the rows; runs beyond it stand at its end, paler.
        label: for screen readers.
        most: how many ticks stand at one place at most, in all rows that share the axis.

    """
    mean = axis.place(sum(values) / len(values))
    dot = _dot(mean, 3.2) if most == 1 else _dot(mean, 2.6, _HEIGHT - 2.5)
    ticks = _one_each(values, texts, axis, most) if most <= _MOST_APART else _stacks(values, axis, most)
    return _svg("strip" if most == 1 else "strip stack", "".join(ticks) + dot, label, ' tabindex="0"')


def _one_each(values: Sequence[float], texts: Sequence[str], axis: Axis, most: int) -> Iterator[str]:
    height = min(_TICK, (_BASELINE - 1) / most)
    below = _BASELINE if most > 1 else _MIDDLE + _TICK / 2
    taken: Counter[float] = Counter()
    for value, text in zip(values, texts, strict=True):
        at = _rounded(axis.place(value))
        bottom = max(below - height * taken[at], height)
        taken[at] += 1
        css = "" if axis.holds(value) else "out"
        yield _line((at, at), (bottom - height * (1 if height < 3 else 0.88), bottom), text=text, css=css)


def _stacks(values: Sequence[float], axis: Axis, most: int) -> Iterator[str]:
    """Yield one tick for all runs at a place, as high as they are many: nobody could point at one of them."""
    places = Counter((_rounded(axis.place(value)), axis.holds(value)) for value in values)
    for (at, inside), count in places.items():
        top = _BASELINE - max((_BASELINE - 1) * min(count / most, 1), 1)
        text = f"{count} run{'s'[: count > 1]}"
        yield _line((at, at), (top, _BASELINE), text=text, css="" if inside else "out")


def most_at_one_place(rows: Iterable[Sequence[float]], axis: Axis) -> int:
    """Return how many values of one row fall on one place of the axis at most; 1 without any.

    Runs beyond the axis, all of which stand at its end, do not count: with them the others would be too low to see.
    """
    counts = (Counter(_rounded(axis.place(v)) for v in values if axis.holds(v)) for values in rows)
    return max((max(count.values(), default=1) for count in counts), default=1)


def _rounded(place: float) -> float:
    """Return a place to half a percent, about a pixel: ticks that are nearer lie on each other."""
    return round(2 * place) / 2


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
    return f'<line{of} x1="{x1:.1f}%" x2="{x2:.1f}%" y1="{y1:.4g}" y2="{y2:.4g}">{title}</line>'


def _dot(x: float, radius: float, y: float = _MIDDLE) -> str:
    return f'<circle cx="{x:.1f}%" cy="{y:g}" r="{radius}"/>'
