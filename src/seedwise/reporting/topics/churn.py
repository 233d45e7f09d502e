"""Methods compared on how much their runs disagree: churn, and the variance of the error on single examples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from seedwise.reporting._figures import Line, colour_of, few_enough, intervals_figure
from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Cell
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.disagreement import Disagreement
from seedwise.statistics.core.formatting import interval, p_value

_NOTE: Final = (
    "Ratios to the base, below 1 where runs differ less, with jackknife intervals over runs and corrected p (Holm, "
    "each question by itself). Churn: the share of test examples on which two runs disagree. Error variance: the "
    "variance over runs of being wrong, averaged over examples. The same runs say far more about both than about the "
    "SD of a metric, and they are other questions: less churn is no smaller SD."
)


_CAPTION: Final = (
    "Churn divided by that of {base}, with its 95 % interval: left of the line two runs of the method disagree on "
    "fewer examples than two runs of {base}. Green: this is resolved, after a correction for all comparisons. Black "
    "(white on a dark screen): the opposite is."
)


def disagreement_table(
    cells: Sequence[Cell], compared: Sequence[Disagreement | str | None]
) -> tuple[Table, str, list[str]]:
    """Lay out how much the runs of every cell disagree, compared with the base's; a note with the plans, and why not.

    Args:
        cells: the cells.
        compared: what ``disagreements`` gave.

    """
    rows, reasons = [], []
    plans: dict[str, None] = {}
    for found, name in zip(compared, names_of(cells), strict=True):
        if found is None:
            continue
        if isinstance(found, str):
            reasons.append(f"{name}: no comparison of churn: {found}")
            continue
        row = [name]
        for one in (found.churn, found.error_variance):
            row += [interval(one.ratio, 2, null=1), p_value(one.p_adjusted), one.verdict.word]
            if one.verdict.short:
                plans.setdefault(one.verdict.short.removeprefix("not resolved: "), None)
        rows.append(row)
    columns = [METHOD, "churn / base's [95 %]", "p", "verdict on churn"]
    return (
        Table([*columns, "error variance / base's [95 %]", "p ", "verdict on error variance"], rows),
        " ".join([_NOTE, *(f"F{plan[1:]}." for plan in plans)]),
        reasons,
    )


def _show(found: Compared) -> Shown:
    table, note, reasons = disagreement_table(found.cells, found.disagreements)
    lines = [
        (cell, Line(name, one.churn.ratio, colour_of(one.churn.verdict, is_good=one.churn.ratio.estimate < 1)))
        for one, cell, name in zip(found.disagreements, found.cells, names_of(found.cells), strict=True)
        if isinstance(one, Disagreement)
    ]
    drawn, rest = few_enough(lines, at=1)
    figure = partial(intervals_figure, drawn, f"churn / churn of {found.base}", at=1)
    return Shown(table, note, [(figure, _CAPTION.format(base=found.base) + rest)] if drawn else [], reasons)


TOPIC: Final = Topic("How often do two runs disagree?", _show, short="Disagreement")
