"""Names written next to their points, where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from seedwise.errors import one_line
from seedwise.reporting._palette import BASE, BASE_TEXT
from seedwise.reporting._svg import lay_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE: Final = 9.0
_LETTER, _LINE = 0.66, 1.25
"""Width of a letter, of a wide font, and height of a line, in sizes of the letters."""
_GAP: Final = 5.0
_LONGEST: Final = 26
_SIDES: Final = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Point:
    """A point with a name.

    Attributes:
        x, y: where it lies.
        name: what is written next to it.
        colour: of the point, and of its name.

    """

    x: float
    y: float
    name: str
    colour: str


def label_points(figure: Figure, axes: Axes, points: Sequence[Point]) -> None:
    """Write the names next to the points, the first ones first; one for which there is no room is left out.

    Args:
        figure: laid out, as nothing is moved any more afterwards.
        axes: where the points are.
        points: with their names.

    """
    lay_out(figure)
    pixel = figure.dpi / 72
    window = axes.get_window_extent()
    at = [tuple(float(v) for v in axes.transData.transform((point.x, point.y))) for point in points]
    size, gap = _SIZE * pixel, _GAP * pixel
    taken: list[Box] = [(x - gap / 2, y - gap / 2, x + gap / 2, y + gap / 2) for x, y in at]
    for (x, y), point in zip(at, points, strict=True):
        name = one_line(point.name, _LONGEST)
        width, height = _LETTER * size * len(name), _LINE * size
        for right, up in _SIDES:
            left = x + gap if right > 0 else x - gap - width if right < 0 else x - width / 2
            low = y + gap if up > 0 else y - gap - height if up < 0 else y - height / 2
            box = left, low, left + width, low + height
            if not _is_within(box, window.extents) or any(_overlap(box, other) for other in taken):
                continue
            taken.append(box)
            axes.annotate(
                name,
                (point.x, point.y),
                ((right * _GAP), (up * _GAP)),
                textcoords="offset points",
                ha={1: "left", -1: "right", 0: "center"}[right],
                va={1: "bottom", -1: "top", 0: "center"}[up],
                fontsize=_SIZE,
                color=BASE_TEXT if point.colour == BASE else point.colour,
            )
            break


def room_for_names(axes: Axes, last: float) -> None:
    """Leave room for names at the right of lines that end at ``last``, with no tick there."""
    left = axes.get_xlim()[0]
    ticks = [tick for tick in axes.get_xticks() if left <= tick <= last]
    axes.set_xlim(left, last + 0.35 * (last - left))
    axes.set_xticks(ticks)


def _is_within(box: Box, window: Sequence[float]) -> bool:
    return box[0] >= window[0] and box[1] >= window[1] and box[2] <= window[2] and box[3] <= window[3]


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
