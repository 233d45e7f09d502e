"""The table in front of the page, which is the forest plot, too: a row for every method and readout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from seedwise.reporting._marks import Axis, bar, most_at_one_place, span, strip
from seedwise.reporting._topic import Compared, place_of
from seedwise.statistics import Cell, Interval, Metric
from seedwise.statistics.cells.cell import AS_GIVEN
from seedwise.statistics.comparison.overview import Entry, Kind, Overview, Place, Standing
from seedwise.statistics.core.formatting import number, whole_percentages, with_limits

if TYPE_CHECKING:
    from seedwise.study import CellResults

_SDS: Final = 8
"""The axis of the runs reaches so many SDs of the base on both sides at most, so that one bad method hides no other."""
_LEFT: Final = -100.0
"""Reductions below are not drawn: the interval ends in an arrow."""
_CSS: Final = {Standing.BASE: "base", Standing.STEADIER: "yes", Standing.LESS_STEADY: "worse"}


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, as texts; empty where there is none."""

    text: str = ""
    interval: str = ""


@dataclass(frozen=True)
class Row:
    """A row of the main table.

    Attributes:
        name: of the method, readout or ensemble.
        note: what else is to be known of it, below its name.
        css: the classes of its colour.
        runs: SVG of its runs.
        mean: of the metric.
        mean_word: what is resolved about it, in a word; empty if nothing is.
        spread: the SD.
        bar: SVG of the reduction.
        reduction: of the SD.
        churn: relative to the base's.
        verdict: in a word or a few.
        why: the verdict in a sentence.
        is_control: whether it stands under what it is a control of.

    """

    name: str
    note: str
    css: str
    runs: str
    mean: str
    mean_word: str
    spread: Estimate
    bar: str
    reduction: Estimate
    churn: str
    verdict: str
    why: str
    is_control: bool = False


@dataclass(frozen=True)
class Block:
    """A row, its controls, and the same of other methods, folded under it."""

    rows: tuple[Row, ...]
    folded: tuple[Row, ...]
    fold: str


@dataclass(frozen=True)
class PlaceRows:
    """The rows of one task and regime.

    Attributes:
        title: which; empty where there is one only.
        ends: of the axis of the runs.
        base: the row of the base.
        resolved: blocks before the base.
        others: blocks after it.
        behind: blocks of which nothing is resolved.
        fold: what these are.

    """

    title: str
    ends: tuple[str, str]
    base: Row
    resolved: tuple[Block, ...]
    others: tuple[Block, ...]
    behind: tuple[Block, ...]
    fold: str


@dataclass(frozen=True)
class MainTable:
    """The table in front of the page.

    Attributes:
        places: the rows by task and regime.
        metric: its name as a heading.
        lines: sentences above it.
        has_runs: whether runs are drawn.
        has_churn: whether churn is known.
        has_others: whether anything is compared with the base.

    """

    places: tuple[PlaceRows, ...]
    metric: str
    lines: tuple[str, ...]
    has_runs: bool
    has_churn: bool
    has_others: bool


def main_table(found: Compared) -> MainTable:
    """Lay out the comparisons of a study as they are read."""
    over = found.overview
    parts = {place_of(part.cell): part for part in found.study.parts}
    metric = found.rows[0].metric
    several = len({place.task for place in over.places}) > 1, len({place.regime for place in over.places}) > 1
    places = tuple(_Drawing(found, place, parts).place(_title(place, several)) for place in over.places)
    entries = [place.base for place in over.places] + over.entries
    return MainTable(
        places,
        metric.title + (f" {metric.unit}" if metric.unit else ""),
        tuple(_lines(over, found)),
        has_runs=bool(parts),
        has_churn=any(entry.churn_ratio is not None for entry in entries),
        has_others=bool(over.entries),
    )


def name_of(entry: Entry, base: str) -> tuple[str, str]:
    """Return what a comparison is called, and whose runs are read out where that goes not without saying."""
    whose = "" if entry.method == base else f"of {entry.method}"
    if entry.size is not None:
        kind = "" if entry.readout == "plain" else f" + {entry.readout}"
        return f"ensemble of {entry.size}{kind}", whose
    if entry.readout == "plain":
        return entry.method, ""
    return entry.readout, whose or f"of {base}"


def _title(place: Place, several: tuple[bool, bool]) -> str:
    return ", ".join([place.task] * several[0] + [f"{place.regime} varies"] * several[1])


