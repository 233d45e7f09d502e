"""The runs of a search as studies: all trials in one, the fresh runs at its end in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedwise.study import PlannedRun, Study, check_study, plan
from seedwise.tuning._names import fresh_study_name, trials_study_name
from seedwise.tuning._options import Tune
from seedwise.tuning._record import SearchRecord

_NOT_OF_TRIALS = {
    "methods", "sweep", "base", "tune", "until", "published", "published_ranges", "source", "readouts",
    "replicates",
}  # fmt: skip


class TrialsStudy(Study):
    """The trials of a search: a method each, on validation data alone, paired by seed.

    Args:
        study: the study that is tuned.
        methods: the overrides of the base and of every trial, by name.
        runs: how many replicates each has; the same seeds for all.
        record: the search, as far as it has come.
        warned: likely mistakes that were told already.

    """

    def __init__(
        self,
        study: Study,
        methods: Mapping[str, Mapping[str, Any]],
        runs: Mapping[str, int],
        record: SearchRecord,
        warned: set[str],
    ) -> None:
        spec = study.spec
        kept = spec.model_dump(mode="json", exclude_unset=True, exclude=_NOT_OF_TRIALS)
        if spec.is_builtin:
            kept["task"] = {**spec.task, "test": "none"}
        own = {"name": trials_study_name(spec.name), "methods": methods, "replicates": max(runs.values())}
        super().__init__(
            check_study({**kept, **own}, "tune"), store=study.store_path, folder=study.folder, warned=warned
        )
        self.runs = dict(runs)
        self.record = record

    def plan(self) -> list[PlannedRun]:
        """Return the runs of all trials, so many of each as it has."""
        first = self.spec.first_replicate
        return [p for p in plan(self.spec) if p.link.replicate - first < self.runs[p.link.method]]

    def describe(self) -> dict[str, Any]:
        """Return what a report needs to know: metrics are those of the validation data."""
        described = super().describe()
        metrics = {
            task: [{**metric, "name": on_validation(metric["name"])} for metric in found]
            for task, found in described["metrics"].items()
        }
        return {**described, "metrics": metrics, "tuning": self.record.to_json()}


def on_validation(metric: str) -> str:
    """Return the name of a metric on validation data.

    Example:
        >>> on_validation("accuracy"), on_validation("test/loss")
        ('validation/accuracy', 'validation/loss')

    """
    return metric if metric.startswith("validation/") else f"validation/{metric.removeprefix('test/')}"


def fresh_study(study: Study, tune: Tune, methods: Mapping[str, Mapping[str, Any]], warned: set[str]) -> Study:
    """Return a study of the base and the choice on the test set, with seeds that come after those of all trials.

    Args:
        study: the study that was tuned.
        tune: how.
        methods: the overrides of the base, which comes first, and of the choice.
        warned: likely mistakes that were told already.

    """
    spec = study.spec
    kept = spec.model_dump(mode="json", exclude_unset=True, exclude=_NOT_OF_TRIALS - {"readouts"})
    own = {
        "name": fresh_study_name(spec.name),
        "methods": methods,
        "first_replicate": spec.first_replicate + max(spec.replicates, tune.replicates),
        "replicates": tune.fresh,
    }
    return Study(check_study({**kept, **own}, "tune"), store=study.store_path, folder=study.folder, warned=warned)
