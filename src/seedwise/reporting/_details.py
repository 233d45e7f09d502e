"""Numbers of a report beyond the table of results: where the spread comes from, what the loss did, group sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._figures import names_of
from seedwise.reporting._formatting import decimals_for, interval, number, percent
from seedwise.reporting._table import Table
from seedwise.statistics import (
    AssistedSpread,
    Cell,
    GroupSize,
    SpreadSources,
    assisted_spread,
    group_size_table,
    spread_sources,
)
from seedwise.statistics.cells.pairing import base_of, lined_up, several_groups

Curves = Mapping[str, NDArray[np.float64]]


def sources_of(
    cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None]
) -> tuple[dict[str, SpreadSources], list[str]]:
    """Return where the spread of accuracy comes from, by cell, of at least 3 runs at one value of the fixed seeds.

    A cell whose runs cannot be taken apart, as they predicted different examples, is left out; the second result says
    why.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.

    """
    found, reasons = {}, []
    for cell, truth, name in zip(cells, labels, names_of(cells), strict=True):
        if cell.predictions is None or truth is None or len(cell.predictions) < 3 or several_groups(cell):
            continue
        try:
            found[name] = spread_sources(cell.predictions == truth, example_ids=cell.example_ids)
        except ValueError as error:
            reasons.append(f"{name}: no test-set noise: {error}")
    return found, reasons


def assisted_of(cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None]) -> dict[str, AssistedSpread]:
    """Return the SD that the single examples help to estimate, by cell, where :func:`sources_of` has its parts.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.

    """
    found = {}
    for cell, truth, name in zip(cells, labels, names_of(cells), strict=True):
        if cell.predictions is None or truth is None or len(cell.predictions) < 3 or several_groups(cell):
            continue
        with suppress(ValueError):  # why a cell's runs cannot be taken apart is said with its parts
            found[name] = assisted_spread(cell.predictions != truth, example_ids=cell.example_ids)
    return found


def sources_table(sources: Mapping[str, SpreadSources], assisted: Mapping[str, AssistedSpread]) -> Table:
    """Lay out the parts of each cell's variance over runs, as SDs in points of accuracy."""
    rows = []
    for name, s in sources.items():
        share = s.noise_share
        width = s.distribution.high - s.distribution.low
        shown = f"{100 * share.estimate:.0f} % [{100 * share.low:.0f}, {100 * share.high:.0f}]" if share else "-"
        rows.append(
            [
                name,
                interval(s.spread, 2, 100),
                number(100 * float(np.sqrt(s.noise)), 2),
                interval(s.distribution, max(decimals_for(100**2 * width), 2), 100**2),
                interval(s.distribution_sd, 2, 100),
                shown,
                interval(assisted[name].spread, 2, 100) if name in assisted else "-",
            ]
        )
    columns = ["method", "SD [95 %]", "SD of test-set noise", "distribution-wise variance [95 %]"]
    return Table([*columns, "its root [95 %]", "share of noise [95 %]", "SD with the examples' help [95 %]"], rows)


def check_table(cells: Sequence[Cell], curves: Sequence[Curves]) -> Table:
    """Lay out what each controlled loss did to the gradient: mean, SD and range of its factor over all steps.

    Args:
        cells: the cells.
        curves: for each cell its series, (runs, epochs); ``train/factor_mean`` and so on where the loss has them.

    """
    rows = []
    for series, name in zip(curves, names_of(cells), strict=True):
        if "train/factor_mean" not in series:
            continue
        mean, sd = series["train/factor_mean"], series["train/factor_sd"]
        overall = float(mean.mean())
        # Every epoch has the same number of steps: the variance within epochs plus that between them.
        total = float(np.sqrt(np.mean(sd**2 + (mean - overall) ** 2)))
        low, high = float(series["train/factor_min"].min()), float(series["train/factor_max"].max())
        active = percent(float(series["train/active_share"].mean()), 0)
        rows.append([name, active, f"{overall:.4f}", f"{total:.4f}", f"{low:.3f} to {high:.3f}"])
    return Table(["method", "steps with lambda > 0", "mean factor", "SD of factor", "range"], rows)


def group_sizes_of(cells: Sequence[Cell], base: str) -> dict[str, tuple[GroupSize, ...]]:
    """Return ``group_size_table`` of every method against the base, for cells with 10 or more runs.

    Args:
        cells: the cells.
        base: the method that the others are compared with.

    """
    found = {}
    for cell, name in zip(cells, names_of(cells), strict=True):
        against = base_of(cell, cells, base)
        if against is None or several_groups(cell):
            continue
        (runs, base_runs), paired = lined_up([cell, against])
        x, y = cell.values[runs], against.values[base_runs]
        runs_here = min(len(x), len(y))
        if runs_here < 10 or np.ptp(x) == 0 or np.ptp(y) == 0:
            continue
        sizes = [size for size in (5, 10, 15, 20) if size <= runs_here]
        found[name] = group_size_table(x, y, sizes, paired=paired)
    return found


def group_size_rows(tables: Mapping[str, Sequence[GroupSize]]) -> Table:
    """Lay out the reductions found in groups of several sizes."""
    rows = [
        [name, str(row.size), f"{row.reduction:.0f} %", f"{row.new_low:.0f} to {row.new_high:.0f} %"]
        for name, table in tables.items()
        for row in table
    ]
    return Table(["method", "runs per group", "reduction", "range of single groups"], rows)