def _lines(over: Overview, found: Compared) -> list[str]:
    total, resolved = len(over.entries), over.resolved
    if not total:
        return []
    lines = []
    if total > 1:
        kinds = "" if any(entry.size is None for entry in resolved) or not resolved else ", all of them ensembles"
        means = [entry.mean_verdict for entry in over.entries if entry.mean_verdict is not None]
        of_means = f"; of means, {sum(one.differs for one in means) or 'none'} of {len(means)}" if means else ""
        lines.append(
            f"Of {total} comparisons of spread, {len(resolved) or 'none'} {'is' if len(resolved) == 1 else 'are'} "
            f"resolved{kinds}{of_means}."
        )
    lines += found.results.plan
    if total > 1:
        sizes = f"all {over.families[0]}"
        if len(over.families) > 1:
            sizes = f"the {over.families[0]} of methods and readouts, and for the {over.families[1]} of ensembles"
        lines.append(f"Each interval is for its comparison alone; verdicts are corrected for {sizes} (Holm).")
    if any(entry.standing is Standing.UNCORRECTED for entry in over.entries):
        lines.append(
            "Not resolved after correction: the interval excludes equal spread, as some of so many do by chance."
        )
    if any(entry.standing is Standing.OPEN for entry in over.entries):
        lines.append("Not resolved: these runs cannot tell. It is no evidence that nothing changed.")
    return lines


class _Drawing:
    """The rows of one place, on axes that they share."""

    def __init__(self, found: Compared, place: Place, parts: Mapping[tuple[str, str, str, str], CellResults]) -> None:
        self._found, self._place, self._parts = found, place, parts
        self._metric = found.rows[0].metric
        self._decimals = found.results.decimals[place.task]
        self._with_runs = bool(parts)
        entries = [place.base, *(entry for kind in (*place.front, *place.behind) for entry in kind.entries)]
        cells = [part.cell.shown for part in self._of(entries)]
        self._runs = _runs_axis(cells, place.base.spread)
        values = [cell.values[cell.finished_mask].tolist() for cell in cells]
        self._values = [value for own in values for value in own]
        self._most = 1 if self._runs is None else most_at_one_place(values, self._runs)
        self._reductions = _reduction_axis([e.reduction for e in entries if isinstance(e.reduction, Interval)])

    def _of(self, entries: Sequence[Entry]) -> list[CellResults]:
        found = (self._part(entry) for entry in entries)
        return [part for part in found if part is not None]

    def _part(self, entry: Entry) -> CellResults | None:
        if entry.size is not None:
            return None
        return self._parts.get((entry.task, entry.regime, entry.method, entry.readout))

    def place(self, title: str) -> PlaceRows:
        place, decimals = self._place, 1 if self._metric.is_percent else self._decimals
        resolved = [kind for kind in place.front if kind.head.standing.differs]
        others = [kind for kind in place.front if not kind.head.standing.differs]
        behind = sum(len(kind.entries) for kind in place.behind)
        return PlaceRows(
            title,
            self._ends(decimals),
            self._row(place.base),
            tuple(map(self._block, resolved)),
            tuple(map(self._block, others)),
            tuple(map(self._block, place.behind)),
            f"{behind} more comparison{'s' * (behind > 1)}, not resolved" if behind else "",
        )

    def _ends(self, decimals: int) -> tuple[str, str]:
        """Return the ends of the axis of runs; a sign says that runs beyond stand there."""
        if self._runs is None:
            return "", ""
        low, high = self._runs.low, self._runs.high
        below, above = ("\u2264 " * (min(self._values) < low), "\u2265 " * (max(self._values) > high))
        return below + number(low, decimals), above + number(high, decimals)

    def _block(self, kind: Kind) -> Block:
        rows = (self._row(kind.head), *(self._row(entry, is_control=True) for entry in kind.controls))
        folded = tuple(self._row(entry, by_method=True) for entry in kind.same)
        counts = [(s, sum(entry.standing is s for entry in kind.same)) for s in Standing]
        words = ", ".join(f"{count} {standing.value}" for standing, count in counts if count)
        several = "s" * (len(folded) > 1)
        return Block(rows, folded, f"the same of {len(folded)} other method{several}: {words}" if folded else "")

    def _row(self, entry: Entry, *, is_control: bool = False, by_method: bool = False) -> Row:
        name, whose = name_of(entry, self._found.base)
        dearer = _dearer(entry)
        if by_method:
            name, whose, dearer = entry.method, "", ""
        notes = [text for text in (whose, f"control of {entry.controls}" * is_control, dearer) if text]
        notes += ["conditional"] if entry.method in self._found.study.description.artifacts else []
        notes += [f"{entry.failed} of {entry.n + entry.failed} runs failed"] if entry.failed else []
        reduction = entry.reduction if isinstance(entry.reduction, Interval) else None
        shown = Estimate() if reduction is None else _percentages(reduction)
        is_base = entry.standing is Standing.BASE
        label = f"reduction {shown.text} {shown.interval}" if reduction else "no reduction"
        return Row(
            name,
            ", ".join(notes),
            _CSS.get(entry.standing, "no") + " control" * is_control,
            self._drawn(entry, name),
            "-" if entry.mean is None else number(entry.mean, self._decimals),
            entry.mean_verdict.word if entry.mean_verdict is not None and entry.mean_verdict.differs else "",
            _estimate(entry.spread, self._decimals),
            bar(reduction, self._reductions, label),
            shown,
            "1" if is_base else _ratio(entry.churn_ratio),
            "" if is_base else entry.standing.value,
            entry.why,
            is_control,
        )

    def _drawn(self, entry: Entry, name: str) -> str:
        if self._runs is None or entry.mean is None:
            return ""
        part = self._part(entry)
        label = f"{name}: {entry.n} runs, mean {number(entry.mean, self._decimals)}"
        if part is None:
            sd = entry.spread.estimate if isinstance(entry.spread, Interval) else 0.0
            return span(entry.mean, sd, self._runs, f"{name}: mean {number(entry.mean, self._decimals)} and one SD")
        cell = part.cell.shown
        values = cell.values[cell.finished_mask].tolist()
        texts = _run_texts(part, cell, self._metric, self._decimals)
        return strip(values, texts, self._runs, label, most=self._most)


