"""What happens to single examples where a run of one method is replaced by one of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedwise.reporting._table import METHOD, Table
from seedwise.reporting._topic import Compared, Shown, Topic
from seedwise.statistics import Interval
from seedwise.statistics.cells.names import names_of
from seedwise.statistics.comparison.flips import Flips, flips_between
from seedwise.statistics.core.formatting import decimals_for, interval, p_value

_NOTE: Final = (
    "A negative flip is an example that the old run has right and the new one wrong; over all pairs of runs of the two "
    "methods, in percent of the examples. Relative: 1 where errors of both are independent, below 1 the more both err "
    "on the same examples. Excess: points more than when the old method is only trained again with another seed, with "
    "jackknife intervals over runs and corrected p (Holm). A better method can make many negative flips."
)


def flips_table(found: Sequence[Flips]) -> Table:
    """Lay out negative flips between methods: their rate, the relative one, and the excess over another seed.

    Args:
        found: what ``flips_between`` gave.

    """
    cells = [cell for one in found for cell in (one.old, one.new)]
    names = iter(names_of(cells))
    rows = []
    for one in found:
        old, new = next(names), next(names)
        rows.append(
            [
                f"{old} → {new}",
                _percent(one.rate),
                interval(one.relative, 2, null=1) if isinstance(one.relative, Interval) else "-",
                _percent(one.excess),
                p_value(one.p_adjusted),
                one.verdict.word,
            ]
        )
    columns = [METHOD, "negative flips, % [95 %]", "relative [95 %]", "excess over another seed [95 %]", "p"]
    return Table([*columns, "verdict on negative flips"], rows)


def _percent(result: Interval) -> str:
    return interval(result, max(decimals_for(100 * (result.high - result.low)), 2), 100)


def _show(found: Compared) -> Shown:
    flips = flips_between(found.cells, [part.labels for part in found.study.parts], found.base)
    reasons = [one for one in flips if isinstance(one, str)]
    return Shown(flips_table([one for one in flips if isinstance(one, Flips)]), _NOTE, reasons=reasons)


TOPIC: Final = Topic("Which examples get worse with another method?", _show, short="Negative flips")
