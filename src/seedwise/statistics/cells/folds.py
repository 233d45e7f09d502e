"""How a cross-validation was cut."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Folds:
    """Folds of a cross-validation: the groups of a cell, numbered repeat by repeat.

    Attributes:
        folds: how many there are in a repeat.
        repeats: how often the examples were cut anew.
        test_share: share of the examples that a fold tests on, between 0 and 1; None: one over the number of folds.

    Example:
        >>> Folds(5).share, Folds(2, repeats=5).is_five_by_two, Folds(2, repeats=5, test_share=0.5).is_five_by_two
        (0.2, True, False)

    """

    folds: int
    repeats: int = 1
    test_share: float | None = None

    @property
    def share(self) -> float:
        """The share of the examples that a fold tests on."""
        return 1 / self.folds if self.test_share is None else self.test_share

    @property
    def is_five_by_two(self) -> bool:
        """Whether means are compared by Alpaydin's F: of two folds that were cut five times, with no share named."""
        return (self.repeats, self.folds, self.test_share) == (5, 2, None)


def why_no_seeds(folds: NDArray[np.int64]) -> str:
    """Return why runs say nothing about the spread over seeds; empty if some folds have several.

    Args:
        folds: the fold of each run, shape (runs,).

    """
    if folds.size - np.unique(folds).size >= 2:
        return ""
    return "a fold with one run says nothing about the spread over seeds, which takes several seeds in a fold"
