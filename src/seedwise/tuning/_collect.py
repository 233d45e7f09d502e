"""From a store to what a search found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seedwise.statistics import Cell, Confirmation, Interval, churn, compare_study, confirm, spread
from seedwise.study import Store, cells_of, description_of, provenance_of
from seedwise.tuning._objectives import REACHED, front, measured, shortfalls, values_of, worst_of
from seedwise.tuning._options import Objective
from seedwise.tuning._record import Choice, SearchRecord, Setting
from seedwise.tuning._results import Gain, SearchGains, SearchResults, TrialResult


def search_results(store: Store, only: str | None = None) -> list[SearchResults]:
    """Return what every search in a store found, or that of one study of trials alone."""
    searches = {name: SearchRecord.of_study(described) for name, described in store.studies().items()}
    return [
        _results(store, name, record)
        for name, record in searches.items()
        if record is not None and only in (None, name)
    ]


def _results(store: Store, name: str, record: SearchRecord) -> SearchResults:
    cells = {cell.method: cell for cell in cells_of(store, name)}
    choice = record.choice or Choice(None, record.base)
    fresh = cells_of(store, choice.fresh) if choice.fresh in store.studies() else []
    objective = record.objective
    tried_values = any(setting.params for setting in record.settings.values())
    return SearchResults(
        name=name,
        study=record.of,
        metric=cells[record.base].metric,
        objective=objective.name,
        sd_weight=objective.c,
        spread=objective.judged_spread,
        replicates=record.options["replicates"],
        base=record.base,
        tuned_base=record.options["tune_base"],
        floor=record.floor,
        has_ended=record.choice is not None,
        chosen=choice.chosen,
        chosen_base=choice.chosen_base,
        earlier=record.earlier,
        trials=_trials(record, choice, cells),
        cells=list(cells.values()),
        comparisons=[] if tried_values else compare_study([cell.shown for cell in cells.values()], base=record.base),
        importances=choice.importances,
        gains=_gains(store, choice, cells, fresh),
        confirmation=_confirmation(store, choice, fresh),
        provenance=provenance_of(store, store.runs(name), record.study, f"seedwise tune {record.of}.yaml"),
    )


def _trials(record: SearchRecord, choice: Choice, cells: Mapping[str, Cell]) -> list[TrialResult]:
    worst = worst_of(cells.values())
    trials = [_trial(name, setting, cells[name], worst, record.floor) for name, setting in record.settings.items()]
    if record.choice is not None:
        trials = [replace(trial, chosen=trial.name in (choice.chosen, choice.chosen_base)) for trial in trials]
    higher = cells[record.base].metric.higher_is_better
    for arm in dict.fromkeys(trial.arm for trial in trials):
        mine = [trial for trial in trials if trial.arm == arm]
        scored = _scored(mine, record.objective, higher_is_better=higher)
        trials = [scored.get(trial.name, trial) for trial in trials]
    return trials


def _trial(name: str, setting: Setting, cell: Cell, worst: float | None, floor: float | None) -> TrialResult:
    found = measured(cell, worst=worst) if setting.state != "running" else None
    missed = [] if found is None else shortfalls(floor, [found], higher_is_better=cell.metric.higher_is_better).tolist()
    return TrialResult(
        name=name,
        arm=setting.arm,
        params=setting.params,
        state=setting.state,
        runs=cell.n,
        failed=cell.failed,
        measured=found,
        sd=_known(spread, cell.values[cell.finished_mask]),
        churn=None if cell.predictions is None else _known(churn, cell.predictions, example_ids=cell.example_ids),
        short=any(one > REACHED for one in missed),
    )


def _scored(trials: Sequence[TrialResult], objective: Objective, *, higher_is_better: bool) -> dict[str, TrialResult]:
    """Return the finished trials of an arm, by name, with their value of the objective and whether on the front."""
    pairs = [(t, t.measured) for t in trials if t.state == "finished" and t.measured is not None]
    if not pairs:
        return {}
    found = [one for _, one in pairs]
    values = values_of(objective, found, higher_is_better=higher_is_better)[:, -1]
    # Whatever the objective: which trials have no other that is both steadier and better.
    both = Objective(name="front", spread=objective.judged_spread)
    on_front = front(values_of(both, found, higher_is_better=higher_is_better))
    return {
        trial.name: replace(trial, value=float(value), front=bool(best))
        for (trial, _), value, best in zip(pairs, values, on_front, strict=True)
    }


def _known(estimate: Callable[..., Interval], *data: Any, **options: Any) -> Interval | None:
    try:
        return estimate(*data, **options)
    except ValueError:
        return None


def _gains(store: Store, choice: Choice, cells: Mapping[str, Cell], fresh: Sequence[Cell]) -> SearchGains:
    if choice.chosen is None:
        return SearchGains()
    worst = worst_of(cells.values())

    def gain(pair: Sequence[Cell]) -> Gain | None:
        found = [one for cell in pair if (one := measured(cell, worst=worst)) is not None and not np.isnan(one.mean)]
        higher = pair[0].metric.higher_is_better
        return Gain.between(*found, higher_is_better=higher) if len(found) == 2 else None

    pair = cells[choice.chosen_base], cells[choice.chosen]
    searched = gain(pair)
    if not fresh or choice.fresh is None:
        return SearchGains(searched)
    return SearchGains(searched, gain(_plain(cells_of(store, choice.fresh, pair[0].metric.name))), gain(_plain(fresh)))


def _plain(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.readout == "plain"]


def _confirmation(store: Store, choice: Choice, fresh: Sequence[Cell]) -> Confirmation | None:
    if choice.fresh is None or not fresh:
        return None
    description = description_of(choice.fresh, store.studies()[choice.fresh])
    return confirm(fresh, description.base, description.question)
