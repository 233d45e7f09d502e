"""What a comparison says, as a reviewer would say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from seedwise.statistics import ComparisonRow, Interval, Metric
from seedwise.statistics.comparison.resolved import About, Resolved, resolved
from seedwise.statistics.core.formatting import decimals_for, reduction, with_limits
from seedwise.statistics.verdicts.verdict import VOCABULARY

_MOST: Final = 4
_MOST_CLAUSES: Final = 3


def statement(rows: Sequence[ComparisonRow], base: str) -> str:
    """Return which methods are better and which steadier, and what these runs cannot say.

    On one task by how much is said, too; on several tasks it is one sentence, and the numbers are left to the table.

    Args:
        rows: the rows of a comparison, in the unit shown.
        base: the method that the others are compared with.

    """
    others = [row for row in rows if row.paired is not None]
    if not others:
        return ""
    runs = max(row.n + row.failed for row in rows)
    if len({(row.task, row.regime) for row in rows}) > 1:
        return " ".join(filter(None, [_over_places(others, base, runs), *_never_said(others)]))
    means = _sentences(others, "mean", _difference, base)
    spreads = _sentences(others, "spread", _ratio, base)
    return " ".join([*means, *spreads, *_not_said(others, runs), *_never_said(others)])


def on_the_mean(rows: Sequence[ComparisonRow], base: str) -> str:
    """Return a sentence on what is resolved about the means; empty if nothing is.

    Args:
        rows: rows of a study, in the unit shown.
        base: the method that the others are compared with.

    """
    parts = []
    for word, group in groupby(resolved(rows, "mean"), key=lambda one: one.word):
        found = list(group)
        row, meaning = found[0].clearest, VOCABULARY[word]
        name, is_so = name_of_row(row), meaning.is_so.format(base=base)
        at = _at(row, rows) if found[0].places > 1 else ""
        if len(found) > 1:
            part = f"{len(found)} {_methods(found)} are {is_so}, most clearly {name}{at}"
        else:
            part = f"{name} is {is_so}{_where(found[0], rows)}" + (f", most clearly{at}" if at else "")
        parts.append(part + (f"{':' if len(found) > 1 or at else ''} {_difference(row)}" if meaning.differs else ""))
    return f"On average {'; '.join(parts)}." if parts else ""


def name_of_row(row: ComparisonRow) -> str:
    """Return the method of a row, with its readout where it has one: ``flip of vml``."""
    return row.method if row.readout == "plain" else f"{row.readout} of {row.method}"


def _methods(found: Sequence[Resolved]) -> str:
    plain = {one.clearest.readout == "plain" for one in found}
    return {frozenset({True}): "methods", frozenset({False}): "readouts"}.get(frozenset(plain), "methods and readouts")


def _over_places(others: Sequence[ComparisonRow], base: str, runs: int) -> str:
    """Return a sentence on several tasks or regimes: who differs in how many of them, and of whom nothing is known."""
    clauses: dict[str, list[tuple[str, str]]] = {}
    abouts: tuple[About, ...] = ("mean", "spread")
    for about in abouts:
        for one in resolved(others, about):
            clause = VOCABULARY[one.word].is_so.format(base=base), _where(one, others)
            clauses.setdefault(name_of_row(one.clearest), []).append(clause)
    unknown = list(dict.fromkeys(map(name_of_row, others)))
    unknown = [name for name in unknown if name not in clauses]
    parts = [_clause(name, found, base, first=not k) for k, (name, found) in enumerate(clauses.items())]
    more = len(parts) - _MOST_CLAUSES
    parts = parts[:_MOST_CLAUSES] + ([f"{more} more differ, too"] if more > 0 else [])
    is_open = any(row.mean_open or row.spread_open for row in others)
    if not parts:
        whose = unknown[0] if len(unknown) == 1 else f"any of {len(unknown)} methods"
        where = _among(f"any of the {len({(row.task, row.regime) for row in others})}", others)
        return f"Whether {whose} is better or steadier{where}, these {runs} runs per method cannot say." * is_open
    rest = {0: "the rest", 1: unknown[0] if unknown else ""}.get(len(unknown), f"{len(unknown)} other methods")
    return "; ".join(parts) + (f"; of {rest}, these {runs} runs per method cannot tell." if is_open else ".")


def _clause(name: str, found: Sequence[tuple[str, str]], base: str, *, first: bool) -> str:
    """Return what a method is, and where; with whom it is compared stands in the first clause alone."""
    short = [is_so if first and not k else is_so.removesuffix(f" than {base}") for k, (is_so, _) in enumerate(found)]
    wheres = [where for _, where in found]
    if len(set(wheres)) == 1:
        return f"{name} is {' and '.join(short)}{wheres[0]}"
    return f"{name} is " + " and ".join(f"{is_so}{where}" for is_so, where in zip(short, wheres, strict=True))


def _sentences(rows: Sequence[ComparisonRow], about: About, by: Callable[[ComparisonRow], str], base: str) -> list[str]:
    """Return a sentence for each verdict that some rows have, with the methods that have it."""
    sentences = []
    for word, group in groupby(resolved(rows, about), key=lambda one: one.word):
        found = [one.clearest for one in group]
        is_so = VOCABULARY[word].is_so.format(base=base)
        if len(found) == 1:
            sentences.append(f"{name_of_row(found[0])} is {is_so}{' ' if about == 'mean' else ': '}{by(found[0])}.")
            continue
        subjects = [f"{name_of_row(row)} ({by(row)})" for row in found]
        more = len(subjects) - _MOST
        first, last = (subjects[:_MOST], f"{more} more") if more > 0 else (subjects[:-1], subjects[-1])
        sentences.append(f"{', '.join(first)} and {last} are {is_so}.")
    return sentences


def _where(one: Resolved, rows: Sequence[ComparisonRow]) -> str:
    """Return in how many of its tasks and regimes a method is so; nothing where there is one."""
    if len({(row.task, row.regime) for row in rows}) == 1:
        return ""
    count, places = len(one.rows), one.places
    if places == 1:
        return _at(one.clearest, rows)
    return _among(f"{count} of {places}" if count < places else "both" if places == 2 else f"all {places}", rows)


def _among(how_many: str, rows: Sequence[ComparisonRow]) -> str:
    tasks, regimes = len({row.task for row in rows}) > 1, len({row.regime for row in rows}) > 1
    what = " and ".join(["tasks"] * tasks + ["regimes"] * regimes)
    return f" {'on' if tasks else 'in'} {how_many} {what}"


def _at(row: ComparisonRow, rows: Sequence[ComparisonRow]) -> str:
    tasks, regimes = len({row.task for row in rows}) > 1, len({row.regime for row in rows}) > 1
    return f" on {row.task}" * tasks + f" with {row.regime} varying" * regimes


def _not_said(others: Sequence[ComparisonRow], runs: int) -> list[str]:
    """Return what is not resolved."""
    better, steadier = [row.mean_open for row in others], [row.spread_open for row in others]
    if not any(better) and not any(steadier):
        return []
    asked = " or ".join(["better"] * any(better) + ["steadier"] * any(steadier))
    names = {name_of_row(row) for row in others}
    verdicts = [verdict for row in others for verdict in (row.mean_verdict, row.verdict)]
    is_some = any(verdict is not None and not verdict.is_open for verdict in verdicts)
    whose = names.pop() if len(names) == 1 else "another method" if is_some else "any method"
    return [f"Whether {whose} is {asked}, these {runs} runs per method cannot say."]


def _never_said(others: Sequence[ComparisonRow]) -> list[str]:
    """Return about what there is no verdict because of failed runs, or more runs would give none, with the reason."""
    by_reason: dict[str, dict[str, None]] = {}
    for row in others:
        spread = "spread", row.reduction, row.verdict_reason, row.spread_open
        mean = "mean", row.mean_difference, row.mean_verdict_reason, row.mean_open
        for what, found, reason, is_open in (spread, mean):
            if reason and (not is_open or isinstance(found, Interval)):
                by_reason.setdefault(reason, {})[what] = None
    return [f"No verdict on the {' or the '.join(about)}: {reason}." for reason, about in by_reason.items()]


def _difference(row: ComparisonRow) -> str:
    """Return by how much the mean differs, as a positive number with its interval."""
    found = row.mean_difference
    if not isinstance(found, Interval):
        return "by an amount without an interval"
    return f"by {amount_of(turned_positive(found), row.metric)}"


def _ratio(row: ComparisonRow) -> str:
    """Return by how much the SD differs, as a positive number with its interval."""
    found = row.reduction
    if not isinstance(found, Interval):
        return "without an interval"
    return f"its SD is {reduction(turned_positive(found))} {'smaller' if found.estimate >= 0 else 'larger'}"


def turned_positive(found: Interval) -> Interval:
    """Return an estimate as a positive number, with its interval."""
    if found.estimate >= 0:
        return found
    return replace(found, estimate=-found.estimate, low=-found.high, high=-found.low)


def amount_of(found: Interval, metric: Metric) -> str:
    """Return a difference with its interval, in the unit in which the metric is shown."""
    unit = f" {metric.unit_of_differences}".rstrip()
    scale = metric.scale
    decimals = decimals_for(scale * (found.high - found.low))
    values = [scale * value for value in (found.estimate, found.low, found.high)]
    estimate, low, high = with_limits(*values, decimals=decimals)
    return f"{estimate}{unit} [{low}, {high}]"
