"""Every comparison of a study in the order in which it is read: resolved ones first, and of each kind one in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.candidates import EnsemblesOfCell
from seedwise.statistics.comparison.families import EnsembleComparison, ensemble_comparisons
from seedwise.statistics.comparison.row import ComparisonRow
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.verdicts.recommendation import Cost, dearness
from seedwise.statistics.verdicts.verdict import Verdict, spread_verdict

_ALL_IN_FRONT: Final = 12
"""So many comparisons are all read; of more, those that say nothing stand behind the others."""


_UNKNOWN: Final = Cost(None, None)


class Standing(StrEnum):
    """What is known of a spread next to that of the base."""

    BASE = "base"
    STEADIER = "steadier"
    LESS_STEADY = "less steady"
    AS_STEADY = "as steady"
    UNCORRECTED = "not resolved after correction"
    """Its own interval excludes equal spread; among all comparisons, chance explains it."""
    OPEN = "not resolved"
    NONE = "no verdict"

    @property
    def differs(self) -> bool:
        """Whether a difference from the base is resolved."""
        return self in (Standing.STEADIER, Standing.LESS_STEADY)

    @property
    def is_worth_reading(self) -> bool:
        """Whether anything was found that chance in this one comparison does not explain."""
        return self not in (Standing.OPEN, Standing.NONE)


@dataclass(frozen=True)
class Entry:
    """A way of training and of reading out, next to the base's plain runs.

    Attributes:
        task, regime, method, readout: where it belongs; of an ensemble, the readout of its members.
        standing: what is known of its spread.
        n: finished runs; of ensembles, of the pool.
        failed: failed runs.
        mean: mean of the metric, in the unit shown; None without finished runs.
        spread: SD with its interval, or why there is none.
        reduction: percent by which the SD is smaller than the base's, or why it is not known.
        why: the verdict in a sentence, or why there is none; empty for the base.
        mean_verdict: of the mean; None if there is none, as of ensembles.
        churn_ratio: churn relative to the base's, or None where that is not known.
        cost: training and inference relative to one plain run of the base.
        size: runs in an ensemble; None if it is none.
        controls: the method that it is a control of, or None.

    """

    task: str
    regime: str
    method: str
    readout: str
    standing: Standing
    n: int
    failed: int
    mean: float | None
    spread: Interval | str
    reduction: Interval | str
    why: str
    mean_verdict: Verdict | None = None
    churn_ratio: Interval | None = None
    cost: Cost = _UNKNOWN
    size: int | None = None
    controls: str | None = None

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Task, regime, method and readout."""
        return self.task, self.regime, self.method, self.readout

    @property
    def is_worth_reading(self) -> bool:
        """Whether anything was found about its spread or its mean that chance in one comparison does not explain."""
        of_mean = self.mean_verdict is not None and not self.mean_verdict.is_open
        return self.standing.is_worth_reading or of_mean

    @property
    def has_worse_mean(self) -> bool:
        """Whether its mean is resolved to be worse than the base's."""
        return self.mean_verdict is not None and self.mean_verdict.word == "worse"

    @property
    def is_plain(self) -> bool:
        """Whether it is a way of training, read out as it is."""
        return self.readout == "plain" and self.size is None


