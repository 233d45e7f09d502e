"""The runs that a table of results holds, whatever tool wrote it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.statistics import Metric


@dataclass(frozen=True, eq=False)
class ForeignRuns:
    """Runs of another tool, one entry per run: what every reader of a foreign format makes of it.

    Attributes:
        method: the method of each run, shape (runs,).
        values: the metric of each run, shape (runs,); not finite where a run failed.
        metric: the metric, with its unit, direction and value at chance level.
        seed: what tells which runs of different methods belong together, shape (runs,), as texts; None: nothing does.
        seed_name: how the table calls it, for sentences about runs without a partner.

    Raises:
        SeedwiseError: arrays of different length, or a method that has a seed twice.

    """

    method: tuple[str, ...]
    values: NDArray[np.float64]
    metric: Metric
    seed: tuple[str, ...] | None = None
    seed_name: str = "seed"

    def __post_init__(self) -> None:
        lengths = {len(self.method), len(self.values), len(self.method if self.seed is None else self.seed)}
        if len(lengths) > 1:
            raise SeedwiseError("method, values and seed have different lengths: pass one entry per run")
        seen: set[tuple[str, str]] = set()
        for run in zip(self.method, self.seed or (), strict=False):
            if run in seen:
                raise SeedwiseError(
                    f"method {run[0]} has {self.seed_name} {run[1]} twice: a run counts once. If the rows differ in "
                    "something else (a dataset, an epoch), keep one value of it"
                )
            seen.add(run)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, in the order of the table."""
        return tuple(dict.fromkeys(self.method))
