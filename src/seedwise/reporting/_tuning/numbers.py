"""A search as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seedwise.reporting._tuning.sentences import verdicts
from seedwise.reporting._tuning.units import QUANTITIES

if TYPE_CHECKING:
    from seedwise.tuning import SearchResults, TrialResult


def search_numbers(results: SearchResults) -> dict[str, Any]:
    """Return a search as JSON values: its trials, the choice and the gains; values of the metric as they are stored."""
    known = results.gains.known()
    optimism = {name: results.gains.optimism(name) for name in QUANTITIES}
    return {
        "name": results.name,
        "metric": results.metric.name,
        "base": results.base,
        "floor": results.floor,
        "chosen": results.chosen,
        "chosen_base": results.chosen_base,
        "importances": results.importances if isinstance(results.importances, str) else dict(results.importances),
        "tuned_base": results.tuned_base,
        "trials": [_trial(trial) for trial in results.trials],
        "gains": {which: {name: gain.of(name) for name in QUANTITIES} for which, gain in known.items()},
        "optimism": {name: value for name, value in optimism.items() if value is not None},
        "verdicts": [sentence for _, sentence in verdicts(results)],
    }


def _trial(trial: TrialResult) -> dict[str, Any]:
    found = trial.measured
    return {
        "name": trial.name,
        "params": dict(trial.params),
        "state": trial.state,
        "runs": trial.runs,
        "failed": trial.failed,
        "mean": found and found.mean,
        "sd": found and found.sd,
        "churn": found and found.churn,
        "objective": trial.value,
        "front": trial.front,
        "chosen": trial.chosen,
    }
