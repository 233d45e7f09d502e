"""Arms of known results, and one comparison of two."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics import (
    Cell,
    ComparisonRow,
    Metric,
    compare_cells,
)

NAN = float("nan")


RNG = np.random.default_rng(0)


BASE = RNG.normal(0.98, 0.004, 20)


SAME = BASE * 0.5 + RNG.normal(0.49, 0.0035, 20)


STEADY = 0.98 + 0.2 * (RNG.normal(0.98, 0.004, 20) - 0.98)


WILD = 0.97 + 5 * (RNG.normal(0.98, 0.004, 20) - 0.98)


def cell(method: str, values: ArrayLike, status: dict[int, str] | None = None, **changes: Any) -> Cell:
    results = np.array(values, dtype=float)
    statuses = ["finished"] * results.size
    for i, word in (status or {}).items():
        statuses[i], results[i] = word, NAN
    metric = Metric(
        changes.pop("metric", "test/accuracy"),
        "share",
        higher_is_better=changes.pop("higher_is_better", True),
        chance=changes.pop("chance", 0.1),
    )
    fields: dict[str, Any] = {
        "task": "digits", "method": method, "regime": "all", "group": [0] * results.size,
        "replicate": range(results.size), "values": results, "status": tuple(statuses), "metric": metric,
    }  # fmt: skip
    return Cell(**{**fields, **changes})


def compare(base: Cell, method: Cell, **options: Any) -> ComparisonRow:
    rows = compare_cells(base, [method], **options)
    assert len(rows) == 2
    return rows[1]
