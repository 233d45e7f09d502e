"""Cells to compare."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics import Cell, Metric

RNG = np.random.default_rng(3)
TRUTH = RNG.integers(0, 3, 40)


def cell(method: str, values: ArrayLike, failed: tuple[int, ...] = (), **changes: Any) -> Cell:
    results = np.array(values, dtype=float)
    results[list(failed)] = np.nan
    n = results.size
    given: dict[str, Any] = {
        "task": "digits", "method": method, "regime": "all", "group": [0] * n, "replicate": range(n), "values": results,
        "status": tuple("crashed" if k in failed else "finished" for k in range(n)),
        "metric": Metric("test/accuracy", unit="share", chance=0.1),
    }  # fmt: skip
    return Cell(**given | changes)


def predicted(method: str, seed: int, runs: int = 6, **changes: Any) -> Cell:
    """Return a cell whose metric is the accuracy of its predictions of ``TRUTH``."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((runs, TRUTH.size)) < 0.2, (TRUTH + 1) % 3, TRUTH)
    return cell(method, (labels == TRUTH).mean(1), predictions=labels, **changes)
