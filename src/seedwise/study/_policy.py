"""Which runs of a plan are trained."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from seedwise.errors import SeedwiseError
from seedwise.run import FAILURES, RunSpec


@dataclass(frozen=True)
class Policy:
    """What is done about runs that have ended before.

    Attributes:
        retrain: finished runs are trained again, and their old results kept: the stale ones or, where there are none,
            all.
        accept_changed_code: finished runs stay although the code that trained them has changed.
        retry_failed: failed runs are trained again, and failed readouts computed again.

    """

    retrain: bool = False
    accept_changed_code: bool = False
    retry_failed: bool = False


def todo(
    specs: Iterable[RunSpec], statuses: Mapping[str, str], policy: Policy, stale: Collection[str] = ()
) -> list[RunSpec]:
    """Return the runs that are to be trained: those that are missing, and those that are to be trained again.

    Args:
        specs: the runs of the plan.
        statuses: how those that are known ended, by id.
        policy: what is done about them.
        stale: finished runs that can be made better use of once trained again: other code trained them, or weights that
            a readout needs were not kept.

    Example:
        >>> a, b, c = (RunSpec("my:train", {}, {"init": seed}) for seed in (1, 2, 3))
        >>> [spec.seeds["init"] for spec in todo([a, b, c], {a.id: "finished", b.id: "crashed"}, Policy())]
        [3]

    """
    return [spec for spec in specs if _wanted(spec.id, statuses.get(spec.id, "pending"), policy, stale)]


def _wanted(run_id: str, status: str, policy: Policy, stale: Collection[str]) -> bool:
    again = policy.retrain and (run_id in stale or not stale)
    if status in FAILURES:
        return policy.retry_failed or again
    return status != "finished" or again


def part_of(ids: Iterable[str], shard: tuple[int, int] | None) -> set[str]:
    """Return the runs of the i-th of k shards, counted from 1; of all where there is no shard.

    A run belongs to the shard of its rank among the sorted ids of the plan, modulo k: no shard has two runs more than
    another.

    Raises:
        SeedwiseError: if i is not between 1 and k.

    Example:
        >>> sorted(part_of(["d", "b", "a", "c", "e"], (1, 2)))
        ['a', 'c', 'e']

    """
    index, count = shard or (1, 1)
    if not 1 <= index <= count:
        raise SeedwiseError(f"--shard {index}/{count}: shards are counted from 1 to {count}")
    return set(sorted(set(ids))[index - 1 :: count])
