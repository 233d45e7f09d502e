"""Runs that are to be trained, as progress shows them."""

from __future__ import annotations

from collections.abc import Sequence

from seedwise.execution import Upcoming
from seedwise.run import PlannedRun, RunSpec
from seedwise.study._loop_plan import LoopPlan
from seedwise.study._spec import StudySpec


def upcoming(planned: Sequence[PlannedRun], study: StudySpec) -> dict[str, Upcoming]:
    """Return the runs of a study by id: named by their method and replicate, and by what else tells them apart."""
    links = [one.link for one in planned]
    several = [len({getattr(link, name) for link in links}) > 1 for name in ("task", "regime", "group")]
    metrics = {task: of_task.learns.metrics[0].on("test") for task, of_task in study.by_task().items()}
    found: dict[str, Upcoming] = {}
    for one in planned:
        link = one.link
        places = (link.task, link.regime, f"group {link.group}")
        parts = [text for text, shown in zip(places, several, strict=True) if shown]
        name = ", ".join([link.method, *parts, f"replicate {link.replicate}"])
        found.setdefault(one.spec.id, Upcoming(one.spec.id, name, _epochs(one.spec), metrics[link.task]))
    return found


def upcoming_of_loop(plan: LoopPlan) -> dict[str, Upcoming]:
    """Return the runs of a loop by id: named by their method, and counted."""
    metric, total = plan.metric.on("test"), len(plan.planned)
    return {
        one.spec.id: Upcoming(one.spec.id, f"{plan.method}, run {k} of {total}", _epochs(one.spec), metric)
        for k, one in enumerate(plan.planned, 1)
    }


def _epochs(spec: RunSpec) -> int | None:
    """Return how many epochs a run has, where its configuration says so in the usual place."""
    train = spec.config.get("train", spec.config)
    epochs = train.get("epochs") if isinstance(train, dict) else None
    return epochs if isinstance(epochs, int) and epochs > 0 else None
