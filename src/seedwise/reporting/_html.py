"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from seedwise._version import __version__
from seedwise.reporting._attribution import AttributionFindings, attribution_part
from seedwise.reporting._findings import Findings, findings_of
from seedwise.reporting._part import Part
from seedwise.reporting._tuning import SearchFindings, search_part

if TYPE_CHECKING:
    from seedwise.study import AttributionResults, StudyResults
    from seedwise.tuning import SearchResults


def render(
    studies: Sequence[StudyResults],
    *,
    command: str,
    attributions: Sequence[AttributionResults] = (),
    searches: Sequence[SearchResults] = (),
) -> str:
    """Return the report as HTML; all text from users is escaped.

    Args:
        studies: the results of studies.
        command: the command that writes this report.
        attributions: the results of attributions.
        searches: the results of searches.

    """
    shown = []
    for k, study in enumerate(studies):
        findings = findings_of(study)
        drawn = [figure for section in findings.sections for figure in section.figures]
        shown.append(Part.of(study, findings, drawn, f"study{k}"))
    attributed = [attribution_part(attribution, k) for k, attribution in enumerate(attributions)]
    searched = [search_part(results, k) for k, results in enumerate(searches)]
    return page(searches=searched, studies=shown, attributions=attributed, command=command)


def page(
    *,
    command: str | None,
    studies: Sequence[Part[Findings]],
    attributions: Sequence[Part[AttributionFindings]] = (),
    searches: Sequence[Part[SearchFindings]] = (),
    lines: Sequence[str] = (),
) -> str:
    """Return the parts of a page as HTML.

    Args:
        command: the command that writes the page, None where there is none.
        studies: studies, or comparisons of other programs' runs.
        attributions: attributions.
        searches: searches.
        lines: what stands above all of them.

    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        resources.files("seedwise.reporting").joinpath("report.html").read_text(encoding="utf-8")
    )
    return template.render(
        names=[*(part.name for part in searches), *(part.name for part in studies), *(a.name for a in attributions)],
        lines=lines,
        searches=searches,
        studies=studies,
        attributions=attributions,
        command=command,
        version=__version__,
    )
