"""Which source makes how much of churn, of the logits' variance and of the metric's: sentences, tables, a figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from seedwise.reporting._lead import Lead, Tile
from seedwise.reporting._palette import NEUTRAL
from seedwise.reporting._part import Part, part_of
from seedwise.reporting._svg import label_rows
from seedwise.reporting._table import PAIRS, Table
from seedwise.reporting._topic import Section
from seedwise.statistics import Attribution, Interval
from seedwise.statistics.attribution.reading import (
    MINIMUM_PAIRS,
    MINIMUM_PAIRS_FIRST_ORDER,
    blocks_for,
    fewest_pairs,
    first_order_of,
    has_first_order,
    has_shares,
    read_attribution,
)
from seedwise.statistics.core.formatting import decimals_for, interval, number, of_first_runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seedwise.study import AttributionResults

_CAPTION: Final = (
    "Dots: the total effect, the share that would remain if every other source were held fixed. Circles: the "
    "first-order effect, the share that holding this source fixed would take away on average. With 95 % intervals. "
    "If sources acted on their own, dot and circle would meet and the dots would add up to 100 %; where any source "
    "alone changes everything, all dots lie at 100 % and all circles at 0. No share is below 0 or above "
    "100 %; estimates that are stand at that end, and as they are in the tables."
)
_NO_CIRCLE: Final = (
    f" Where there is no circle the source has fewer than {MINIMUM_PAIRS_FIRST_ORDER} pairs, too few for a first-order "
    "effect."
)
_COLUMNS: Final = (
    "Alone: between runs that differ in this source only. Total effect: that, as a share of what runs show that "
    "differ in every source. First-order effect: 100 % less the share that runs show that have this source in common "
    "only. The intervals leave out one block of runs at a time. Estimates are left as they are, also where they lie "
    "below 0 or above 100 %."
)
_KEYS: Final = {"values": "metric"}
"""Names of tables as files, where they differ from that of the shares."""
_NOTES: Final = {
    "churn": f"Churn: share of test examples on which two runs disagree. {_COLUMNS}",
    "logits": "SD over runs of one logit of one example, whose mean over the classes is taken out; shares are of its "
    f"square. {_COLUMNS}",
    "values": "One number per run, hence the wide intervals. The SD is in points where the metric is a share of "
    f"examples; shares are of its square. {_COLUMNS}",
}


@dataclass(frozen=True)
class AttributionFindings:
    """What is shown of an attribution.

    Attributes:
        title: what was trained and how often.
        sentences: what the shares say, and why some are not there.
        sections: a table for each of ``shown``.
        shown: the attributions whose shares are shown, by what they are called.

    """

    title: str
    sentences: list[str]
    sections: list[Section]
    shown: dict[str, Attribution]


def attribution_findings(results: AttributionResults) -> AttributionFindings:
    """Lay out the results of an attribution."""
    found = {name: a for name in ("churn", "logits", "values") if (a := getattr(results, name)) is not None}
    names = {"churn": "churn", "logits": "logits", "values": results.metric.title}
    enough = {key: has_shares(a) for key, a in found.items()}
    shown = {names[key]: a for key, a in found.items() if enough[key]}
    of_all = 0 if results.churn is None else results.churn.runs
    some = {key: of_first_runs(a.runs, of_all) if key == "logits" else "" for key, a in found.items()}
    scales = {"values": results.metric.scale}
    sections = [
        Section(
            _KEYS.get(key, key),
            f"Which source makes how much of {_whole(names[key])}?",
            _table(names[key], shown[names[key]], scales.get(key, 1.0)),
            _NOTES[key],
            short=f"Shares of {_whole(names[key])}{some[key]}",
        )
        for key in found
        if enough[key]
    ]
    what = [results.task, *([results.model] if results.model else []), results.method]
    title = f"{', '.join(what)}: {' + '.join(results.sources)}, {results.blocks} blocks, {results.runs} runs"
    return AttributionFindings(title, _sentences(results, found, shown), sections, shown)


def attribution_part(results: AttributionResults, position: int) -> Part:
    """Lay out the results of an attribution, the ``position``-th of the page."""
    found = attribution_findings(results)
    caption = _CAPTION + _NO_CIRCLE * any(not has_first_order(one) for one in found.shown.values())
    figures = [(partial(attribution_figure, found.shown), caption)] if found.shown else []
    drawn = Section("shares", "How much does each source make?", Table([], []), "", figures, "Shares")
    sentences = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in found.sentences]
    first, others = _answer(found.shown), sentences
    if not first and sentences:
        first, *others = sentences
    return part_of(
        results,
        f"attribution{position}",
        found.title,
        Lead("Which source makes what varies between runs?", first, tiles=tuple(_tiles(results))),
        [drawn, *found.sections],
        points=others,
        unfolded=["shares"],
        also=", runs that other studies share included",
    )


def _answer(shown: Mapping[str, Attribution]) -> str:
    """Return the total effects of the sources, the largest first, cut at 100 %; empty where there are none."""
    if not shown:
        return ""
    name, attribution = next(iter(shown.items()))
    effects = sorted(attribution.effects, key=lambda effect: -effect.total.estimate)
    shares = ", ".join(f"{effect.source} {_share(effect.total, most=1)}" for effect in effects)
    return f"Of {_whole(name)}, each source by itself makes: {shares}."


def _tiles(results: AttributionResults) -> list[Tile]:
    failed = f"{results.failed} failed" if results.failed else "none failed"
    tiles = [Tile(f"{results.runs} runs", f"in {results.blocks} blocks, {failed}")]
    if results.churn is not None:
        churned = number(100 * results.churn.amount.estimate, 2)
        tiles.append(Tile(f"{churned} %", "of examples are predicted differently by runs that differ in every source"))
    if results.values is not None:
        sd = results.metric.scale * math.sqrt(results.values.amount.estimate)
        unit = " points" if results.metric.is_percent else ""
        tiles.append(Tile(f"{number(sd, decimals_for(sd))}{unit}", f"SD of {results.metric.title} over such runs"))
    return tiles


def attribution_tables(attributions: Sequence[AttributionResults]) -> dict[tuple[str, str], Table]:
    """Return the tables of attributions, by the name of the attribution and their own."""
    return {
        (attribution.name, section.key): section.table
        for attribution in attributions
        for section in attribution_findings(attribution).sections
    }


def attribution_figure(shown: Mapping[str, Attribution]) -> Figure:
    """Draw the total effects as dots and the first-order effects as circles, with their intervals.

    Args:
        shown: attributions with the same sources, by what is attributed.

    """
    from matplotlib.figure import Figure

    sources = [effect.source for effect in next(iter(shown.values())).effects]
    height = 0.9 + 0.55 * len(sources)
    figure = Figure(figsize=(4.8, height * len(shown)), layout="constrained")
    panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, attribution) in zip(panels, shown.items(), strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(_whole(name), fontsize=10, loc="left")
        for row, effect in enumerate(attribution.effects):
            for share, at, filled in ((effect.total, row - 0.15, True), (first_order_of(effect), row + 0.15, False)):
                if share is None:
                    continue
                low, middle, high = (min(max(100 * v, 0), 100) for v in (share.low, share.estimate, share.high))
                axes.hlines(at, low, high, color=NEUTRAL, linewidth=1.6)
                face = NEUTRAL if filled else "white"
                axes.plot(
                    [middle], [at], "o", color=NEUTRAL, markerfacecolor=face, markersize=5.5, clip_on=False, zorder=3
                )
        axes.set_xlim(0, 100)
        label_rows(axes, sources)
    panels[-1].set_xlabel("share of what varies between runs [%]")
    return figure


def _table(name: str, attribution: Attribution, scale: float) -> Table:
    """Lay out the effects, a source per row; the last two rows are the sums and the whole."""
    rows = [
        [
            effect.source,
            str(effect.pairs),
            _amount(name, effect.alone, scale),
            _share(effect.total),
            _share(first_order_of(effect)),
        ]
        for effect in attribution.effects
    ]
    first_order_sum = attribution.first_order_sum if has_first_order(attribution) else None
    rows.append(["sum", "", "", _share(attribution.total_sum), _share(first_order_sum)])
    rows.append(["all differ", "", _amount(name, attribution.amount, scale), "100 %", ""])
    what = "churn" if name == "churn" else f"SD of {name}"
    columns = ["source", PAIRS, f"{what} alone [95 %]", "total effect [95 %]", "first-order effect [95 %]"]
    return Table(columns, rows)


def _more(results: AttributionResults, blocks: int) -> str:
    """Return what to type for so many blocks."""
    if results.program is None:
        return f"--blocks {blocks}"
    return f"in {results.program} pass replicates({blocks}, attribute=True): n counts blocks"


def _sentences(
    results: AttributionResults, found: Mapping[str, Attribution], shown: Mapping[str, Attribution]
) -> list[str]:
    sentences, metric = [], results.metric.title
    if shown:
        name, first = next(iter(shown.items()))
        sentences += _reading(name, first)
        drawn = {e.source for a in found.values() for e in a.effects if e.total.estimate > 0}
        for source in results.sources:
            if source not in drawn:
                why = f"; nothing drew from the source {source}" if source in results.undrawn else ""
                sentences.append(f"{source} has no effect: no two runs that differ in it alone differ at all{why}")
    if results.values is not None and metric not in shown:
        pairs = fewest_pairs(results.values)
        sentences.append(
            f"no shares of {_whole(metric)}: {pairs} pairs a source, and below {MINIMUM_PAIRS} they say little: "
            f"{_more(results, blocks_for(MINIMUM_PAIRS, results.values))}"
        )
    few = next((a for a in shown.values() if not has_first_order(a)), None)
    if few is not None:
        sentences.append(
            f"no first-order effects: they take {MINIMUM_PAIRS_FIRST_ORDER} pairs a source: "
            f"{_more(results, blocks_for(MINIMUM_PAIRS_FIRST_ORDER, few))}"
        )
    sentences += results.reasons
    if results.failed:
        sentences.append(
            f"{results.failed} of {results.runs} runs failed and their pairs are left out: all shares are of "
            "finished runs"
        )
    if results.pending:
        sentences.append(f"{results.pending} of {results.runs} runs are still to be trained")
    return sentences


def _reading(name: str, attribution: Attribution) -> list[str]:
    """Say in words what the sums show."""
    total = attribution.total_sum
    what = _whole(name)
    added = f"the total effects add up to {_share(total)} of {what}"
    found = read_attribution(attribution)
    if not found.interacting:
        return [f"{added}: that the sources act on their own, without interaction, is not excluded"]
    sentences = [f"{added}: the sources interact, so that what they cause one at a time does not add up"]
    if found.least is not None:
        sentences.append(
            f"{found.least.source} has the smallest total effect{_unless(found.least_is_apart)}: it alone makes "
            f"{_share(found.least.total)} of what all sources make"
        )
    if found.most is not None:
        sentences.append(
            f"{found.most.source} has the largest first-order effect{_unless(found.most_is_apart)}: holding it fixed "
            f"takes away {_share(found.most.first_order)} of {what}"
        )
    return sentences


def _unless(apart: bool) -> str:
    return "" if apart else " in these runs (intervals overlap: the order may be chance)"


def _whole(name: str) -> str:
    return {"churn": "churn", "logits": "the variance of the logits"}.get(name, f"the variance of {name}")


def _share(share: Interval | None, most: float = math.inf) -> str:
    if share is None:
        return "-"
    estimate, low, high = (round(100 * min(value, most)) for value in (share.estimate, share.low, share.high))
    return f"{estimate} % [{low}, {high}]"


def _amount(name: str, amount: Interval, scale: float) -> str:
    """Write churn in percent, a variance as its SD, that of a share of examples in points."""
    if name == "churn":
        return f"{interval(amount, 2, 100)} %"
    low, estimate, high = (scale * math.sqrt(value) for value in (amount.low, amount.estimate, amount.high))
    root = Interval(estimate, low, high, amount.level, amount.n, amount.procedure)
    return interval(root, decimals_for(root.high - root.low))
