"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from seedwise.reporting._figures import strip_plot
from seedwise.reporting._results import results_of


def render(sections: Sequence[Mapping[str, Any]], *, command: str) -> str:
    """Return the report as HTML; all text from users is escaped.

    Args:
        sections: one dict per study, with ``name``, ``description``, ``cells``, ``spec``, ``environments``, ``mixed``,
            ``failures``, ``notes``, ``resumed`` and ``seconds``.
        command: the command that writes this report.

    """
    import jinja2

    from seedwise._version import __version__

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        resources.files("seedwise.reporting").joinpath("report.html").read_text(encoding="utf-8")
    )
    studies = []
    for section in sections:
        results = results_of(section["description"], section["cells"])
        studies.append({**section, "results": results, "figure": strip_plot(section["cells"])})
    return template.render(studies=studies, command=command, version=__version__)
