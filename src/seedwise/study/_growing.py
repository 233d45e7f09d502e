"""A study that grows from look to look until its question is resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from seedwise.statistics.interim import Interim, interim_analysis
from seedwise.store import Store
from seedwise.study._collect import study_results
from seedwise.study._running import Outcome

T = TypeVar("T")


@dataclass(frozen=True)
class Grown(Generic[T]):
    """A study that has grown.

    Attributes:
        study: the study as it is at its last look.
        outcome: how its last execution ended.
        interim: what is resolved at the last look that was taken; None if the user stopped it before the first.

    """

    study: T
    outcome: Outcome
    interim: Interim | None


def grow(
    looks: Iterator[T], run: Callable[[T], Outcome], look_at: Callable[[T], Interim], on_look: Callable[[Interim], None]
) -> Grown[T]:
    """Run a study from look to look until all is resolved, the looks are over or the user stops it.

    Args:
        looks: the study as it is at each look.
        run: trains what is missing of it.
        look_at: tells what is resolved.
        on_look: told of it.

    """
    found = None
    for study in looks:
        outcome = run(study)
        if outcome.interrupted:
            break
        found = look_at(study)
        on_look(found)
        if found.resolved:
            break
    return Grown(study, outcome, found)


def interim_of(store: Store, study: str) -> Interim:
    """Return what is resolved at the look that a store holds of a study."""
    results = next(one for one in study_results(store) if one.name == study)
    look = results.description.look
    assert look is not None
    return interim_analysis(look, results.cells, [part.labels for part in results.parts], results.description.base)
