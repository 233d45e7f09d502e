"""What a topic of the report is: a table, figures and a note on what to see, made from typed results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from seedwise.registry import resolve
from seedwise.reporting._table import Table
from seedwise.statistics import Cell, ComparisonRow, Cost
from seedwise.statistics.comparison.disagreement import Disagreement, disagreements
from seedwise.statistics.comparison.overview import Overview, overview

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.reporting._results import Results
    from seedwise.study import StudyResults

Drawn = tuple[Callable[[], "Figure"], str]
"""How a figure is drawn, and its caption."""

M = TypeVar("M")

CHURN_EFFECT: Final = 0.9
"""The ratio of churns that the plan in a verdict on churn is for."""


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
        title: its heading, a question that it answers.
        show: makes what is shown from the results.
        needs_runs: whether it needs the runs themselves, and not their means and SDs alone.
        short: its name in the contents; empty: the title.

    """

    title: str
    show: Callable[[M], Shown]
    needs_runs: bool = True
    short: str = ""


@dataclass(frozen=True)
class Section:
    """A topic that has something to show.

    Attributes:
        key: its name as a file.
        title: its heading.
        table: the texts; without rows, the topic is figures alone.
        note: what the columns mean.
        figures: how they are drawn, with their captions.
        short: its name in the contents; empty: the title.

    """

    key: str
    title: str
    table: Table
    note: str
    figures: Sequence[Drawn] = ()
    short: str = ""


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
            sections.append(Section(name, topic.title, shown.table, shown.note, shown.figures, topic.short))
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

    @cached_property
    def disagreements(self) -> Sequence[Disagreement | str | None]:
        """Of each cell how much its runs disagree, compared with the base's; why that is not known, or None."""
        return disagreements(self.cells, [part.labels for part in self.study.parts], self.base, CHURN_EFFECT)

    @cached_property
    def overview(self) -> Overview:
        """All comparisons in the order in which they are read."""
        look, ensembles = self.study.description.look, self.study.ensembles
        parts = {place_of(part.cell): part.cost for part in self.study.parts}
        churns = {
            place_of(cell): found.churn.ratio
            for cell, found in zip(self.cells, self.disagreements, strict=True)
            if isinstance(found, Disagreement)
        }
        return overview(
            self.rows,
            self.base,
            ensembles=ensembles,
            costs=[parts.get(place_of(row), Cost(None, None)) for row in self.rows],
            churn_ratios=[churns.get(place_of(row)) for row in self.rows],
            controls=self.study.description.controls,
            alpha=0.05 if look is None else look.limit(len(ensembles)),
        )


def place_of(one: Cell | ComparisonRow) -> tuple[str, str, str, str]:
    """Return task, regime, method and readout of a cell, or of what was found of one."""
    return one.task, one.regime, one.method, one.readout
