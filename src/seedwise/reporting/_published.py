"""Ours beside the published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seedwise.reporting._figures import method_and_readout
from seedwise.reporting._formatting import interval, number
from seedwise.reporting._table import Table
from seedwise.statistics import (
    BesidePublished,
    ComparisonRow,
    Interval,
    beside_published,
    mean_beside_published,
    ratio_beside_published,
    spread_ratio_of_sds,
)
from seedwise.statistics.cells.pairing import is_base

if TYPE_CHECKING:
    from seedwise.study import Published, PublishedResults


def published_table(rows: Sequence[ComparisonRow], published: PublishedResults, base: str) -> Table:
    """Set every SD and every ratio of SDs (method to base) of ours beside the published one.

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
    columns = (["task"] if several_tasks else []) + (["regime"] if several_regimes else [])
    columns += ["method", "published SD (n)", "our SD [95 %] (n)"]
    columns += ["ours / published [95 %]", "SD"] if comparable else []
    columns += ["published ratio to base [95 %]", "our ratio to base [95 %]", "ratio to base"]
    with_means = any(entry.mean is not None and entry.sd is not None for entry in listed)
    columns += ["published mean", "our mean less it [95 %]" if comparable else "our mean"] if with_means else []
    table = []
    for row in rows:
        entry = published_entry(listed, row, row.method, row.readout)
        if entry is None or entry.sd is None or entry.n is None:
            continue
        lead = ([row.task] if several_tasks else []) + ([row.regime] if several_regimes else [])
        theirs = f"{number(entry.sd, 3)} ({entry.n})"
        verdict = _shown(_sd(row, entry.sd, entry.n)) if comparable else []
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


def _sd(row: ComparisonRow, sd: float, n: int) -> BesidePublished | None:
    if not isinstance(row.spread, Interval) or not row.spread.estimate > 0:
        return None
    return beside_published(row.spread.estimate, sd, n=row.n, n_published=n, level=row.spread.level)


def _means(row: ComparisonRow, entry: Published, comparable: bool) -> list[str]:
    # Percentages are published with two decimals, errors of about 1 with three.
    decimals = 2 if row.metric.unit == "%" else 3
    if entry.mean is None:
        return ["", ""]
    if not comparable:
        return [number(entry.mean, decimals), "-" if row.mean is None else number(row.mean, decimals)]
    if row.mean is None or not isinstance(row.spread, Interval) or not row.spread.estimate > 0:
        return [number(entry.mean, decimals), "-"]
    difference = mean_beside_published(
        row.mean,
        entry.mean,
        sd=row.spread.estimate,
        sd_published=entry.sd,
        n=row.n,
        n_published=entry.n,
        level=row.spread.level,
    )
    return [number(entry.mean, decimals), interval(difference, decimals)]


def _ratios(row: ComparisonRow, entry: Published, of_base: Published | None, base: str) -> list[str]:
    if is_base(row, base) or of_base is None or None in (of_base.sd, of_base.n, entry.sd, entry.n):
        return ["", "", ""]
    theirs = spread_ratio_of_sds(entry.sd, of_base.sd, n_method=entry.n, n_base=of_base.n)  # type: ignore[arg-type]
    if isinstance(row.reduction, str):
        return [interval(theirs, 2), "-", "-"]
    r = row.reduction
    ours = Interval(1 - r.estimate / 100, 1 - r.high / 100, 1 - r.low / 100, r.level, r.n, r.procedure)
    if r.level != theirs.level or ours.estimate <= 0:
        return [interval(theirs, 2), interval(ours, 2), "-"]
    return [interval(theirs, 2), interval(ours, 2), ratio_beside_published(ours, theirs).word]


def _shown(found: BesidePublished | None) -> list[str]:
    return ["-", "-"] if found is None else [interval(found.ratio, 2), found.word]
