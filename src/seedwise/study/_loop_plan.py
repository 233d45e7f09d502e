"""What a loop over replicates, or a call of a training function, consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seedwise.errors import SeedwiseError
from seedwise.run import Link, Numerics, PlannedRun, RunSpec, digest_of
from seedwise.statistics import Metric, Question, Scalar
from seedwise.statistics.cells.names import UNNAMED
from seedwise.study._attribution_plan import attribution_plan
from seedwise.study._description import stored_factors
from seedwise.study._methods import factor_and_level
from seedwise.study._plan import seeds_of
from seedwise.study._regimes import regime_name, regime_sources


@dataclass(frozen=True)
class LoopPlan:
    """The runs of one method that a program trains.

    Attributes:
        path: the store.
        planned: the runs.
        metric: the primary metric.
        description: what the store keeps of the study; ``factors`` are those of this method.

    """

    path: Path
    planned: tuple[PlannedRun, ...]
    metric: Metric
    description: Mapping[str, Any]

    @property
    def study(self) -> str:
        """The study's name."""
        return self.planned[0].link.study

    @property
    def method(self) -> str:
        """The method's name."""
        return self.planned[0].link.method

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that vary."""
        return regime_sources(self.planned[0].link.regime)

    @property
    def specs(self) -> dict[str, RunSpec]:
        """The runs by id."""
        return {one.spec.id: one.spec for one in self.planned}


def planned_loop(
    n: int,
    *,
    function: str,
    program: str,
    method: str,
    factor: Mapping[str, Scalar] | None,
    config: Mapping[str, Any] | None,
    vary: str | Sequence[str],
    store: str | Path,
    study: str | None,
    metric: Metric,
    first_replicate: int,
    numerics: Numerics,
    attribute: bool,
) -> LoopPlan:
    """Return the runs of ``replicates``, whose arguments these are, and what the store keeps of them.

    Args:
        n, method, factor, config, vary, store, study, first_replicate, attribute: see ``replicates``.
        function: names the runs, with config, seeds and numerics.
        program: the file that calls it.
        metric: the primary metric.
        numerics: threads and determinism.

    Raises:
        SeedwiseError: for n < 1, an unknown source, a config that is no JSON, or a design that cannot be made.

    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise SeedwiseError(f"replicates({n!r}): pass a number of replicates of 1 or more")
    if first_replicate < 0:
        raise SeedwiseError(f"first_replicate is {first_replicate}: replicates are counted from 0")
    regime = vary if isinstance(vary, str) else "+".join(vary) or "none"
    try:
        sources = regime_sources(regime)
        factors = {} if factor is None else stored_factors([(method, *factor_and_level(factor))])
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    try:
        digest_of(dict(config or {}))
    except (TypeError, ValueError) as error:
        raise SeedwiseError(f"config may hold finite numbers, text, lists and mappings only: {error}") from None
    path = Path(store)
    of = study or path.stem
    spec = {"name": of, "train": {"function": function}}
    description: dict[str, Any] = {
        "spec": spec,
        "base": None,
        "loop": True,
        "metrics": {UNNAMED: [asdict(metric)]},
        "question": asdict(Question()),
        "factors": factors,
        "program": program,
    }
    if attribute:
        attribution = attribution_plan(
            of,
            method,
            sources,
            n,
            is_base=method == "base",
            first_replicate=first_replicate,
            vary='vary="{}"',
            more="replicates({}, attribute=True)",
            where="attribute=True: ",
        )
        description["attribution"] = attribution.description
        name, vectors, regime = attribution.name, attribution.design.vectors, regime_name(sources)
        first_replicate = 0
    else:
        vectors = [seeds_of(sources, r) for r in range(first_replicate, first_replicate + n)]
        name = of
    planned = tuple(
        PlannedRun(
            Link(name, UNNAMED, method, regime, 0, replicate),
            RunSpec(function, dict(config or {}), seeds, numerics),
        )
        for replicate, seeds in enumerate(vectors, first_replicate)
    )
    return LoopPlan(path, planned, metric, description)