@dataclass(frozen=True)
class Kind:
    """Comparisons of which one stands for the others.

    Attributes:
        head: the one in front.
        controls: controls of it, where it is a method.
        same: the same readout of other methods.

    """

    head: Entry
    controls: tuple[Entry, ...] = ()
    same: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them."""
        return (self.head, *self.controls, *self.same)


@dataclass(frozen=True)
class Place:
    """The comparisons of one task and regime.

    Attributes:
        task, regime: which.
        base: what the others are compared with.
        front: kinds that are read at once, resolved ones first.
        behind: kinds of which nothing is resolved.

    """

    task: str
    regime: str
    base: Entry
    front: tuple[Kind, ...]
    behind: tuple[Kind, ...]


@dataclass(frozen=True)
class Overview:
    """All comparisons of a study.

    Attributes:
        places: a task and regime each.
        families: how many comparisons were corrected together: those of methods and readouts, and those of ensembles;
            no family is empty.

    """

    places: tuple[Place, ...]
    families: tuple[int, ...]

    @property
    def entries(self) -> list[Entry]:
        """All comparisons, the bases left out."""
        kinds = [kind for place in self.places for kind in (*place.front, *place.behind)]
        return [entry for kind in kinds for entry in kind.entries]

    @property
    def resolved(self) -> list[Entry]:
        """Those that differ from the base in spread."""
        return [entry for entry in self.entries if entry.standing.differs]

    @property
    def cheapest(self) -> Entry | None:
        """The steadier one that trains, and of equals predicts, in the least time: chosen by its runs, optimistic.

        One with a worse mean is chosen only where all are.
        """
        steadier = [entry for entry in self.entries if entry.standing is Standing.STEADIER]
        return min(steadier, key=lambda entry: (entry.has_worse_mean, dearness(entry.cost)), default=None)


def overview(
    rows: Sequence[ComparisonRow],
    base: str,
    *,
    ensembles: Sequence[EnsemblesOfCell] = (),
    costs: Sequence[Cost] = (),
    churn_ratios: Sequence[Interval | None] = (),
    controls: Mapping[str, str] | None = None,
    alpha: float = 0.05,
) -> Overview:
    """Order the comparisons of a study as they are read.

    Resolved ones come first; a readout of the base stands for that of the other methods, and a method for its controls,
    unless one of these is resolved and it is not. Where nothing was found, the methods stand in front. Each family of
    comparisons was corrected by itself.

    Args:
        rows: the rows of a study, bases included, in the unit shown.
        base: the method that the others are compared with.
        ensembles: the ensembles of the study, of shares of examples.
        costs: what each row costs; empty: not known.
        churn_ratios: of each row the churn relative to the base's; empty: not known.
        controls: by method, the method that it is a control of.
        alpha: significance level of the ensembles.

    """
    controls = controls or {}
    entries = [
        _of_row(
            row,
            base,
            costs[position] if costs else _UNKNOWN,
            churn_ratios[position] if churn_ratios else None,
            controls.get(row.method),
        )
        for position, row in enumerate(rows)
    ]
    cost_at = {(e.task, e.regime, e.method, e.readout): e.cost for e in entries}
    compared = ensemble_comparisons([one.found for one in ensembles])
    entries += [
        _of_ensemble(one, found, cost_at[one.task, one.regime, one.method, one.readout], base, alpha)
        for one, found in zip(ensembles, compared, strict=True)
    ]
    few = len(entries) <= _ALL_IN_FRONT
    places = []
    for task, regime in dict.fromkeys((entry.task, entry.regime) for entry in entries):
        here = [entry for entry in entries if (entry.task, entry.regime) == (task, regime)]
        of_base = next(entry for entry in here if entry.standing is Standing.BASE)
        kinds = _kinds([entry for entry in here if entry is not of_base], base)
        read = {id(kind) for kind in kinds if few or _worth(kind)}
        read = read or {id(kind) for kind in kinds if kind.head.is_plain}
        in_front = sorted((k for k in kinds if id(k) in read), key=_rank)
        behind = [kind for kind in kinds if id(kind) not in read]
        places.append(Place(task, regime, of_base, tuple(in_front), tuple(behind)))
    families = (sum(not is_base(row, base) for row in rows), len(ensembles))
    return Overview(tuple(places), tuple(size for size in families if size))


def _worth(kind: Kind) -> bool:
    return any(entry.is_worth_reading for entry in (kind.head, *kind.controls))


_FOUND: Final = (Standing.AS_STEADY, Standing.UNCORRECTED)


def _rank(kind: Kind) -> int:
    standing = kind.head.standing
    if standing.differs:
        return 0
    if standing in _FOUND:
        return _FOUND.index(standing) + 1
    return len(_FOUND) + (1 if kind.head.is_worth_reading else 2)


def _kinds(entries: Sequence[Entry], base: str) -> list[Kind]:
    plain = [entry for entry in entries if entry.is_plain]
    methods = {entry.method for entry in plain}
    kinds = [
        Kind(entry, controls=tuple(other for other in plain if other.controls == entry.method))
        for entry in plain
        if entry.controls not in methods
    ]
    rest = [entry for entry in entries if not entry.is_plain]
    by_readout = sorted(rest, key=lambda entry: (entry.size or 0, entry.readout))
    for _, group in groupby(by_readout, key=lambda entry: (entry.size, entry.readout)):
        members = list(group)
        lead = next((entry for entry in members if entry.method == base), members[0])
        others = [entry for entry in members if entry is not lead]
        alone = [] if lead.standing.differs else [entry for entry in others if entry.standing.differs]
        kinds += [Kind(entry) for entry in alone]
        kinds.append(Kind(lead, same=tuple(entry for entry in others if entry not in alone)))
    return kinds


def _of_row(row: ComparisonRow, base: str, cost: Cost, churn_ratio: Interval | None, control_of: str | None) -> Entry:
    return Entry(
        row.task,
        row.regime,
        row.method,
        row.readout,
        Standing.BASE if is_base(row, base) else _standing(row.verdict, row.reduction),
        row.n,
        row.failed,
        row.mean,
        row.spread,
        row.reduction,
        "" if is_base(row, base) else row.verdict.sentence if row.verdict else row.verdict_reason,
        row.mean_verdict,
        churn_ratio,
        cost,
        controls=control_of,
    )


def _of_ensemble(one: EnsemblesOfCell, found: EnsembleComparison | str, cost: Cost, base: str, alpha: float) -> Entry:
    dearer = cost.times(one.size)
    where = one.task, one.regime, one.method, one.readout
    if isinstance(found, str):
        return Entry(*where, Standing.NONE, 0, 0, None, found, found, found, cost=dearer, size=one.size)
    verdict = spread_verdict(found.found.ratio, p_adjusted=found.p_adjusted, alpha=alpha)
    reduction = found.found.reduction
    return Entry(
        *where,
        _standing(verdict, reduction),
        found.found.n,
        0,
        100 * found.found.mean.estimate,
        _in_percent(found.found.spread),
        reduction,
        verdict.sentence,
        churn_ratio=found.found.churn_ratio if one.method == base else None,
        cost=dearer,
        size=one.size,
    )


def _in_percent(found: Interval) -> Interval:
    return Interval(
        100 * found.estimate, 100 * found.low, 100 * found.high, found.level, found.n, found.procedure, found.p_value
    )


def _standing(verdict: Verdict | None, reduction: Interval | str) -> Standing:
    if verdict is None:
        return Standing.NONE
    if verdict.word == "reduced":
        return Standing.STEADIER
    if verdict.word == "increased":
        return Standing.LESS_STEADY
    if not verdict.is_open:
        return Standing.AS_STEADY
    excludes = isinstance(reduction, Interval) and (reduction.low > 0 or reduction.high < 0)
    return Standing.UNCORRECTED if excludes else Standing.OPEN
