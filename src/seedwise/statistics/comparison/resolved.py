"""What the verdicts of a study resolve about means, or about spreads: in which order and of whom it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.verdicts.verdict import VOCABULARY, Verdict, Word

About = Literal["mean", "spread"]


@dataclass(frozen=True)
class Resolved:
    """A method, or a readout of one, of which the same is resolved in some or all of its tasks and regimes.

    Attributes:
        word: what is resolved.
        rows: its rows of which it is, the clearest first.
        places: in how many tasks and regimes it was compared.

    """

    word: Word
    rows: tuple[ComparisonRow, ...]
    places: int

    @property
    def clearest(self) -> ComparisonRow:
        """The row whose effect is largest relative to its interval."""
        return self.rows[0]


def resolved(rows: Sequence[ComparisonRow], about: About) -> tuple[Resolved, ...]:
    """Collect what is resolved, each verdict as its family was corrected.

    Args:
        rows: the rows of a study; bases have no verdict.
        about: the mean or the spread.

    Returns:
        By the words of ``VOCABULARY`` in their order; of one word the clearest first, which is the one whose effect is
        largest relative to its interval.

    Example:
        >>> from seedwise.statistics import Cell, Metric, compare_study
        >>> def cell(method, values):
        ...     return Cell(
        ...         task="digits", method=method, regime="all", group=[0] * 5, replicate=range(5), values=values,
        ...         status=("finished",) * 5, metric=Metric("test/accuracy", unit="share"),
        ...     )
        >>> base, worse = [0.97, 0.98, 0.99, 0.98, 0.97], [0.90, 0.92, 0.91, 0.90, 0.91]
        >>> (one,) = resolved(compare_study([cell("base", base), cell("mine", worse)], base="base"), "mean")
        >>> one.clearest.method, one.word
        ('mine', 'worse')

    """
    by_method: dict[tuple[str, str], list[ComparisonRow]] = {}
    for row in rows:
        if row.paired is not None:
            by_method.setdefault((row.method, row.readout), []).append(row)
    found = []
    for word, meaning in VOCABULARY.items():
        if meaning.about != about:
            continue
        of_word = []
        for own in by_method.values():
            having = sorted((row for row in own if _word(row, about) == word), key=lambda row: -_clearness(row, about))
            if having:
                of_word.append(Resolved(word, tuple(having), len(own)))
        found += sorted(of_word, key=lambda one: -_clearness(one.clearest, about))
    return tuple(found)


def _word(row: ComparisonRow, about: About) -> Word | None:
    verdict: Verdict | None = row.mean_verdict if about == "mean" else row.verdict
    return None if verdict is None else verdict.word


def _clearness(row: ComparisonRow, about: About) -> float:
    found = row.mean_difference if about == "mean" else row.reduction
    if not isinstance(found, Interval) or found.high == found.low:
        return float("inf") if isinstance(found, Interval) else 0.0
    return abs(found.estimate) / (found.high - found.low)
