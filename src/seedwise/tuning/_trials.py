"""The runs of a search as studies: all trials in one, the fresh runs at its end in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seedwise.study import PlannedRun, Study, StudySpec, check_study, plan
from seedwise.training import FUNCTION

_NOT_OF_TRIALS = {
    "methods", "sweep", "baseline", "tune", "until", "published", "published_ranges", "source", "readouts",
    "replicates",
}  # fmt: skip


class TrialsStudy(Study):
    """The trials of a search: a method each, on validation data alone, paired by seed.

    Args:
        study: the study that is tuned.
        methods: the overrides of the base and of every trial, by name.
        runs: how many replicates each has; the same seeds for all.
        tuning: what a report needs to know of the search, JSON values.

    """

    def __init__(
        self,
        study: Study,
        methods: Mapping[str, Mapping[str, Any]],
        runs: Mapping[str, int],
        tuning: Mapping[str, Any],
    ) -> None:
        spec = study.spec
        kept = spec.model_dump(mode="json", exclude_unset=True, exclude=_NOT_OF_TRIALS)
        if spec.function == FUNCTION:
            kept["task"] = {**spec.task, "test": "none"}
        own = {"name": f"{spec.name}-trials", "methods": methods, "replicates": max(runs.values())}
        super().__init__(check_study({**kept, **own}, "tune"), store=study.store_path, folder=study.folder)
        self.runs = dict(runs)
        self.tuning = dict(tuning)

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
        return {**described, "metrics": metrics, "tuning": self.tuning}


def on_validation(metric: str) -> str:
    """Return the name of a metric on validation data.

    Example:
        >>> on_validation("accuracy"), on_validation("test/loss")
        ('validation/accuracy', 'validation/loss')

    """
    return metric if metric.startswith("validation/") else f"validation/{metric.removeprefix('test/')}"


def fresh_study(study: Study, methods: Mapping[str, Mapping[str, Any]], runs: int) -> Study:
    """Return a study of the base and the choice on the test set, with seeds that come after those of all trials.

    Args:
        study: the study that was tuned.
        methods: the overrides of the base, which comes first, and of the choice.
        runs: replicates of each.

    """
    spec: StudySpec = study.spec
    assert spec.tune is not None
    kept = spec.model_dump(mode="json", exclude_unset=True, exclude=_NOT_OF_TRIALS - {"readouts"})
    own = {
        "name": f"{spec.name}-fresh",
        "methods": methods,
        "first_replicate": spec.first_replicate + max(spec.replicates, spec.tune.replicates),
        "replicates": runs,
    }
    return Study(check_study({**kept, **own}, "tune"), store=study.store_path, folder=study.folder)
