"""Results from anywhere: a data frame in, verdicts out."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seedwise.errors import SeedwiseError
from seedwise.reporting._figures import runs_figure
from seedwise.reporting._results import Results, compared, row_numbers
from seedwise.reporting._svg import inline
from seedwise.reporting._table import Table
from seedwise.results import compare_runs, understand
from seedwise.statistics import Cell, ComparisonRow, Question

if TYPE_CHECKING:
    import pandas as pd


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
    runs = understand(
        data, by=by, metric=metric, seed=seed, lower_is_better=lower_is_better, unpaired=unpaired, chance=chance
    )
    question = Question(sd_ratio=sd_ratio, power=power, factor=factor, margin=margin)
    found = compare_runs(runs, baseline, question)
    try:
        results = compared(found.cells, base=baseline, question=question)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    table = results.table
    texts = [[*row, _about_mean(of_row)] for row, of_row in zip(table.rows, results.comparisons, strict=True)]
    shown = replace(
        results, table=Table([*table.columns, "verdict on the mean"], texts), reasons=[*found.notes, *results.reasons]
    )
    return Comparison(shown, list(found.rows), list(found.cells))


def _about_mean(row: ComparisonRow) -> str:
    if row.paired is None:  # the baseline itself
        return ""
    return row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason
