"""Every setting that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from seedwise.reporting._table import FAILED, METHOD, VALUES, Table
from seedwise.reporting._topic import Shown, Topic
from seedwise.reporting._tuning.units import level_text, parameters
from seedwise.statistics import Metric
from seedwise.statistics.core.formatting import decimals_for, interval, number

if TYPE_CHECKING:
    from seedwise.tuning import Measured, SearchResults, TrialResult

_NOTE: Final = (
    "Every setting that was tried, with the same seeds, on validation data. Failed runs count at chance level, and "
    "disagree with every other run. Intervals: 95 %, of finished runs, for one trial that nobody picked."
)


def trials_table(results: SearchResults) -> Table:
    """Lay out what became of every trial."""
    metric = results.metric
    with_churn = any(trial.measured and trial.measured.churn is not None for trial in results.trials)
    with_params = any(trial.params for trial in results.trials)
    with_value = results.goal.is_listed
    columns = [METHOD, *([VALUES] if with_params else []), "note", "runs", FAILED, "mean", "SD [95 %]"]
    columns += [*(["churn [95 %]"] if with_churn else []), *(["objective"] if with_value else [])]
    table = []
    for trial in results.trials:
        found = trial.measured
        row = [trial.name, *([parameters(trial.params)] if with_params else []), _note(results, trial)]
        row += [str(trial.runs), str(trial.failed)]
        row += ["-", "-"] if found is None else [level_text(metric, "mean", found.mean), _sd(metric, trial, found)]
        row += [_churn(metric, trial)] if with_churn else []
        row += [_value(trial)] if with_value else []
        table.append(row)
    return Table(columns, table)


def _sd(metric: Metric, trial: TrialResult, found: Measured) -> str:
    digits = 2 if metric.is_percent else decimals_for(found.sd)
    if trial.sd is None or found.failed:
        return number(metric.scale * found.sd, digits)
    return interval(trial.sd, digits, metric.scale)


def _churn(metric: Metric, trial: TrialResult) -> str:
    found = trial.measured
    if found is not None and not found.failed and trial.churn is not None:
        return f"{interval(trial.churn, 2, 100)} %"
    return "-" if found is None or found.churn is None else level_text(metric, "churn", found.churn)


def _value(trial: TrialResult) -> str:
    return "-" if trial.value is None else number(trial.value, max(decimals_for(abs(trial.value)), 2))


def _note(results: SearchResults, trial: TrialResult) -> str:
    is_base = trial.name == results.base
    notes = ["the base"] if is_base else []
    if trial.chosen and results.chosen is not None and not is_base:
        notes.append("chosen")
    if trial.state != "finished":
        notes.append(trial.state)
    if trial.short:
        notes.append("below the floor" if results.metric.higher_is_better else "above the ceiling")
    if trial.front:
        notes.append("front")
    return ", ".join(notes)


def _show(results: SearchResults) -> Shown:
    return Shown(trials_table(results), _NOTE)


TOPIC: Final = Topic("What was tried?", _show, short="Trials")
