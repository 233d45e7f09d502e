"""Ours next to the published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from seedwise.reporting._table import METHOD, REGIME, TASK, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import BesidePublished, ComparisonRow, Interval
from seedwise.statistics.cells.names import method_and_readout
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.published import (
    ratio_to_base_beside_published,
    row_mean_beside_published,
    sd_beside_published,
)
from seedwise.statistics.core.formatting import interval, number

if TYPE_CHECKING:
    from seedwise.study import Published, PublishedResults

_RATIOS: Final = (
    "Intervals of published ratios assume normal values, as of the published runs only the SD is known. Incompatible: "
    "the interval of ours / published does not hold 1; uninformative: it does, but is wider than a factor of two "
    "either way. "
)
_NOTE: Final = _RATIOS + (
    "The difference of means has Welch's interval; it may also come from versions of libraries or readings of a paper."
)
_OTHER_SETTING: Final = (
    "This is not the published setting: network, data or length of training differ. SDs and means are therefore not "
    "comparable and have no verdict; ratios to the base have one, as far as a method's effect does not depend on the "
    "setting. "
)


def published_table(rows: Sequence[ComparisonRow], published: PublishedResults, base: str) -> Table:
    """Set every SD and every ratio of SDs (method to base) of ours next to the published one.

    What was published without an SD is left to ``published_means_table``. Where the study is not the published setting,
    SDs and means stand side by side; only ratios, which need no common scale, are compared.

    Args:
        rows: the numbers of the study, in the unit in which the SDs were published.
        published: what was published.
        base: the method that the others are compared with.

    """
    listed, comparable = published.results, published.same_setting
    several_tasks = len({row.task for row in rows}) > 1
    several_regimes = len({row.regime for row in rows}) > 1
    columns = ([TASK] if several_tasks else []) + ([REGIME] if several_regimes else [])
    columns += [METHOD, "published SD (n)", "our SD [95 %] (n)"]
    columns += ["ours / published [95 %]", "SDs"] if comparable else []
    columns += ["published ratio to base [95 %]", "our ratio to base [95 %]", "ratios"]
    with_means = any(entry.mean is not None and entry.sd is not None for entry in listed)
    columns += ["published mean", "our mean less published [95 %]" if comparable else "our mean"] if with_means else []
    table = []
    for row in rows:
        entry = published_entry(listed, row, row.method, row.readout)
        if entry is None or entry.sd is None or entry.n is None:
            continue
        lead = ([row.task] if several_tasks else []) + ([row.regime] if several_regimes else [])
        theirs = f"{number(entry.sd, 3)} ({entry.n})"
        verdict = _shown(sd_beside_published(row, entry.sd, entry.n)) if comparable else []
        ours = f"{interval(row.spread, 3)} ({row.n})" if isinstance(row.spread, Interval) else "-"
        of_base = published_entry(listed, row, base)
        means = _means(row, entry, comparable) if with_means else []
        table.append(
            [*lead, method_and_readout(row), theirs, ours, *verdict, *_ratios(row, entry, of_base, base), *means]
        )
    return Table(columns, table)


def published_entry(
    listed: Sequence[Published], row: ComparisonRow, method: str, readout: str = "plain"
) -> Published | None:
    """Return what is published of a method and readout at a row's task and regime."""
    for entry in listed:
        if (entry.method, entry.readout, entry.regime) == (method, readout, row.regime) and entry.task in (
            None,
            row.task,
        ):
            return entry
    return None


def _means(row: ComparisonRow, entry: Published, comparable: bool) -> list[str]:
    # Percentages are published with two decimals, errors of about 1 with three.
    decimals = 2 if row.metric.is_percent else 3
    if entry.mean is None:
        return ["", ""]
    if not comparable:
        return [number(entry.mean, decimals), "-" if row.mean is None else number(row.mean, decimals)]
    difference = row_mean_beside_published(row, entry.mean, entry.sd, entry.n)
    return [number(entry.mean, decimals), "-" if difference is None else interval(difference, decimals)]


def _ratios(row: ComparisonRow, entry: Published, of_base: Published | None, base: str) -> list[str]:
    if is_base(row, base) or of_base is None or of_base.sd is None or of_base.n is None:
        return ["", "", ""]
    if entry.sd is None or entry.n is None:
        return ["", "", ""]
    found = ratio_to_base_beside_published(row, sd=entry.sd, base_sd=of_base.sd, n=entry.n, base_n=of_base.n)
    ours = "-" if found.ours is None else interval(found.ours, 2, null=1)
    return [interval(found.published, 2, null=1), ours, "-" if found.beside is None else found.beside.word]


def _shown(found: BesidePublished | None) -> list[str]:
    return ["-", "-"] if found is None else [interval(found.ratio, 2, null=1), found.word]


def source_of(published: PublishedResults) -> str:
    """Return where published numbers come from, as the beginning of a note."""
    return f"Published: {published.source}. " if published.source else ""


def _show(found: Compared) -> Shown:
    published = found.study.description.published
    note = _NOTE if published.same_setting else _OTHER_SETTING + _RATIOS
    return Shown(published_table(found.rows, published, found.base), source_of(published) + note)


TOPIC: Final = Topic("Do the published numbers come out?", _show, short="Published")
