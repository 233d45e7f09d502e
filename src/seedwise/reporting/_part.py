"""What the page shows of a study, an attribution or a search: a first screen, and topics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seedwise.reporting._lead import Lead
from seedwise.reporting._main_table import MainTable
from seedwise.reporting._svg import inline
from seedwise.reporting._table import Table
from seedwise.reporting._topic import Section

if TYPE_CHECKING:
    from seedwise.study import Provenance


class _Results(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def study(self) -> str: ...
    @property
    def provenance(self) -> Provenance | None: ...


@dataclass(frozen=True)
class DrawnTopic:
    """A topic with its figures drawn.

    Attributes:
        id: of its place in the page.
        title: its heading, a question.
        short: its name in the contents.
        figures: SVGs with their captions.
        table: the texts; without rows, the topic is figures alone.
        note: what the columns mean.
        is_open: whether it is unfolded from the beginning.

    """

    id: str
    title: str
    short: str
    figures: Sequence[tuple[str, str]]
    table: Table
    note: str
    is_open: bool


@dataclass(frozen=True)
class Part:
    """A part of the page.

    Attributes:
        id: of its place in the page.
        name: of the study, attribution or search.
        study: the name of the study that it belongs to.
        line: what was trained and how.
        lead: its first screen.
        points: further sentences.
        table: the table in front; None where nothing is compared.
        topics: what else there is to see.
        reasons: sentences on numbers that could not be given.
        provenance: where the results come from, if seedwise made them.
        took: how long it took, as a sentence begins.
        also: and goes on.

    """

    id: str
    name: str
    study: str
    line: str
    lead: Lead
    points: Sequence[str]
    table: MainTable | None
    topics: Sequence[DrawnTopic]
    reasons: Sequence[str]
    provenance: Provenance | None
    took: str = "Training took"
    also: str = ""


def part_of(
    results: _Results,
    prefix: str,
    line: str,
    lead: Lead,
    sections: Iterable[Section],
    *,
    points: Sequence[str] = (),
    table: MainTable | None = None,
    reasons: Sequence[str] = (),
    unfolded: Iterable[str] = (),
    took: str = "Training took",
    also: str = "",
) -> Part:
    """Draw the figures of all sections, and put the part together.

    Args:
        results: whose part it is.
        prefix: what its ids begin with, a letter first.
        line: what was trained and how.
        lead: its first screen.
        sections: its topics.
        points: further sentences.
        table: the table in front.
        reasons: sentences on numbers that could not be given.
        unfolded: keys of sections that are open from the beginning.
        took: how long it took, as a sentence begins.
        also: and goes on.

    """
    opened = set(unfolded)
    topics = [_drawn(section, f"{prefix}-{section.key}", is_open=section.key in opened) for section in sections]
    shown = tuple(topic for topic in topics if topic.figures or topic.table.rows)
    return Part(
        prefix,
        results.name,
        results.study,
        line,
        lead,
        points,
        table,
        shown,
        reasons,
        results.provenance,
        took,
        also,
    )


def _drawn(section: Section, place: str, *, is_open: bool) -> DrawnTopic:
    place = re.sub(r"[^\w-]", "", place)
    figures = [
        (inline(draw, f"{place}-figure{k}", section.title), caption)
        for k, (draw, caption) in enumerate(section.figures)
    ]
    short = section.short or section.title
    return DrawnTopic(place, section.title, short, figures, section.table.without_empty(), section.note, is_open)
