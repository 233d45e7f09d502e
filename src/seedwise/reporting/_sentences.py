"""What the paragraph above a comparison of foreign runs says after its verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedwise.reporting._statement import amount_of, turned_positive
from seedwise.results import ComparedRuns, ExampleComparison, NamedRun
from seedwise.statistics import (
    AcrossTasks,
    Crossed,
    Improvement,
    PooledDifference,
    PooledRatio,
    Verdict,
)
from seedwise.statistics.core.formatting import decimals_for, interval, number
from seedwise.statistics.verdicts.verdict import VOCABULARY

_MOST: Final = 4
_WIDEST: Final = 4
"""The factor to either side that an interval of a ratio of SDs may have to stand in the paragraph."""


def further_sentences(found: ComparedRuns) -> list[str]:
    """Return a sentence on other examples, one on all tasks together, and one for each run that makes a spread."""
    several = found.across is not None
    return [
        *_on_other_examples(found.of_examples, found.base),
        *([] if found.across is None else [over_tasks(found.across)]),
        *(_named(one, several_tasks=several) for one in found.named_runs[:_MOST]),
    ]


def _on_other_examples(found: Sequence[ExampleComparison], base: str) -> list[str]:
    tasks = len({one.task for one in found})
    said, still_open = [], []
    for one in found:
        name = f"{one.method}{f' on {one.task}' if tasks > 1 else ''}"
        if not isinstance(one.verdict, Verdict) or not isinstance(one.difference, Crossed):
            continue
        if one.verdict.differs:
            amount = amount_of(turned_positive(one.difference.on_new_data), one.metric)
            is_so = VOCABULARY[one.verdict.word].is_so.format(base=base)
            said.append(f"On other examples, too, {name} is {is_so} by {amount}.")
        else:
            still_open.append(name)
    if still_open:
        more = f" and {len(still_open) - _MOST} more" if len(still_open) > _MOST else ""
        names = ", ".join(still_open[:_MOST]) + more
        examples = max(one.examples for one in found)
        said.append(f"Whether {names} would be better on other examples, these {examples} cannot say.")
    return said[: _MOST + 1]


def over_tasks(found: AcrossTasks) -> str:
    """Return a sentence on all tasks together."""
    parts = []
    for one in found.methods[:_MOST]:
        texts = []
        if isinstance(one.difference, PooledDifference):
            texts.append(f"a difference of means of {amount_of(one.difference.difference, found.metric)}")
        elif isinstance(one.improvement, Improvement):
            texts.append(
                f"a run beats one of the base with a chance of {interval(one.improvement.probability, 2, null=0.5)}"
            )
        if isinstance(one.ratio, PooledRatio):
            texts.append(_ratio(one.ratio))
        parts.append(f"{one.method}, {' and '.join(texts) or 'nothing to pool'}")
    more = f"; {len(found.methods) - _MOST} more below" if len(found.methods) > _MOST else ""
    return f"Over the {found.tasks} tasks together: {'; '.join(parts)}{more}."


def _ratio(found: PooledRatio) -> str:
    ratio = found.ratio
    if max(ratio.high / ratio.estimate, ratio.estimate / ratio.low) > _WIDEST:
        return "too few tasks or runs to say a ratio of SDs"
    return f"a ratio of SDs of {interval(ratio, 2, null=1)}"


def _named(one: NamedRun, *, several_tasks: bool) -> str:
    scale, of = one.metric.scale, one.influence
    decimals = decimals_for(scale * (of.sd_without or of.sd))
    where = f" on {one.task}" if several_tasks else ""
    without, everything = (number(scale * sd, decimals) for sd in (of.sd_without, of.sd))
    makes = f"A single run makes the spread of {one.method}{where}"
    return f"{makes}: without {one.run} its SD is {without} instead of {everything}."
