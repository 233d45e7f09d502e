"""What the page shows of a study, an attribution or a search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from seedwise.reporting._svg import inline
from seedwise.reporting._topic import Drawn

if TYPE_CHECKING:
    from seedwise.study import Provenance

F = TypeVar("F")


class _Results(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def study(self) -> str: ...
    @property
    def provenance(self) -> Provenance | None: ...


@dataclass(frozen=True)
class Part(Generic[F]):
    """A part of the page.

    Attributes:
        name: its heading.
        study: the name of the study that it belongs to.
        findings: what was found.
        figures: SVGs with their captions.
        provenance: where the results come from, if seedwise made them.

    """

    name: str
    study: str
    findings: F
    figures: list[tuple[str, str]]
    provenance: Provenance | None

    @classmethod
    def of(cls, results: _Results, findings: F, figures: Iterable[Drawn], prefix: str) -> Part[F]:
        """Draw the figures, whose ids begin with ``prefix``, and put all of it together."""
        drawn = [(inline(draw, f"{prefix}figure{k}"), caption) for k, (draw, caption) in enumerate(figures)]
        return cls(results.name, results.study, findings, drawn, results.provenance)
