"""What a comparison says, as a reviewer would say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from seedwise.statistics import ComparisonRow, Interval, Metric, Verdict
from seedwise.statistics.core.formatting import decimals_for, reduction, with_limits
from seedwise.statistics.verdicts.verdict import VOCABULARY

_MOST = 4


def statement(rows: Sequence[ComparisonRow], base: str) -> str:
    """Return a paragraph: which methods are better and which steadier, by how much, and what these runs cannot say.

    Args:
        rows: the rows of a comparison, in the unit shown.
        base: the method that the others are compared with.

    """
    others = [row for row in rows if row.paired is not None]
    if not others:
        return ""
    means = _sentences(others, lambda row: row.mean_verdict, "mean", _difference, base)
    spreads = _sentences(others, lambda row: row.verdict, "spread", _ratio, base)
    open_still = _not_said(others, max(row.n + row.failed for row in rows))
    return " ".join([*means, *spreads, *open_still, *_never_said(others)])


def _sentences(
    rows: Sequence[ComparisonRow],
    verdict: Callable[[ComparisonRow], Verdict | None],
    about: str,
    by: Callable[[ComparisonRow], str],
    base: str,
) -> list[str]:
    """Return a sentence for each verdict that some rows have, with the methods that have it."""
    sentences = []
    for word, meaning in VOCABULARY.items():
        if meaning.about != about:
            continue
        named: dict[str, list[ComparisonRow]] = {}
        for row in rows:
            found = verdict(row)
            if found is not None and found.word == word:
                named.setdefault(row.method, []).append(row)
        if not named:
            continue
        is_so = meaning.is_so.format(base=base)
        if len(named) == 1:
            ((method, own),) = named.items()
            joint = " " if about == "mean" and len(own) == 1 else ": "
            sentences.append(f"{method} is {is_so}{_where(own, rows)}{joint}{_amounts(own, by)}.")
            continue
        subjects = [f"{method}{_where(own, rows)} ({_amounts(own, by)})" for method, own in named.items()]
        more = len(subjects) - _MOST
        sentences.append(f"{', '.join(subjects[:_MOST])}{f' and {more} more' if more > 0 else ''} are {is_so}.")
    return sentences


def _where(own: Sequence[ComparisonRow], rows: Sequence[ComparisonRow]) -> str:
    """Return on how many of its tasks a method is so; nothing where there is one task."""
    tasks = sum(row.method == own[0].method for row in rows)
    if tasks == 1:
        return ""
    return f" on all {tasks} tasks" if len(own) == tasks else f" on {len(own)} of {tasks} tasks"


def _amounts(own: Sequence[ComparisonRow], by: Callable[[ComparisonRow], str]) -> str:
    if len(own) == 1:
        return by(own[0])
    more = len(own) - _MOST
    return "; ".join(f"{row.task} {by(row)}" for row in own[:_MOST]) + (f"; {more} more" if more > 0 else "")


def _not_said(others: Sequence[ComparisonRow], runs: int) -> list[str]:
    """Return what is not resolved."""
    better, steadier = [row.mean_open for row in others], [row.spread_open for row in others]
    if not any(better) and not any(steadier):
        return []
    asked = " or ".join(["better"] * any(better) + ["steadier"] * any(steadier))
    methods = {row.method for row in others}
    if len(methods) == 1:
        whole = all(better) or not any(better), all(steadier) or not any(steadier)
        whether = f"Whether {methods.pop()} is {asked}{'' if all(whole) else ' on the other tasks'}"
    else:
        resolved = not all(better) or not all(steadier)
        whether = f"Whether {'another' if resolved else 'any'} method is {asked}"
    return [f"{whether}, these {runs} runs per method cannot say."]


def _never_said(others: Sequence[ComparisonRow]) -> list[str]:
    """Return about what there is no verdict, and more runs would give none, with the reason."""
    by_reason: dict[str, dict[str, None]] = {}
    for row in others:
        on_spread = row.verdict_reason if row.verdict is None and not row.spread_open else ""
        on_mean = row.mean_verdict_reason if row.mean_verdict is None and not row.mean_open else ""
        for what, reason in (("spread", on_spread), ("mean", on_mean)):
            if reason:
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
    unit = {"%": " points", "": ""}.get(metric.shown.unit, f" {metric.unit}")
    scale = metric.scale
    decimals = decimals_for(scale * (found.high - found.low))
    values = [scale * value for value in (found.estimate, found.low, found.high)]
    estimate, low, high = with_limits(*values, decimals=decimals)
    return f"{estimate}{unit} [{low}, {high}]"
