"""From a study to the runs that it consists of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedwise.errors import SeedwiseError
from seedwise.randomness import ALL, SOURCES
from seedwise.run import Link, PlannedRun, RunSpec
from seedwise.store import in_bulk
from seedwise.study._regimes import regime_name, regime_sources
from seedwise.study._spec import StudySpec

GROUP_STRIDE: Final = 100_000
"""Groups of fixed seeds share no varied seed: sharing them would make the groups' spreads alike."""


_MOST_RUNS: Final = 200_000
"""A plan is held in memory as a whole: about two kilobytes and 35 microseconds for each of its runs."""


def seeds_of(sources: Sequence[str], replicate: int, group: int = 0) -> dict[str, int]:
    """Return the seeds of a replicate: 1 + r for the sources that vary; in group g the others have seed g.

    Where none varies, ``repeat`` tells the runs apart. ``split``, ``ulp`` and ``hardware`` are 0 unless they vary.

    Example:
        >>> seeds_of(["init"], 2)
        {'init': 3}
        >>> seeds_of([], 2)
        {'repeat': 3}
        >>> seeds_of(["init", "shuffle"], 2, group=1)
        {'augment': 1, 'dropout': 1, 'init': 100003, 'shuffle': 100003}

    """
    fixed = dict.fromkeys((s for s in ALL if s not in sources), group) if group else {}
    return fixed | dict.fromkeys(sources or ("repeat",), 1 + replicate + GROUP_STRIDE * group)


def plan(study: StudySpec) -> list[PlannedRun]:
    """Return the runs of a study, replicate by replicate, so that early results compare all methods.

    Raises:
        SeedwiseError: for a mistake in a method, a run without an example to be tested on, or more runs than a plan can
            hold.

    """
    _check_size(study)
    vectors: list[tuple[str, int, int, dict[str, int]]] = []
    if study.seeds is None:
        for regime in study.regimes:
            sources = regime_sources(regime)
            groups = _groups(study, regime)
            vectors += [
                (regime, group, replicate, seeds_of(sources, replicate, group))
                for replicate in range(study.first_replicate, study.first_replicate + study.replicates)
                for group in range(groups)
            ]
    else:
        varied = regime_name([s for s in SOURCES if any(vector.get(s) for vector in study.seeds)])
        vectors = [(varied, 0, r, dict(vector)) for r, vector in enumerate(study.seeds)]
    parts = study.by_task()
    tasks = [part.learns for part in parts.values()]
    for regime, _, _, seeds in vectors:
        for learned in tasks:
            why_not = learned.why_not_seeds(regime, seeds)
            if why_not:
                raise SeedwiseError(why_not)
    named = [
        (task, method, RunSpec(part.function_of(method), config, {}, part.numerics))
        for task, part in parts.items()
        for method, config in part.configs().items()
    ]
    with in_bulk():
        return [
            PlannedRun(Link(study.name, task, method, regime, group, replicate), unseeded.with_seeds(seeds))
            for regime, group, replicate, seeds in vectors
            for task, method, unseeded in named
        ]


def _groups(study: StudySpec, regime: str) -> int:
    return 1 if set(ALL) <= set(regime_sources(regime)) else study.fixed_values


def _check_size(study: StudySpec) -> None:
    """Refuse a study before it is planned: a few lines can stand for more runs than fit into memory."""
    groups = sum(_groups(study, regime) for regime in study.regimes)
    each = groups * study.replicates if study.seeds is None else len(study.seeds)
    runs = each * len(study.methods) * len(study.tasks or [None])
    if runs > _MOST_RUNS:
        raise SeedwiseError(
            f"these are {runs} runs, and a study has at most {_MOST_RUNS}: take fewer replicates, or several studies "
            "with a first_replicate of their own"
        )
