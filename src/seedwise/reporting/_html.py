"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib import resources
from typing import Any, Final

from seedwise._version import __version__
from seedwise.reporting import _details, _figures
from seedwise.reporting._results import means_table, normal_table, results_of
from seedwise.reporting._svg import inline
from seedwise.statistics import Interval

_CAPTIONS: Final = {
    "runs": "Every run as a tick under a smooth density, the mean as a dot. Look at how much the methods overlap "
    "before looking at the means.",
    "forest": "Reduction of the SD with its 95 % interval, cut at -150 %. An interval that crosses the line holds both "
    "less and more spread; the dot is orange where the verdict is resolved.",
    "mean": "SD against mean, each with its 95 % interval. Lower is steadier; a method that buys a lower SD with a "
    "lower mean lies to the left.",
    "metric": "The metric by epoch: the median over runs, and the band that holds all of them.",
    "loss": "The training loss by epoch: the median over runs, and the band that holds all of them.",
    "noise": "How much of the variance over runs a finite test set makes by itself, with 95 % intervals. At 100 % the "
    "runs would be equally good on unlimited test data, and nothing could make them steadier there.",
    "groups": "The reduction that groups of fewer runs would show: dots, which are flat because all groups come from "
    "the same runs, and the range of single groups. At 5 runs almost any figure can come out.",
}


def render(sections: Sequence[Mapping[str, Any]], *, command: str) -> str:
    """Return the report as HTML; all text from users is escaped.

    Args:
        sections: one dict per study, with ``name``, ``description``, ``cells``; ``labels`` and ``curves`` for each
            cell; ``spec``, ``environments``, ``mixed``, ``failures``, ``notes``, ``resumed`` and ``seconds``.
        command: the command that writes this report.

    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        resources.files("seedwise.reporting").joinpath("report.html").read_text(encoding="utf-8")
    )
    studies = [_study(section, k) for k, section in enumerate(sections)]
    return template.render(studies=studies, command=command, version=__version__)


def _study(section: Mapping[str, Any], position: int) -> dict[str, Any]:
    description, cells = section["description"], section["cells"]
    results = results_of(description, cells)
    rows = results.comparisons
    sources, reasons = _details.sources_of(cells, section["labels"])
    groups = _details.group_sizes_of(cells, results.base)
    curves = section["curves"]
    figures: list[tuple[str, str]] = []

    def add(draw: Any, caption: str) -> None:
        figures.append((inline(draw, f"study{position}figure{len(figures)}"), caption))

    if any(cell.finished for cell in cells):
        add(partial(_figures.runs_figure, cells), _CAPTIONS["runs"])
    if any(isinstance(row.reduction, Interval) for row in rows):
        add(partial(_figures.forest_figure, rows), _CAPTIONS["forest"])
    if any(isinstance(row.spread, Interval) for row in rows):
        add(partial(_figures.mean_spread_figure, cells, rows), _CAPTIONS["mean"])
    for name, caption in ((cells[0].metric, _CAPTIONS["metric"]), ("train/loss", _CAPTIONS["loss"])):
        if any(name in series for series in curves):
            add(partial(_figures.curves_figure, cells, curves, name), caption)
    if sources:
        add(partial(_figures.noise_figure, sources), _CAPTIONS["noise"])
    if groups:
        add(partial(_figures.group_size_figure, groups), _CAPTIONS["groups"])
    return {
        **section,
        "results": results,
        "reasons": [*results.reasons, *reasons],
        "figures": figures,
        "means": means_table(rows, results.base),
        "normal": normal_table(rows, results.decimals),
        "sources": _details.sources_table(sources),
        "checks": _details.check_table(cells, curves),
        "groups": _details.group_size_rows(groups),
    }
