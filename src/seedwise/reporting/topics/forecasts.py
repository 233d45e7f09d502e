"""Errors of forecasts as in the papers' tables, and with the spread that papers leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._profiles import sd_texts
from seedwise.reporting._table import METHOD, REGIME, TASK, N, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.reporting.topics.published import published_entry
from seedwise.statistics import Cell, ComparisonRow
from seedwise.statistics.comparison.of_cells import profile_of
from seedwise.statistics.core.formatting import number

if TYPE_CHECKING:
    from seedwise.study import Network, Published

_NOTE: Final = (
    "In the form of the papers' tables: a row per series, horizon and method, two columns per network; mean \u00b1 SD "
    "[95 %] over runs, of standardized values and all test windows. The rows called published, and those of forecasts "
    "without parameters (the last value, the last period), have no seed and no SD. "
)


_BASELINES: Final = ("naive", "seasonal_naive")


KINDS: Final = ("mse", "mae")
"""What the second axis of ``by_step`` and ``by_variable`` holds."""

Metrics = Mapping[str, NDArray[np.float64]]


def error_table(
    cells: Sequence[Cell],
    rows: Sequence[ComparisonRow],
    metrics: Sequence[Metrics],
    networks: Sequence[Network | None],
    *,
    published: Sequence[Published],
    base: str,
) -> Table:
    """Lay out MSE and MAE with their SD, a row per series and method, two columns per network.

    Args:
        cells: the cells.
        rows: their rows.
        metrics: for each cell the metrics of its finished runs, such as ``test/mae``.
        networks: for each cell what forecast; None where nothing was. Where two tasks train one network on one series,
            tasks take the place of the series.
        published: the study's published numbers.
        base: the method whose runs say what the forecasts without parameters come to.

    """
    plain = [(k, network) for k, network in enumerate(networks) if network is not None and cells[k].readout == "plain"]
    places, named = [k for k, _ in plain], {k: (network.series, network.name) for k, network in plain}
    at = {(*named[k], cells[k].regime, cells[k].method): k for k in places}
    if len(at) < len(places):
        named = {k: (cells[k].task, named[k][1]) for k in places}
        at = {(*named[k], cells[k].regime, cells[k].method): k for k in places}
    across = list(dict.fromkeys(network for _, network in named.values()))
    regimes = len({cells[k].regime for k in places}) > 1
    columns = [TASK, *([REGIME] if regimes else []), METHOD, N]
    columns += [f"{network} {kind.upper()}" for network in across for kind in KINDS]
    table = []
    for series, regime in dict.fromkeys((named[k][0], cells[k].regime) for k in places):
        lead = [series, *([regime] if regimes else [])]
        for method in dict.fromkeys(m for s, _, r, m in at if (s, r) == (series, regime)):
            members = [at.get((series, network, regime, method)) for network in across]
            runs = dict.fromkeys(str(cells[k].finished) for k in members if k is not None)
            texts = [text for k in members for text in (["", ""] if k is None else _errors(cells[k], metrics[k]))]
            table.append([*lead, method, ", ".join(runs), *texts])
            theirs = [text for k in members for text in (["", ""] if k is None else _published(rows[k], published))]
            if any(theirs):
                table.append([*lead, f"{method}, published", "", *theirs])
        of_base = [at.get((series, network, regime, base)) for network in across]
        table += [[*lead, name, "", *texts] for name, texts in _without_seeds(of_base, metrics)]
    return Table(columns, table)


def _errors(cell: Cell, metrics: Metrics) -> list[str]:
    texts = []
    for kind in KINDS:
        values = metrics.get(f"test/{kind}")
        profile = None if values is None else profile_of(cell, values[:, None])
        if profile is not None:
            texts.append(" \u00b1 ".join(sd_texts(profile, 0)))
        else:
            texts.append("-" if values is None else number(float(values.mean()), 3))
    return texts


def _published(row: ComparisonRow, listed: Sequence[Published]) -> list[str]:
    entry = published_entry(listed, row, row.method)
    found = {} if entry is None else {row.metric.title: entry.mean, **entry.means}
    return ["" if (value := found.get(kind)) is None else number(value, 3) for kind in KINDS]


def _without_seeds(members: Sequence[int | None], metrics: Sequence[Metrics]) -> Iterator[tuple[str, list[str]]]:
    """Yield the forecasts without parameters, whose errors every run of a series keeps."""
    for name in _BASELINES:
        found = [None if k is None else metrics[k].get(f"{name}/{kind}") for k in members for kind in KINDS]
        texts = ["" if values is None else number(float(values[0]), 3) for values in found]
        if any(texts):
            yield name, texts


def _show(found: Compared) -> Shown:
    study = found.study
    table = error_table(
        found.cells,
        found.rows,
        [part.metrics for part in study.parts],
        [part.network for part in study.parts],
        published=study.description.published.results,
        base=found.base,
    )
    return Shown(table, _NOTE)


TOPIC: Final = Topic("How large are the errors, as papers show them?", _show, short="Errors")
