"""The table of results: one row per cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from seedwise.reporting._artifacts import artifact_sentences, marked
from seedwise.reporting._plan import plan_sentences
from seedwise.reporting._table import FAILED, METHOD, ON_SPREAD, REGIME, SD, TASK, N, Table
from seedwise.statistics import (
    Answer,
    Cell,
    ComparisonRow,
    Interval,
    Look,
    Metric,
    Question,
    Verdict,
    answer,
)
from seedwise.statistics.cells.cell import AS_GIVEN
from seedwise.statistics.cells.names import method_and_readout
from seedwise.statistics.cells.pairing import is_base
from seedwise.statistics.core.formatting import decimals_for, interval, number, of_first_runs, p_value, reduction

if TYPE_CHECKING:
    from seedwise.study import StudyDescription

_P, _VERDICT = "p", ON_SPREAD
_REGIMES = {"all": "all sources vary", "none": "no source varies", AS_GIVEN: ""}


@dataclass(frozen=True)
class Results:
    """The table of results of a study.

    Attributes:
        title: what was trained and how.
        table: one row of texts per cell, with the verdict on spread.
        narrow: what of it every reader needs: names, n, failed runs if there are any, mean, SD and reduction.
        numbers: the table with the corrected p instead of the verdict.
        plan: sentences on the runs that what is not resolved takes.
        reasons: sentences on numbers that could not be given.
        comparisons: the numbers behind the rows; shares of examples in percent.
        base: the method that the others are compared with.
        decimals: of SDs, by task, as tasks may have scales of their own.

    """

    title: str
    table: Table
    narrow: Table
    numbers: Table
    plan: list[str]
    reasons: list[str]
    comparisons: list[ComparisonRow]
    base: str
    decimals: Mapping[str, int]


def headline(
    models: Mapping[str, str | None],
    cells: Sequence[Cell],
    rows: Sequence[ComparisonRow],
    title_of: Callable[[str], str] = str,
) -> str:
    """Return one line on what was trained: task, model, what varies, how many runs, paired or not.

    Args:
        models: by task, the name of the network, or None.
        cells: the runs.
        rows: their comparisons.
        title_of: what a task is called where it is shown; empty where there is nothing to call it.

    """
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    names = {models.get(task) for task in tasks}
    name = names.pop() if len(names) == 1 else None  # of several, each task has its own
    runs = max((cell.n for cell in cells), default=0)
    pairings = {row.paired for row in rows if row.paired is not None}
    if any(cell.folds is not None for cell in cells):
        count, paired = f"{runs} runs over folds", " paired by fold"
    elif cells[0].regime == AS_GIVEN:
        count, paired = f"{runs} run{'' if runs == 1 else 's'} of each method", ", paired by seed"
    else:
        count, paired = f"{runs} replicate{'' if runs == 1 else 's'}", " paired by seed"
    how = {frozenset({True}): paired, frozenset({False}): ", not paired"}.get(frozenset(pairings), "")
    return ", ".join(filter(None, [*map(title_of, tasks), name, what_varies(cells), f"{count}{how}"]))


def what_varies(cells: Sequence[Cell]) -> str:
    """Return which sources vary; those that do so in no cell that names them are said not to; "" if nobody knows."""
    regimes = list(dict.fromkeys(cell.regime for cell in cells))
    named = list(dict.fromkeys(source for cell in cells for source in cell.unvaried))
    still = [s for s in named if all(s in cell.unvaried for cell in cells if s in cell.sources)]
    if len(regimes) > 1:
        return f"{len(regimes)} regimes" + (f" ({', '.join(still)} vary in none)" if still else "")
    regime = regimes[0]
    if not still:
        return _REGIMES.get(regime, f"{regime} varies")
    rest = [source for source in cells[0].sources if source not in still]
    if not rest:
        return f"{regime} does not vary" if regime != "all" else "no source varies"
    return f"{', '.join(rest)} var{'ies' if len(rest) == 1 else 'y'}, {', '.join(still)} not"


def still_sentences(cells: Sequence[Cell], *, several_tasks: bool) -> list[str]:
    """Return a sentence for every source that does not vary as its regime says, and for runs that are alike."""
    found = []
    for cell in cells:
        if cell.readout != "plain":
            continue
        where = f"{f'{cell.task}, ' if several_tasks else ''}{cell.method} ({cell.regime})"
        if [cell.unvaried.get(source) for source in cell.sources] == ["not drawn"] * len(cell.sources) != []:
            found.append(f"{where}: {_nothing_drawn(cell.sources)}")
        else:
            found += [f"{where}: {_STILL[why].format(source=source)}" for source, why in cell.unvaried.items()]
        if cell.distinct is not None and cell.distinct < cell.finished:
            alike = "all are the same" if cell.distinct == 1 else f"only {cell.distinct} are different"
            why = ": the training is deterministic, or the seed has no effect" if cell.distinct == 1 else ""
            found.append(f"{where}: of {cell.finished} finished runs {alike}, compared bit for bit{why}")
        elif cell.alike:
            found.append(
                f"{where}: all {cell.finished} finished runs have the same results: the training is deterministic, the "
                "seed has no effect, or too little was recorded to tell (log a loss, or give run.save_predictions "
                "probabilities)"
            )
    return found


def _nothing_drawn(sources: Sequence[str]) -> str:
    if len(sources) == 1:
        still = _STILL["not drawn"].format(source=sources[0])
    else:
        still = f"the sources {', '.join(sources)} do not vary: nothing drew from them"
    return (
        f"{still}. What is seeded outside every scope is the same in every run: put what draws into a block "
        f"'with run.randomness.scope(\"{sources[0]}\"):'"
    )


_STILL = {
    "not drawn": "the source '{source}' does not vary: nothing drew from it",
    "no bit": "the source '{source}' does not vary: the runs of a regime that varies it are the same to the last bit",
    "reseeded": (
        "the source '{source}' does not vary what it should: inside its scope the code seeds a global generator with a "
        "value of its own ('seedwise doctor' says which)"
    ),
}


def results_of(description: StudyDescription, cells: Sequence[Cell]) -> Results:
    """Compare the cells of a study, in the order of the study file, with its base, and lay the numbers out."""
    base = description.base or cells[0].method
    found = compared(
        cells,
        base=base,
        question=description.question,
        look=description.look,
        models=description.models,
        title_of=description.title_of,
    )
    if not description.artifacts:
        return found
    table, narrow, numbers = (marked(one, description.artifacts) for one in (found.table, found.narrow, found.numbers))
    reasons = [*artifact_sentences(description, cells, found.decimals), *found.reasons]
    return replace(found, table=table, narrow=narrow, numbers=numbers, reasons=reasons)


def compared(
    cells: Sequence[Cell],
    *,
    base: str,
    question: Question,
    look: Look | None = None,
    models: Mapping[str, str | None] = MappingProxyType({}),
    title_of: Callable[[str], str] = str,
) -> Results:
    """Compare cells with their base and lay the numbers out.

    Args:
        cells: the cells, in the order of the table.
        base: the method that the others are compared with.
        question: what is asked.
        look: the look at a study that grows.
        models: by task, the name of the network, or None.
        title_of: what a task is called where it is shown.

    """
    found = answer(cells, base, question, look)
    return laid_out(found, headline(models, cells, found.rows, title_of), base, cells)


def laid_out(found: Answer, title: str, base: str, cells: Sequence[Cell] = ()) -> Results:
    """Lay the numbers of comparisons out.

    Args:
        found: the comparisons, with their plan.
        title: what was trained and how.
        base: the method that the others are compared with.
        cells: the runs, for what else is said of them.

    """
    rows = found.rows
    share = rows[0].metric.is_percent
    several_regimes = len({row.regime for row in rows}) > 1
    several_tasks = len({row.task for row in rows}) > 1
    several_readouts = len({row.readout for row in rows}) > 1
    decimals = _decimals_by_task(rows, share)
    with_churn = any(isinstance(row.churn, Interval) for row in rows)
    with_difference = any(isinstance(row.forecast_difference, Interval) for row in rows)
    columns = ([TASK] if several_tasks else []) + ([REGIME] if several_regimes else [])
    columns += [
        METHOD,
        *(["readout"] if several_readouts else []),
        N,
        FAILED,
        rows[0].metric.title,
        SD,
        "reduction [95 %]",
        _P,
    ]
    columns += ["churn [95 %]"] if with_churn else []
    columns += ["forecast difference [95 %]"] if with_difference else []
    columns += [_VERDICT]
    by_place = {(cell.task, cell.regime, cell.method, cell.readout): cell for cell in cells}
    with_alike = any(cell.distinct is not None and cell.distinct < cell.finished for cell in cells)
    with_still = any(cell.unvaried for cell in cells)
    columns[-1:-1] = [*(["different"] if with_alike else []), *(["does not vary"] if with_still else [])]
    table = []
    reasons = still_sentences(cells, several_tasks=several_tasks)
    for row in rows:
        lead = ([row.task] if several_tasks else []) + ([row.regime] if several_regimes else [])
        spread, mean = _spread_and_mean(row, decimals[row.task])
        cells_of_row = [
            *lead,
            row.method,
            *([row.readout] if several_readouts else []),
            str(row.n),
            str(row.failed),
            mean,
            spread,
            _reduction(row, base),
            p_value(row.p_adjusted),
        ]
        if with_churn:
            churn = row.churn
            cells_of_row.append(f"{interval(churn, 2, 100)} %" if isinstance(churn, Interval) else "-")
        if with_difference:
            apart = row.forecast_difference
            if isinstance(apart, Interval):
                cells_of_row.append(f"{interval(apart, 1, 100)} %{of_first_runs(apart.n, row.n)}")
            else:
                cells_of_row.append("-")
        place = (row.task, row.regime, row.method, row.readout)
        if with_alike:
            cell = by_place[place]
            known = cell.distinct is not None and cell.readout == "plain"
            cells_of_row.append(f"{cell.distinct} of {cell.finished}" if known else "-")
        if with_still:
            cells_of_row.append(", ".join(by_place[place].unvaried) or "-")
        table.append([*cells_of_row, _verdict(row, base)])
        reasons += _reasons(row, base, several_tasks=several_tasks)
    full = Table(columns, table)
    shown = full.without(_P)
    narrow = shown.only([c for c in columns[: columns.index(_P)] if c != FAILED or any(row.failed for row in rows)])
    numbers, unique = full.without(_VERDICT), list(dict.fromkeys(reasons))
    return Results(title, shown, narrow, numbers, plan_sentences(found.plan), unique, list(rows), base, decimals)


def _spread_and_mean(row: ComparisonRow, decimals: int) -> tuple[str, str]:
    spread = row.spread
    if isinstance(spread, Interval):
        text = interval(spread, decimals)
        text += " of finished runs" if row.failed else ""
    else:
        text = "-"
    if row.mean is None:
        return text, "-"
    return text, number(row.mean, decimals) + (f" {row.metric.unit}" if row.metric.unit else "")


def _decimals_by_task(rows: Sequence[ComparisonRow], share: bool) -> dict[str, int]:
    """Return how many decimals SDs have; shares are on one scale, so that all tasks have the same."""
    tasks = dict.fromkeys(row.task for row in rows)
    if share:
        return dict.fromkeys(tasks, _decimals(rows, share))
    return {task: _decimals([row for row in rows if row.task == task], share) for task in tasks}


def _decimals(rows: Sequence[ComparisonRow], share: bool) -> int:
    """Return how many decimals show two digits of the smallest SD; three without any; of shares, two or three."""
    spreads = [row.spread.estimate for row in rows if isinstance(row.spread, Interval)]
    needed = max((decimals_for(value) for value in spreads), default=2 if share else 3)
    return min(max(needed, 2), 3) if share else needed


def _reduction(row: ComparisonRow, base: str) -> str:
    if isinstance(row.reduction, str):
        return "" if is_base(row, base) else "-"
    return reduction(row.reduction)


def _verdict(row: ComparisonRow, base: str) -> str:
    if row.verdict is not None:
        return row.verdict.short or row.verdict.sentence
    return "" if is_base(row, base) else row.verdict_reason


def _reasons(row: ComparisonRow, base: str, *, several_tasks: bool) -> list[str]:
    where = f"{method_and_readout(row)} ({f'{row.task}, ' if several_tasks else ''}{row.regime})"
    found = []
    if isinstance(row.spread, str):
        found.append(f"{where}: no SD: {row.spread}")
    if row.pending and row.regime != AS_GIVEN:  # of other tools' runs these are partners that there are not
        what = "trained" if row.readout == "plain" else "read out"
        runs = "1 run is" if row.pending == 1 else f"{row.pending} runs are"
        found.append(f"{where}: {runs} still to be {what}")
    if not is_base(row, base) and isinstance(row.reduction, str) and row.reduction != row.verdict_reason:
        found.append(f"{where}: no reduction: {row.reduction}")
    return found


def row_numbers(row: ComparisonRow) -> dict[str, Any]:
    """Return the numbers of a row, flat.

    An interval becomes ``name``, ``name_low``, ``name_high`` and perhaps ``name_p``, a verdict its word and
    ``name_sentence``, and the fields of any other result are joined to its name. Of what cannot be given, ``name`` is
    None and ``name_reason`` says why.
    """
    return _flat(row, "")


def _flat(result: Any, prefix: str) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    declared = get_type_hints(type(result))
    for field in fields(result):
        name, value = prefix + field.name, getattr(result, field.name)
        if isinstance(value, Interval):
            numbers |= {name: value.estimate, f"{name}_low": value.low, f"{name}_high": value.high}
            numbers |= {} if value.p_value is None else {f"{name}_p": value.p_value}
        elif isinstance(value, Verdict):
            numbers |= {name: value.word, f"{name}_sentence": value.sentence}
        elif isinstance(value, Metric):
            numbers[name] = value.name
        elif is_dataclass(value):
            numbers |= _flat(value, f"{name}_")
        elif isinstance(value, str) and any(map(is_dataclass, get_args(declared[field.name]))):
            numbers |= {name: None, f"{name}_reason": value}
        else:
            numbers[name] = value
    return numbers
