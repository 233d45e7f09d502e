"""Which column of a table is the method, which the metric and which the seed; what stays ambiguous is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError, did_you_mean
from seedwise.results._runs import ForeignRuns
from seedwise.statistics.cells.metric import inferred

if TYPE_CHECKING:
    import pandas as pd

_SEED_NAMES = ("seed", "replicate", "run", "repeat", "fold", "trial")


def understand(
    data: pd.DataFrame,
    *,
    by: str | None = None,
    metric: str = "value",
    seed: str | None = None,
    lower_is_better: bool = False,
    unpaired: bool = False,
    chance: float | None = None,
) -> ForeignRuns:
    """Return the runs of a table, long (a row per run) or, without ``by``, wide (a row per seed, a column per method).

    Args:
        data: the table.
        by: the column that names the method; None if every method has its column.
        metric: the column of the metric, or its name if the table is wide.
        seed: the column of the seeds. A wide table without one has a seed per row.
        lower_is_better: direction of the metric.
        unpaired: whether to ignore that rows or seeds correspond.
        chance: the metric at chance level, so that failed runs can be counted.

    Returns:
        The runs; an empty value is a failed run.

    Raises:
        SeedwiseError: one line, for a missing column, text in the metric, an empty method or seed, a repeated seed, or
            a column that may be the seed.

    Example:
        >>> import pandas as pd
        >>> understand(pd.DataFrame({"base": [0.91, 0.93], "new": [0.92, None]}), metric="accuracy").methods
        ('base', 'new')

    """
    if by is None:
        long, by, seed = _wide_to_long(data, metric, seed), "method", "seed"
    else:
        long = data
        _check_long(long, by, metric, seed, unpaired)
    values = _numbers(long, metric, by)
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    paired_by = None if unpaired else seed
    return ForeignRuns(
        method=tuple(long[by].astype(str)),
        values=values,
        metric=inferred(metric, largest, higher_is_better=not lower_is_better, chance=chance),
        seed=None if paired_by is None else tuple(map(str, long[paired_by].to_numpy())),
        seed_name=paired_by or "seed",
    )


def no_such(what: str, name: str, allowed: Sequence[object], argument: str) -> str:
    """Return a sentence about a name that is not there, with the closest one and those that are."""
    shown = [str(entry) for entry in allowed]
    return f"there is no {what} '{name}' for {argument}: {did_you_mean(name, shown)}there are {', '.join(shown[:20])}"


def _wide_to_long(data: pd.DataFrame, metric: str, seed: str | None) -> pd.DataFrame:
    if seed is not None and seed not in data.columns:
        raise SeedwiseError(no_such("column", seed, list(data.columns), "seed"))
    if seed is None:
        candidates = [str(c) for c in data.columns if str(c).lower() in _SEED_NAMES]
        if candidates:
            raise SeedwiseError(f"is the column '{candidates[0]}' the seed or a method? Pass seed='{candidates[0]}'")
    methods = [column for column in data.columns if column != seed]
    keys = np.arange(len(data)) if seed is None else data[seed].to_numpy()
    wide = data[methods].copy()
    wide["seed"] = keys
    return wide.melt(id_vars="seed", var_name="method", value_name=metric)


def _check_long(data: pd.DataFrame, by: str, metric: str, seed: str | None, unpaired: bool) -> None:
    columns = [str(column) for column in data.columns]
    for what, column in (("by", by), ("metric", metric), ("seed", seed)):
        if column is not None and column not in columns:
            raise SeedwiseError(no_such("column", column, columns, what))
    if seed is None and not unpaired:
        candidates = [c for c in columns if c.lower() in _SEED_NAMES and c not in (by, metric)]
        if candidates:
            raise SeedwiseError(
                f"the column '{candidates[0]}' may say which runs belong together: pass seed='{candidates[0]}' "
                "(--seed), or unpaired=True (--unpaired)"
            )
    for what, column in (("method", by), ("seed", seed)):
        if column is not None and data[column].isna().any():
            row = int(np.flatnonzero(data[column].isna().to_numpy())[0]) + 1
            raise SeedwiseError(f"the column '{column}' is empty in row {row}: every run needs a {what}")


def _numbers(long: pd.DataFrame, metric: str, method_column: str) -> NDArray[np.float64]:
    import pandas as pd

    column = long[metric]
    numbers = pd.to_numeric(column, errors="coerce")
    text = numbers.isna() & column.notna() & (column.astype(str).str.lower() != "nan")
    if text.any():
        bad = column[text].iloc[0]
        where = f"method {long[method_column][text].iloc[0]}"
        raise SeedwiseError(
            f"'{bad}' in the column '{metric}' ({where}) is not a number: leave the value of a failed run empty"
        )
    return np.asarray(numbers, dtype=np.float64)
