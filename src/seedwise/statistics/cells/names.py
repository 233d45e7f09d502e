"""What cells, and comparisons of cells, are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

UNNAMED: Final = "task"
"""The task of a user's own loop or function that gives it no name: what is shown instead is the study's."""


class OfMethod(Protocol):
    """What belongs to a method, with a readout of its runs."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def readout(self) -> str: ...  # noqa: D102


class Placed(OfMethod, Protocol):
    """What belongs to a method on a task in a regime."""

    @property
    def task(self) -> str: ...  # noqa: D102
    @property
    def regime(self) -> str: ...  # noqa: D102


def names_of(cells: Sequence[Placed]) -> list[str]:
    """Return a name for every cell or row, with the task and regime only where there are several."""
    tasks = len({cell.task for cell in cells}) > 1
    regimes = len({cell.regime for cell in cells}) > 1
    return [
        method_and_readout(cell)
        + (f" ({', '.join([cell.task] * tasks + [cell.regime] * regimes)})" if tasks or regimes else "")
        for cell in cells
    ]


def method_and_readout(cell: OfMethod) -> str:
    """Return the method of a cell or row, with its readout if it has one: ``vml, flip``."""
    return cell.method if cell.readout == "plain" else f"{cell.method}, {cell.readout}"