def _run_texts(part: CellResults, cell: Cell, metric: Metric, decimals: int) -> list[str]:
    """Return what is known of each finished run: its replicate, its value, its seeds."""
    texts = []
    unit = f" {metric.unit}" if metric.unit else ""
    several = len(set(cell.group.tolist())) > 1
    for k in np.flatnonzero(cell.finished_mask).tolist():
        which = "run" if cell.regime == AS_GIVEN else "replicate"
        group = f"group {cell.group[k]}, " if several else ""
        text = f"{group}{which} {cell.replicate[k]}: {number(float(cell.values[k]), decimals)}{unit}"
        if part.seeds:
            by_seed: dict[int, list[str]] = {}
            for source, seed in part.seeds[k].items():
                by_seed.setdefault(seed, []).append(source)
            text += "".join(f"; {', '.join(sources)} seed {seed}" for seed, sources in by_seed.items())
        texts.append(text)
    return texts


def _dearer(entry: Entry) -> str:
    """Return what it costs, where that is more than the base."""
    named = (("training", entry.cost.training), ("inference", entry.cost.inference))
    if entry.size is not None and all(cost is not None for _, cost in named):
        training, inference = (round(cost or 0) for _, cost in named)
        return f"{training}x training, {inference}x inference"
    dear = [f"{number(cost, 0 if cost > 9.95 else 1)}x {what}" for what, cost in named if cost and cost > 1.5]
    return ", ".join(dear)


def _runs_axis(cells: Sequence[Cell], base: Interval | str) -> Axis | None:
    values = [value for cell in cells for value in cell.values[cell.finished_mask].tolist()]
    if not values:
        return None
    low, high = min(values), max(values)
    if isinstance(base, Interval):
        own = cells[0].values[cells[0].finished_mask]
        low, high = (
            max(low, float(own.mean()) - _SDS * base.estimate),
            min(high, float(own.mean()) + _SDS * base.estimate),
        )
    return Axis(low, high)


def _reduction_axis(reductions: Sequence[Interval]) -> Axis:
    low = min((max(r.low, _LEFT) for r in reductions), default=-1.0)
    high = max((r.high for r in reductions), default=1.0)
    return Axis(min(low, -10.0), min(max(high, 10.0), 100.0))


def _estimate(found: Interval | str, decimals: int) -> Estimate:
    if isinstance(found, str):
        return Estimate("-")
    middle, low, high = with_limits(found.estimate, found.low, found.high, decimals=decimals)
    return Estimate(middle, f"[{low}, {high}]")


def _percentages(found: Interval) -> Estimate:
    middle, low, high = whole_percentages(found.estimate, found.low, found.high)
    return Estimate(f"{middle} %", f"[{low}, {high}]")


def _ratio(found: Interval | None) -> str:
    return "" if found is None else number(found.estimate, 2)
