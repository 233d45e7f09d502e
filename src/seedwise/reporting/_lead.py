"""What stands on the first screen: the question, a sentence that answers it, and three numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seedwise.reporting._main_table import name_of
from seedwise.reporting._statement import on_the_mean
from seedwise.reporting._topic import Compared, place_of
from seedwise.statistics import Interval
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.comparison.of_cells import is_accuracy, sources_of
from seedwise.statistics.comparison.overview import Entry, Overview, Standing
from seedwise.statistics.core.formatting import number, whole_percentages, with_limits

if TYPE_CHECKING:
    from seedwise.study import CellResults

_MOST_NAMED = 3


@dataclass(frozen=True)
class Tile:
    """A number that is to be seen at once.

    Attributes:
        number: with its unit.
        text: what it is.

    """

    number: str
    text: str


@dataclass(frozen=True)
class Lead:
    """The first screen.

    Attributes:
        question: what was asked.
        answer: what the runs say, as far as it stands before what is resolved.
        resolved: what is resolved; empty if nothing is.
        rest: what follows it.
        tiles: three numbers, or fewer where they are not known.

    """

    question: str
    answer: str
    resolved: str = ""
    rest: str = ""
    tiles: tuple[Tile, ...] = ()

    @property
    def text(self) -> str:
        """The answer as one text."""
        return " ".join(part for part in (self.answer, self.resolved, self.rest) if part)


def lead_of(found: Compared, statement: str = "", fresh: Overview | None = None) -> Lead:
    """Return the first screen of a study.

    Args:
        found: its results.
        statement: the answer where it is known, of a comparison that asks about means, too.
        fresh: what runs with fresh seeds say of the choice, if there are any.

    """
    over, tiles = found.overview, tuple(_tiles(found))
    if statement:
        return Lead(_question(found, "better or steadier"), statement, tiles=tiles)
    answer, resolved, rest = _answer(over, found.base, found, fresh)
    chosen = over.cheapest
    own = [row for row in found.rows if chosen is not None and chosen.size is None and place_of(row) == chosen.place]
    others = on_the_mean([row for row in found.rows if row not in own], found.base)
    # What is said of the mean of the choice comes before it: nobody shall choose what is steady and bad.
    before = on_the_mean(own, found.base) if own else "" if resolved else others
    answer = " ".join(filter(None, (answer, before)))
    rest = " ".join(filter(None, (rest, others if resolved else "")))
    return Lead(_question(found, "steadier"), answer, resolved, rest, tiles)


def _question(found: Compared, better: str) -> str:
    entries, metric = found.overview.entries, found.rows[0].metric
    description = found.study.description
    tasks = list(dict.fromkeys(row.task for row in found.rows))
    models = {description.models.get(task) for task in tasks}
    of = f" of {models.pop()}" if len(models) == 1 and None not in models else ""
    task = description.title_of(tasks[0]) if len(tasks) == 1 else f"{len(tasks)} tasks"
    on = f" on {task}" if task else ""
    what = f"{'the ' * bool(of or on)}{metric.title}{of}{on}"
    if not entries:
        return f"How much does {what} depend on the seed?"
    ways = list(dict.fromkeys((entry.method, entry.readout, entry.size) for entry in entries))
    if len(ways) == 1:
        name, whose = name_of(entries[0], found.base)
        return f"Is {f'{name} {whose}'.strip()} {better} than {found.base}, by {what}?"
    kind = "methods" if all(entry.is_plain for entry in entries) else "ways to train or to predict"
    return f"Does any of {len(ways)} {kind} make {what} {better}?"


def _answer(over: Overview, base: str, found: Compared, fresh: Overview | None) -> tuple[str, str, str]:
    if not over.entries:
        spread = over.places[0].base.spread
        task = over.places[0].task
        if isinstance(spread, str):
            return f"These runs do not say: {spread}.", "", ""
        return f"Runs that differ in their seeds alone differ by {_points(found, spread, task)} (SD).", "", ""
    best = over.cheapest
    worse = [entry for entry in over.resolved if entry.standing is Standing.LESS_STEADY]
    less = f"{_names(worse, base)} {'is' if len(worse) == 1 else 'are'} less steady." if worse else ""
    several = len(over.entries) > 1
    if best is None:
        if len(over.entries) == len(worse):
            return less, "", ""
        if any(entry.standing is Standing.AS_STEADY for entry in over.entries) and not several:
            return f"{over.entries[0].method} is as steady as {base}.", "", ""
        nobody = f"Nothing is resolved to be steadier than {base}"
        if not several:
            name, whose = name_of(over.entries[0], base)
            nobody = f"{f'{name} {whose}'.strip()} is not resolved to be steadier than {base}"
        runs = max(entry.n + entry.failed for entry in over.entries)
        return f"{nobody}: these {runs} runs per method cannot tell. {less}".rstrip(), "", ""
    assert isinstance(best.reduction, Interval)
    before = ""
    if not best.is_plain and any(entry.is_plain for entry in over.entries):
        steadier = any(entry.is_plain and entry.standing is Standing.STEADIER for entry in over.entries)
        before = "" if steadier else "No way of training is resolved to be steadier."
    percent, low, high = whole_percentages(best.reduction.estimate, best.reduction.low, best.reduction.high)
    name, whose = name_of(best, base)
    subject = f"An {name} {whose}".strip() if best.size is not None else f"{name} {whose}".strip()
    others = sum(entry.standing is Standing.STEADIER for entry in over.entries) - 1
    rest = f"[{low}, {high}]" + (_of_fresh(best, fresh) if several else ".")
    if others:
        rest += f" It is the cheapest of {others + 1} that are."
    is_it = "is" if before else "is steadier"
    return before, f"{subject} {is_it}: {percent} % less spread", " ".join(part for part in (rest, less) if part)


def _of_fresh(best: Entry, fresh: Overview | None) -> str:
    """Return what fresh seeds say of a choice, which the runs that speak for it make look better than it is."""
    for again in () if fresh is None else fresh.entries:
        same = (again.method, again.readout, again.size) == (best.method, best.readout, best.size)
        if same and isinstance(again.reduction, Interval):
            reduction = again.reduction
            percent, low, high = whole_percentages(reduction.estimate, reduction.low, reduction.high)
            return f", on fresh seeds {percent}\u00a0% [{low}, {high}]."
    return "; selected, optimistic until fresh seeds confirm it."


def _names(entries: list[Entry], base: str) -> str:
    names = list(dict.fromkeys(" ".join(filter(None, name_of(entry, base))) for entry in entries))
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _tiles(found: Compared) -> list[Tile]:
    return [tile for tile in (_runs_tile(found), _spread_tile(found), _noise_tile(found)) if tile is not None]


def _runs_tile(found: Compared) -> Tile:
    rows = found.rows
    counts = [row.n + row.failed for row in rows]
    few, most = min(counts), max(counts)
    number_of = f"{most} runs" if few == most else f"{few} to {most} runs"
    methods = len({row.method for row in rows})
    failed = {(row.task, row.regime, row.method): row.failed for row in rows if row.readout == "plain"}
    lost = sum(failed.values())
    pairings = {row.paired for row in rows if row.paired is not None}
    how = {frozenset({True}): ", paired by seed", frozenset({False}): ", not paired"}.get(frozenset(pairings), "")
    what = f"of each of {methods} methods" if methods > 1 else f"of {rows[0].method}"
    tasks, regimes = len({row.task for row in rows}), len({row.regime for row in rows})
    where = f" on {tasks} tasks" * (tasks > 1) + f" in {regimes} regimes" * (regimes > 1)
    return Tile(number_of, f"{what}{where}, {f'{lost} failed' if lost else 'none failed'}{how}")


def _spread_tile(found: Compared) -> Tile | None:
    bases = [row for row in found.rows if is_base(row, found.base)]
    spreads = [(row.spread, row.task) for row in bases if isinstance(row.spread, Interval)]
    if not spreads:
        return None
    unit = f" {found.rows[0].metric.unit_of_differences}".rstrip()
    decimals = found.results.decimals
    if len(spreads) == 1:
        spread, task = spreads[0]
        low, sd, high = (number(v, decimals[task]) for v in (spread.low, spread.estimate, spread.high))
        return Tile(f"{sd}{unit}", f"SD of {found.base}, 95 % interval {low} to {high}")
    estimates = sorted((spread.estimate, task) for spread, task in spreads)
    low, high = (number(sd, decimals[task]) for sd, task in (estimates[0], estimates[-1]))
    return Tile(
        f"{low}{unit}" if low == high else f"{low} to {high}{unit}",
        f"SD of {found.base}, the smallest and the largest of {len(spreads)}",
    )


def _noise_tile(found: Compared) -> Tile | None:
    """Return the share of the base's variance that is noise of the test set, else the churn of its runs."""
    bases = [part for part in found.study.parts if is_base(part.cell, found.base)]
    if len(bases) != 1:
        return None
    share = _noise(bases[0])
    if share is not None:
        low, middle, high = (round(100 * value) for value in (share.low, share.estimate, share.high))
        assert bases[0].labels is not None
        return Tile(
            f"{middle} %", f"of its variance is noise of {bases[0].labels.size} test examples, {low} to {high} %"
        )
    row = next(row for row in found.rows if is_base(row, found.base))
    if isinstance(row.churn, Interval):
        return Tile(
            f"{number(100 * row.churn.estimate, 2)} %", "of test examples are predicted differently by two runs"
        )
    return None


def _noise(part: CellResults) -> Interval | None:
    if not is_accuracy(part.cell, part.labels):
        return None
    try:
        found = sources_of(part.cell, part.labels)
    except ValueError:
        return None
    return None if found is None else found.share_of_noise


def _points(found: Compared, spread: Interval, task: str) -> str:
    unit = f" {found.rows[0].metric.unit_of_differences}".rstrip()
    decimals = found.results.decimals[task]
    middle, low, high = with_limits(spread.estimate, spread.low, spread.high, decimals=decimals)
    return f"{middle}{unit} [{low}, {high}]"
