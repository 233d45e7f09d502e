"""Test-time views: a grid of crops, mirrored too or not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Grid:
    """A grid of ``side`` x ``side`` crops of the image padded as in training, spread evenly over the shifts.

    With 4 pixels, sides of 5 and 9 are every second shift and every shift. Where training moves images by fewer pixels
    a grid has all there are: 25 with 2 pixels and 9 with 1, for both sides. Every view counts once, the image as it is
    among them.

    Attributes:
        side: crops in each direction; 1 for the image in its place.
        mirrors: whether each is there mirrored, too.

    Source:
        Summers & Dinneen 2021 (arXiv 2103.04514), section 5 and the evaluation code that they published, whose crops
        have the stride 2 and 1. That code can count the image as it is a second time, which is not done here.

    """

    side: int = 1
    mirrors: bool = False

    @property
    def shifts(self) -> bool:
        """Whether it moves images."""
        return self.side > 1

    def rows(self, pixels: int, flip: bool) -> list[tuple[int, ...]]:
        """Return the views as rows of the training augmentation's table; see ``data.Shift``.

        Args:
            pixels: by how many training images are moved at most.
            flip: whether they are mirrored: rows then say so in a third place.

        Example:
            >>> Grid(5).rows(4, flip=False)[:6]  # corners; (4, 4) is the image as it is
            [(0, 0), (0, 2), (0, 4), (0, 6), (0, 8), (2, 0)]

        """
        count = min(self.side, 2 * pixels + 1)
        corners = [pixels] if count == 1 else [round(2 * pixels * k / (count - 1)) for k in range(count)]
        grid = list(itertools.product(corners, corners))
        if not flip:
            return list(grid)
        return [(*corner, mirrored) for mirrored in range(1 + self.mirrors) for corner in grid]


FLIP: Final = Grid(mirrors=True)
CROP25: Final = Grid(5)
CROP81: Final = Grid(9)
FLIP_CROP25: Final = Grid(5, mirrors=True)
FLIP_CROP81: Final = Grid(9, mirrors=True)
