"""Runs that are to be trained, as progress shows them."""

from __future__ import annotations

from collections.abc import Sequence

from seedwise.execution import Upcoming
from seedwise.run import PlannedRun, RunSpec
from seedwise.study._loop_plan import LoopPlan
from seedwise.study._spec import StudySpec
from seedwise.study._tasks import is_builtin


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
        one.spec.id: Upcoming(one.spec.id, f"{plan.method}, run {k} of {total}", metric=metric)
        for k, one in enumerate(plan.planned, 1)
    }


def _epochs(spec: RunSpec) -> int | None:
    """Return how many epochs the built-in trainer trains a run for; what a user's own does shows when one has ended."""
    return int(spec.config["train"]["epochs"]) if is_builtin(spec.function) else None
