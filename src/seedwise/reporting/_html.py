"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from seedwise._version import __version__
from seedwise.reporting import _costs, _factors, _fan, _figures, _horizon, _mean_spread, _reactivity
from seedwise.reporting._attribution import attribution_part
from seedwise.reporting._findings import Findings, findings_of
from seedwise.reporting._part import Part
from seedwise.reporting._tuning import search_part
from seedwise.statistics import Cell, ComparisonRow, Interval, Metric

if TYPE_CHECKING:
    from seedwise.study import AttributionResults, StudyResults
    from seedwise.tuning import SearchResults

_CAPTIONS: Final = {
    "runs": "Every run as a tick under a smooth density, the mean as a dot; darker ticks are several runs. Look at how "
    "much the methods overlap before looking at the means.",
    "forest": "Reduction of the SD with its 95 % interval; an arrow means that it goes on. An interval that crosses "
    "the line holds both less and more spread; the dot is orange where the verdict is resolved.",
    "metric": "The metric by epoch, as far as all runs trained: their median, and the band that holds all of them. "
    "Look at whether the bands still differ at the end, which is what the tables are about, or only on the way.",
    "loss": "The training loss by epoch, as far as all runs trained: their median, and the band that holds all of "
    "them. A wide band at the end means that runs differ in how far they were trained.",
    "noise": "How much of the variance over runs a finite test set makes by itself, with 95 % intervals. At 100 % the "
    "runs would be equally good on unlimited test data, and nothing could make them steadier there.",
    "groups": "The reduction that groups of fewer runs would show: dots, which are flat because all groups come from "
    "the same runs, and the range of single groups. Look at how wide the range is at the size that you can afford.",
}


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
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        resources.files("seedwise.reporting").joinpath("report.html").read_text(encoding="utf-8")
    )
    shown = []
    for k, study in enumerate(studies):
        findings = findings_of(study)
        shown.append(Part.of(study, findings, _figures_of(study, findings), f"study{k}"))
    attributed = [attribution_part(attribution, k) for k, attribution in enumerate(attributions)]
    searched = [search_part(results, k) for k, results in enumerate(searches)]
    names = [part.name for part in searched] + [part.name for part in shown] + [part.name for part in attributed]
    return template.render(
        names=names, searches=searched, studies=shown, attributions=attributed, command=command, version=__version__
    )


def _figures_of(study: StudyResults, findings: Findings) -> Iterator[tuple[Any, str]]:
    """Yield how figures are drawn, with their captions."""
    cells, rows, base = study.cells, findings.results.comparisons, findings.results.base
    curves, forecasts = [part.curves for part in study.parts], [part.forecasts for part in study.parts]
    if any(cell.finished for cell in cells):
        yield partial(_figures.runs_figure, cells), _CAPTIONS["runs"]
    if any(isinstance(row.reduction, Interval) for row in rows):
        yield partial(_figures.forest_figure, rows), _CAPTIONS["forest"]
    if any(isinstance(candidate.reduction, Interval) for candidate in findings.candidates):
        yield partial(_costs.cost_figure, findings.candidates, base), _costs.CAPTION
    yield from _means_and_spreads(cells, rows)
    if findings.sources:
        yield partial(_figures.noise_figure, findings.sources), _CAPTIONS["noise"]
    if any(map(_horizon.is_drawable, cells, forecasts)):
        yield partial(_horizon.horizon_figure, cells, forecasts, base), _horizon.CAPTION.format(base=base)
    for fan in study.fans:
        several_regimes = len({cell.regime for cell in cells}) > 1
        yield partial(_fan.fan_figure, fan), _fan.fan_caption(fan, several_regimes=several_regimes)
    for metric, caption in ((cells[0].metric, _CAPTIONS["metric"]), (Metric("train/loss"), _CAPTIONS["loss"])):
        if any(metric.name in series for series in curves):
            yield partial(_figures.curves_figure, cells, curves, metric), caption
    if findings.reactivity:
        yield partial(_reactivity.reactivity_figure, findings.reactivity), _reactivity.CAPTION
    if findings.groups:
        yield partial(_figures.group_size_figure, findings.groups), _CAPTIONS["groups"]


def _means_and_spreads(cells: Sequence[Cell], rows: Sequence[ComparisonRow]) -> list[tuple[Any, str]]:
    """Return what draws means and SDs: bars by the value of a factor for several tasks, else SD against mean."""
    if not any(isinstance(row.spread, Interval) for row in rows):
        return []
    if _factors.has_factor(cells) and len({row.task for row in rows}) > 1:
        return [(partial(_factors.bars_figure, cells, rows, what), text) for what, text in _factors.CAPTIONS.items()]
    return [(partial(_mean_spread.mean_spread_figure, cells, rows), _mean_spread.caption(cells, rows))]
