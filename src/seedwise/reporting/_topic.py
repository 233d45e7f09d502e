"""What a topic of the report is: a table, figures and a note on what to see, made from typed results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from seedwise.registry import resolve
from seedwise.reporting._table import Table
from seedwise.statistics import Cell, ComparisonRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.reporting._results import Results
    from seedwise.study import StudyResults

Drawn = tuple[Callable[[], "Figure"], str]
"""How a figure is drawn, and its caption."""

M = TypeVar("M")


@dataclass(frozen=True)
class Shown:
    """What a topic shows of some results; nothing where it has no rows and no figures.

    Attributes:
        table: the texts.
        note: what the columns mean.
        figures: how they are drawn, with their captions.
        reasons: sentences on numbers that could not be given.

    """

    table: Table = field(default_factory=lambda: Table([], []))
    note: str = ""
    figures: Sequence[Drawn] = ()
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class Topic(Generic[M]):
    """A topic of the report; its name and its place are those of its line in the registry.

    Attributes:
        title: its heading.
        show: makes what is shown from the results.
        needs_runs: whether it needs the runs themselves, and not their means and SDs alone.

    """

    title: str
    show: Callable[[M], Shown]
    needs_runs: bool = True


@dataclass(frozen=True)
class Section:
    """A topic that has something to show.

    Attributes:
        key: its name as a file.
        title: its heading.
        table: the texts; without rows, the topic is figures alone.
        note: what the columns mean.
        figures: how they are drawn, with their captions.

    """

    key: str
    title: str
    table: Table
    note: str
    figures: Sequence[Drawn] = ()


def sections_of(topics: Mapping[str, str], material: M, *, with_runs: bool = True) -> tuple[list[Section], list[str]]:
    """Walk over topics.

    Args:
        topics: import strings by name, in the order of the page.
        material: what they are made from.
        with_runs: whether it has runs; without, topics that need them are passed over.

    Returns:
        Those that have something to show, and the reasons for what is not there, each once.

    """
    sections: list[Section] = []
    reasons: list[str] = []
    for name, place in topics.items():
        topic: Topic[M] = resolve(place)
        if topic.needs_runs and not with_runs:
            continue
        shown = topic.show(material)
        reasons += shown.reasons
        if shown.table.rows or shown.figures:
            sections.append(Section(name, topic.title, shown.table, shown.note, shown.figures))
    return sections, list(dict.fromkeys(reasons))


@dataclass(frozen=True, eq=False)
class Compared:
    """What the topics of a study are made from.

    Attributes:
        study: its results.
        results: its comparisons with the base.

    """

    study: StudyResults
    results: Results

    @property
    def base(self) -> str:
        """The method that the others are compared with."""
        return self.results.base

    @property
    def rows(self) -> Sequence[ComparisonRow]:
        """The numbers of the cells, in the unit in which they are shown."""
        return self.results.comparisons

    @property
    def cells(self) -> Sequence[Cell]:
        """The cells."""
        return self.study.cells

    @property
    def shown_cells(self) -> Sequence[Cell]:
        """The cells in the unit in which they are shown."""
        return [cell.shown for cell in self.study.cells]
