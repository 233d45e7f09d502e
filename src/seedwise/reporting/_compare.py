"""Results from anywhere: a data frame in, verdicts out."""

from __future__ import annotations

import difflib
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedwise.errors import SeedwiseError
from seedwise.reporting._figures import runs_figure
from seedwise.reporting._results import Results, compared, row_numbers
from seedwise.reporting._svg import inline
from seedwise.reporting._table import Table
from seedwise.statistics import Cell, ComparisonRow, Question, compare_study
from seedwise.statistics.cells.metric import inferred

if TYPE_CHECKING:
    import pandas as pd

_SEED_NAMES = ("seed", "replicate", "run", "repeat", "fold", "trial")


@dataclass(frozen=True)
class Comparison:
    """Methods compared with a baseline; shows itself as a table of verdicts.

    Attributes:
        results: the table; shares of examples in percent.
        rows: the numbers behind it, in the unit of the data.
        cells: the data.

    """

    results: Results
    rows: list[ComparisonRow]
    cells: list[Cell]

    @property
    def table(self) -> Table:
        """The table of verdicts, with ``to_csv``, ``to_markdown`` and ``to_html``."""
        return self.results.table

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers behind the table, one row per method, intervals as columns ``_low`` and ``_high``."""
        import pandas as pd

        return pd.DataFrame([row_numbers(row) for row in self.rows])

    def to_latex(self) -> str:
        """Return the table of verdicts as a ``tabular`` with the rules of booktabs."""
        return self.table.to_latex()

    def plot(self) -> Any:
        """Return a matplotlib figure with every run as a tick and the mean as a dot."""
        return runs_figure(self.cells)

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.table.columns, *self.table.rows, strict=True)]
        lines = [self.table.columns, *self.table.rows]
        shown = ["  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([self.results.title, *shown, *self.results.plan, *self.results.reasons])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        reasons = "".join(f"<p>{html.escape(reason)}</p>" for reason in [*self.results.plan, *self.results.reasons])
        figure = inline(lambda: runs_figure(self.cells), "runs")
        return f"<p>{html.escape(self.results.title)}</p>{self.table.to_html()}{reasons}{figure}"


def compare(
    data: pd.DataFrame,
    *,
    by: str | None = None,
    metric: str = "value",
    baseline: str,
    seed: str | None = None,
    lower_is_better: bool = False,
    unpaired: bool = False,
    chance: float | None = None,
    sd_ratio: float = 0.7,
    power: float = 0.8,
    factor: float | None = None,
    margin: float | None = None,
) -> Comparison:
    """Compare methods with a baseline: spread, mean and verdicts, from a table of results over seeds.

    The table is long (a row per run: columns ``by``, ``metric`` and, for paired runs, ``seed``) or, without ``by``,
    wide (a row per seed, a column per method). Whether runs are paired is decided by the table, never by the values:
    they are if at least half of all the seeds are in every method; a run without a partner counts in its own method's
    numbers and not in a comparison, and a line names it. An empty value is a failed run.

    Args:
        data: the results.
        by: the column that names the method; None if every method has its column.
        metric: the column of the metric, or its name if the table is wide.
        baseline: the method that the others are compared with.
        seed: the column of the seeds.
        lower_is_better: direction of the metric.
        unpaired: whether to ignore that rows or seeds correspond.
        chance: the metric at chance level, so that failed runs can be counted.
        sd_ratio: the ratio of SDs that you want to be able to find, for the number of runs that it takes.
        power: the probability of finding it.
        factor: the largest ratio of SDs that you would still call equal, above 1; without it there is no verdict
            ``equivalent within a factor``.
        margin: the largest difference of means that you would still call equal, in the unit of the metric; likewise.

    Returns:
        A comparison, which prints as a table of verdicts.

    Raises:
        SeedwiseError: one line, for a missing column or baseline, text in the metric, a repeated seed or an ambiguous
            seed axis, or a ratio, power, factor or margin out of its range.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"base": [0.91, 0.93, 0.92, 0.95], "new": [0.92, 0.93, 0.93, 0.94]})
        >>> compare(frame, baseline="base", metric="accuracy").results.comparisons[1].paired
        True

    """
    long = _wide_to_long(data, metric, seed) if by is None else _check_long(data, by, metric, seed, unpaired)
    method_column, seed_column = ("method", "seed") if by is None else (by, seed)
    if unpaired:
        seed_column = None
    methods = list(dict.fromkeys(long[method_column].astype(str)))
    if baseline not in methods:
        raise SeedwiseError(_no_such("method", baseline, methods, "baseline"))
    values = _numbers(long, metric, method_column)
    names = long[method_column].astype(str).to_numpy()
    keys = None if seed_column is None else long[seed_column].to_numpy()
    # The same number for the same seed in every method; without seeds every run has a number of its own.
    codes = np.arange(len(long)) if keys is None else np.unique(keys.astype(str), return_inverse=True)[1]
    if keys is not None:
        _check_repeats(names, keys, seed_column)
    missing, notes = ({}, []) if keys is None else _partners(names, keys.astype(str), str(seed_column))
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    measured = inferred(metric, largest, higher_is_better=not lower_is_better, chance=chance)
    cells = []
    for method in [baseline, *(m for m in methods if m != baseline)]:
        own, absent = values[names == method], missing.get(method, np.array([], dtype=np.int64))
        status = ["finished" if ok else "crashed" for ok in np.isfinite(own)] + ["pending"] * absent.size
        cells.append(
            Cell(
                task="results",
                method=method,
                regime="as given",
                group=np.zeros(len(status), dtype=np.int64),
                replicate=np.concatenate([codes[names == method], absent]),
                values=np.concatenate([own, np.full(absent.size, np.nan)]),
                status=tuple(status),
                metric=measured,
            )
        )
    question = Question(sd_ratio=sd_ratio, power=power, factor=factor, margin=margin)
    try:
        rows = compare_study(cells, baseline=baseline, factor=factor, margin=margin)
        results = compared(cells, base=baseline, question=question)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    table = results.table
    texts = [[*row, _about_mean(found)] for row, found in zip(table.rows, results.comparisons, strict=True)]
    shown = replace(
        results, table=Table([*table.columns, "verdict on the mean"], texts), reasons=[*notes, *results.reasons]
    )
    return Comparison(shown, rows, cells)


def _about_mean(row: ComparisonRow) -> str:
    if row.paired is None:  # the baseline itself
        return ""
    return row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason


def _wide_to_long(data: pd.DataFrame, metric: str, seed: str | None) -> pd.DataFrame:
    if seed is not None and seed not in data.columns:
        raise SeedwiseError(_no_such("column", seed, list(data.columns), "seed"))
    if seed is None:
        candidates = [str(c) for c in data.columns if str(c).lower() in _SEED_NAMES]
        if candidates:
            raise SeedwiseError(f"is the column '{candidates[0]}' the seed or a method? Pass seed='{candidates[0]}'")
    methods = [column for column in data.columns if column != seed]
    keys = np.arange(len(data)) if seed is None else data[seed].to_numpy()
    wide = data[methods].copy()
    wide["seed"] = keys
    return wide.melt(id_vars="seed", var_name="method", value_name=metric)


def _check_long(data: pd.DataFrame, by: str, metric: str, seed: str | None, unpaired: bool) -> pd.DataFrame:
    columns = [str(column) for column in data.columns]
    for what, column in (("by", by), ("metric", metric), ("seed", seed)):
        if column is not None and column not in columns:
            raise SeedwiseError(_no_such("column", column, columns, what))
    if seed is None and not unpaired:
        candidates = [c for c in columns if c.lower() in _SEED_NAMES and c not in (by, metric)]
        if candidates:
            raise SeedwiseError(
                f"the column '{candidates[0]}' may say which runs belong together: pass seed='{candidates[0]}' "
                "(--seed), or unpaired=True (--unpaired)"
            )
    if data[by].isna().any():
        raise SeedwiseError(f"the column '{by}' is empty in row {_row(data[by].isna())}: every run needs a method")
    if seed is not None and data[seed].isna().any():
        raise SeedwiseError(f"the column '{seed}' is empty in row {_row(data[seed].isna())}: every run needs a seed")
    return data


def _numbers(long: pd.DataFrame, metric: str, method_column: str) -> np.ndarray[Any, np.dtype[np.float64]]:
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


def _check_repeats(names: Any, keys: Any, seed_column: str | None) -> None:
    seen: set[tuple[str, str]] = set()
    for name, key in zip(names, keys, strict=True):
        if (name, str(key)) in seen:
            raise SeedwiseError(
                f"method {name} has {seed_column} {key} twice: a run counts once. If the rows differ in something else "
                "(a dataset, an epoch), keep one value of it"
            )
        seen.add((name, str(key)))


def _partners(names: Any, keys: Any, seed_column: str) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """Return the codes of the seeds that each method lacks, if the runs are to be paired, and what to say of them."""
    seeds = np.unique(keys)
    lacks = {method: np.setdiff1d(seeds, keys[names == method]) for method in dict.fromkeys(names)}
    lacks = {method: absent for method, absent in lacks.items() if absent.size}
    shared = seeds.size - np.unique(np.concatenate(list(lacks.values()))).size if lacks else seeds.size
    if not shared or not lacks:
        return {}, []
    if 2 * shared < seeds.size:
        return {}, [
            f"not paired: {shared} of {seeds.size} seeds ({seed_column}) are in every method, too few to keep to them: "
            "leave out the rows of the others to compare pairs"
        ]
    codes = {method: np.searchsorted(seeds, absent) for method, absent in lacks.items()}
    gaps = "; ".join(
        f"{method} has no {seed_column} {', '.join(absent[:5])}{', ...' if absent.size > 5 else ''}"
        for method, absent in lacks.items()
    )
    return codes, [
        f"{gaps}: a comparison leaves out runs without a partner. Add the missing rows (an empty value is a failed "
        "run), or compare all runs as independent: unpaired=True (--unpaired)"
    ]


def _row(mask: pd.Series[bool]) -> int:
    return int(np.flatnonzero(mask.to_numpy())[0]) + 1


def _no_such(what: str, name: str, allowed: Sequence[object], argument: str) -> str:
    shown = [str(entry) for entry in allowed]
    close = difflib.get_close_matches(name, shown, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"there is no {what} '{name}' for {argument}: {hint}there are {', '.join(shown[:20])}"
