"""What a study is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

if TYPE_CHECKING:  # numpy: what is asked is declared here for commands too, whose --help needs none
    from seedwise.statistics.cells.cell import Cell


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a study is to find; it is no part of a run's name, so that asking something else trains nothing.

    Attributes:
        sd_ratio: the ratio of SDs, method to base, that is to be found.
        power: the probability of finding it.
        factor: the largest ratio of SDs that still counts as equal; None: equivalence is not asked about.
        margin: the largest difference of means that still counts as equal, in the unit of the metric (``0.005`` for
            half a point of accuracy); or None.
        threshold: a value of the metric: how likely is a run that is worse? None: than the mean of the base.

    """

    # The sentence is what the command line says of the option.
    sd_ratio: Annotated[float, "The ratio of SDs that you want to find.", ("gt", 0), ("lt", 1)] = 0.7
    power: Annotated[float, "The probability of finding it.", ("gt", 0), ("lt", 1)] = 0.8
    factor: Annotated[
        float | None, "The largest ratio of SDs that you would still call equal, such as 1.5.", ("gt", 1)
    ] = None
    margin: Annotated[
        float | None,
        "The largest difference of means that you would still call equal, in the metric's unit.",
        ("gt", 0),
    ] = None
    threshold: Annotated[
        float | None, "A value of the metric: how likely is a run that is worse? Default: than the base's mean."
    ] = None

    def margins(self, cells: Iterable[Cell]) -> dict[str, float] | None:
        """Return the margin in the unit in which the metric of each task is shown, by task."""
        return _shown(self.margin, cells)

    def thresholds(self, cells: Iterable[Cell]) -> dict[str, float] | None:
        """Return the threshold in the unit in which the metric of each task is shown, by task."""
        return _shown(self.threshold, cells)


def _shown(value: float | None, cells: Iterable[Cell]) -> dict[str, float] | None:
    return None if value is None else {cell.task: cell.metric.scale * value for cell in cells}


SMALLEST_LIMIT: Final = 1e-12
"""Stands for a limit of 0: no p-value of a test of ours is below it."""


@dataclass(frozen=True)
class Look:
    """A look at a study that grows until its question is resolved.

    Attributes:
        question: what is to be resolved for every method, a name in ``sequential.questions.QUESTIONS``.
        looks: the numbers of runs per method at which it is looked at, rising.
        limits: below which p-value a single comparison is resolved, at each look.
        look: which look this is, counted from 0.

    """

    question: str
    looks: tuple[int, ...]
    limits: tuple[float, ...]
    look: int

    def limit(self, comparisons: int = 1) -> float:
        """Return the limit of this look for p-values that are corrected over so many comparisons."""
        return max(min(self.limits[self.look] * comparisons, 0.999), SMALLEST_LIMIT)

    @property
    def is_last(self) -> bool:
        """Whether the study cannot grow further."""
        return self.look + 1 == len(self.looks)
