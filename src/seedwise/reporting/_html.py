"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Final

from seedwise._version import __version__
from seedwise.reporting._attribution import attribution_part
from seedwise.reporting._findings import Findings, findings_of
from seedwise.reporting._glossary import GLOSSARY
from seedwise.reporting._lead import lead_of
from seedwise.reporting._main_table import main_table
from seedwise.reporting._part import Part, part_of
from seedwise.reporting._table import Table
from seedwise.reporting._topic import Section
from seedwise.reporting._tuning import search_part

if TYPE_CHECKING:
    from seedwise.study import AttributionResults, StudyResults
    from seedwise.tuning import SearchResults

_NUMBER: Final = re.compile(r"[-+<]? ?(\d|\.\d)")
_NOTHING: Final = ("", "-")


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
    from seedwise.study import confirmation_of  # half a second, and only a page needs it

    found = [findings_of(study) for study in studies]
    by_name = {study.name: one for study, one in zip(studies, found, strict=True)}
    shown = [
        study_part(study, one, f"study{k}", fresh=by_name.get(confirmation_of(study.name)))
        for k, (study, one) in enumerate(zip(studies, found, strict=True))
    ]
    attributed = [attribution_part(attribution, k) for k, attribution in enumerate(attributions)]
    searched = [search_part(results, k) for k, results in enumerate(searches)]
    return page([*searched, *shown, *attributed], command=command)


def study_part(study: StudyResults, found: Findings, prefix: str, fresh: Findings | None = None) -> Part:
    """Return the part of a study, or of a comparison of other programs' runs.

    Args:
        study: its results.
        found: all that is said of it.
        prefix: what its ids begin with.
        fresh: what is said of the study's choice by runs with fresh seeds, if these were trained.

    """
    numbers = [section for section in found.sections if section.key == "results"]
    others = [section for section in found.sections if section.key != "results"]
    sentences = Section("verdicts", "What is each verdict, in a sentence?", found.verdicts, "", short="Verdicts")
    return part_of(
        study,
        prefix,
        found.results.title,
        lead_of(found.material, found.statement, fresh=None if fresh is None else fresh.material.overview),
        [*others, *numbers, sentences],
        points=found.further,
        table=main_table(found.material),
        reasons=found.reasons,
    )


def page(parts: Sequence[Part], *, command: str | None, lines: Sequence[str] = ()) -> str:
    """Return the parts of a page as HTML.

    Args:
        parts: studies, comparisons of other programs' runs, attributions, searches.
        command: the command that writes the page, None where there is none.
        lines: what stands above all of them.

    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_file),
    )
    environment.globals["numeric"] = numeric
    today = date.today()
    return environment.get_template("report.html").render(
        parts=parts,
        lines=lines,
        command=command,
        version=__version__,
        date=f"{today.day} {today:%B %Y}",
        style=_file("report.css"),
        script=_file("report.js"),
        glossary=GLOSSARY,
    )


def _file(name: str) -> str:
    return resources.files("seedwise.reporting").joinpath("page", name).read_text(encoding="utf-8")


def numeric(table: Table) -> list[bool]:
    """Return of every column whether numbers stand in it, which are aligned at the right."""
    columns = zip(*table.rows, strict=True)
    return [
        any(map(_NUMBER.match, texts)) and all(t in _NOTHING or _NUMBER.match(t) for t in texts) for texts in columns
    ]
