"""From a study to the runs that it consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedwise.errors import SeedwiseError
from seedwise.run import RunSpec
from seedwise.study._spec import StudySpec, regime_sources
from seedwise.training import FUNCTION


@dataclass(frozen=True)
class Link:
    """Where a run stands in a study; replicate r of every method has the same seeds."""

    study: str
    task: str
    method: str
    regime: str
    group: int
    replicate: int


@dataclass(frozen=True)
class PlannedRun:
    """A run and its place."""

    link: Link
    spec: RunSpec


def seeds_of(sources: Sequence[str], replicate: int) -> dict[str, int]:
    """Return the seeds of a replicate: 1 + r for the sources that vary, 0 for the others.

    Where none varies, ``repeat`` tells the runs apart.

    Example:
        >>> seeds_of(["init"], 2)
        {'init': 3}
        >>> seeds_of([], 2)
        {'repeat': 3}

    """
    return dict.fromkeys(sources or ("repeat",), 1 + replicate)


def plan(study: StudySpec) -> list[PlannedRun]:
    """Return the runs of a study, replicate by replicate, so that early results compare all methods.

    Raises:
        SeedwiseError: for a mistake in a method, or a regime that varies nothing in this study.

    """
    configs = study.configs()
    if study.seeds is None:
        replicates = range(study.first_replicate, study.first_replicate + study.replicates)
        vectors = [(regime, r, seeds_of(regime_sources(regime), r)) for regime in study.regimes for r in replicates]
    else:
        varied = "+".join(sorted({source for vector in study.seeds for source, seed in vector.items() if seed}))
        vectors = [(varied or "none", r, dict(vector)) for r, vector in enumerate(study.seeds)]
    for method, config in configs.items():
        if study.function == FUNCTION and config["train"].get("validation") is None:
            for regime, _, seeds in vectors:
                if seeds.get("split"):
                    raise SeedwiseError(
                        f"the regime '{regime}' varies 'split', which only draws the validation split, and method "
                        f"'{method}' has none: add 'validation: {{fraction: 0.1}}' to 'train'"
                    )
    return [
        PlannedRun(
            Link(study.name, study.task_name, method, regime, 0, replicate),
            RunSpec(study.function, config, seeds, study.numerics),
        )
        for regime, replicate, seeds in vectors
        for method, config in configs.items()
    ]
