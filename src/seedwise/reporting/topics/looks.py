"""A study that was looked at while it grew: what each look may resolve, and why it stopped."""

from __future__ import annotations

from typing import Final

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Interim, interim_analysis
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.core.formatting import decimals_for, interval, p_value, reduction
from seedwise.statistics.sequential.questions import QUESTIONS

_NOTE: Final = (
    "The study was looked at while it grew. A comparison is resolved where its p, corrected (Holm), is below the limit "
    "of this look; the limits spend the error rate as runs come in (Lan & DeMets, O'Brien & Fleming's type). The "
    "repeated intervals hold the truth at all looks together; all other intervals of this report are those of a study "
    "of fixed size. A study that stops because it found something found it too large: take the estimates as optimistic."
)


def looks_table(found: Interim) -> Table:
    """Lay out every comparison of the question at a look, with its repeated interval."""
    asked = QUESTIONS[found.look.question]
    rows = []
    for name, one in zip(names_of(found.comparisons), found.comparisons, strict=True):
        r = one.found
        if r is None:
            rows.append([name, "-", "", "no"])
            continue
        shown = reduction(r) if asked.in_percent else interval(r, max(decimals_for(r.high - r.low), 2))
        rows.append([name, shown, p_value(one.p), "yes" if one.resolved else "no"])
    return Table([METHOD, f"{asked.heading} [repeated interval]", "p", "resolved"], rows)


def why_it_stopped(found: Interim) -> str:
    """Return one sentence on a look and what follows from it."""
    look = found.look
    limit = "no p is small enough this early" if found.limit is None else f"limit of p {p_value(found.limit)}"
    now, most = look.looks[look.look], look.looks[-1]
    where = f"look {look.look + 1} of {len(look.looks)}, at {now} of at most {most} runs per method ({limit})"
    if found.resolved:
        return f"stopped at {where}: every comparison of {look.question} is resolved; the estimates are optimistic"
    names = zip(names_of(found.comparisons), found.comparisons, strict=True)
    open_ones = ", ".join(name for name, one in names if not one.resolved)
    if look.is_last:
        return f"stopped at {where}, the maximum: not resolved: {open_ones}"
    return f"{where}: not resolved yet: {open_ones}"


def _show(found: Compared) -> Shown:
    look = found.study.description.look
    if look is None:
        return Shown()
    at_look = interim_analysis(look, found.shown_cells, [part.labels for part in found.study.parts], found.base)
    sentence = why_it_stopped(at_look)
    return Shown(looks_table(at_look), f"{sentence[0].upper()}{sentence[1:]}. {_NOTE}")


TOPIC: Final = Topic("When did the study stop, and why?", _show, short="Stopping")
