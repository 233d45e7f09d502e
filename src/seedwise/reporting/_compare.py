"""Results from anywhere: data in, verdicts out."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedwise.errors import SeedwiseError
from seedwise.reporting._figures import runs_figure
from seedwise.reporting._results import Results, compared, row_numbers
from seedwise.reporting._statement import statement
from seedwise.reporting._svg import inline
from seedwise.reporting._table import ON_MEAN, Table
from seedwise.results import ComparedRuns, Frame, Roles, compare_runs, understand
from seedwise.results.readers import read
from seedwise.statistics import Cell, ComparisonRow, Question, runs_to_resolve

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MetricComparison:
    """Methods compared with a base by one metric.

    Attributes:
        results: the table; shares of examples in percent.
        statement: what it says, in a paragraph.
        rows: the numbers behind it, in the unit of the data.
        cells: the data.

    """

    results: Results
    statement: str
    rows: tuple[ComparisonRow, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Comparison:
    """Methods compared with a base; shows itself as a table of verdicts.

    Attributes:
        lines: what one run was taken to be.
        parts: the comparison by each metric.

    """

    lines: tuple[str, ...]
    parts: tuple[MetricComparison, ...]

    @property
    def results(self) -> Results:
        """The table of the first metric."""
        return self.parts[0].results

    @property
    def rows(self) -> list[ComparisonRow]:
        """The numbers behind the tables of all metrics, in the unit of the data."""
        return [row for part in self.parts for row in part.rows]

    @property
    def cells(self) -> list[Cell]:
        """The data of the first metric."""
        return list(self.parts[0].cells)

    @property
    def table(self) -> Table:
        """The table of the first metric, with ``to_csv``, ``to_markdown`` and ``to_html``."""
        return self.results.table

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers behind the tables, a row per method, task and metric, intervals in own columns."""
        import pandas as pd

        return pd.DataFrame([row_numbers(row) for row in self.rows])

    def to_latex(self) -> str:
        """Return the table of verdicts as a ``tabular`` with the rules of booktabs."""
        return self.table.to_latex()

    def plot(self) -> Any:
        """Return a matplotlib figure with every run as a tick and the mean as a dot."""
        return runs_figure(self.cells)

    def __str__(self) -> str:
        shown = [*self.lines]
        for part in self.parts:
            table = part.results.table
            widths = [max(map(len, column)) for column in zip(*table.lines, strict=True)]
            shown += ["", part.statement, "", part.results.title]
            for line in table.lines:
                shown.append("  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip())
            shown += [*part.results.plan, *part.results.reasons]
        return "\n".join(shown)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = [f"<p>{html.escape(line)}</p>" for line in self.lines]
        for part in self.parts:
            sentences = [html.escape(text) for text in [*part.results.plan, *part.results.reasons]]
            shown += [f"<p><b>{html.escape(part.statement)}</b></p>", f"<p>{html.escape(part.results.title)}</p>"]
            shown += [part.results.table.to_html(), *(f"<p>{text}</p>" for text in sentences)]
            shown.append(inline(partial(runs_figure, list(part.cells)), "runs"))
        return "".join(shown)


def compare(
    data: pd.DataFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Mapping[str, pd.DataFrame],
    *,
    by: str | None = None,
    methods: Sequence[str] = (),
    metric: str | Sequence[str] | None = None,
    base: str | None = None,
    seed: str | Sequence[str] | None = None,
    name: str | None = None,
    task: str | None = None,
    where: Mapping[str, object] | None = None,
    step: str | None = None,
    best: str | None = None,
    fold: str | None = None,
    higher_is_better: bool | None = None,
    lower_is_better: bool = False,
    unit: str | None = None,
    unpaired: bool = False,
    chance: float | None = None,
    sd_ratio: float = 0.7,
    power: float = 0.8,
    factor: float | None = None,
    margin: float | None = None,
) -> Comparison:
    """Compare methods with a base: spread, mean and verdicts, from results over seeds in any table.

    First it is decided what one run is, and said: which column names the method, the seed, the task, which rows are
    summaries or steps of a curve. What can be read in two ways is refused with the option that decides it. Runs are
    paired if at least half of all the seeds are in every method; a run without a partner counts in its own method's
    numbers and not in a comparison, and a line names it. An empty value is a failed run.

    Args:
        data: a data frame, a file (CSV, TSV, JSON, JSON lines, Parquet), what a tracker wrote (MLflow, Weights &
            Biases, TensorBoard, Lightning, Hydra, Optuna, Ray Tune), a store, or several of them; a file without a
            column of methods is then a method named after the file.
        by: the column that names the method.
        methods: the methods to compare, the base among them: columns of a wide table or values of ``by``.
        metric: the columns of the metrics, each a family of comparisons; in a wide table the metric's name.
        base: the method that the others are compared with; None: the one that is called base, baseline or the like.
        seed: the columns that together name the seed.
        name: how method and seed are written in one name, such as ``{method}-s{seed}``.
        task: the column of the task.
        where: by column, the value of the rows to keep.
        step: the column that counts the steps of curves, of which the last is taken.
        best: the metric whose best step is taken instead.
        fold: the column of the fold of a cross-validation.
        higher_is_better: the direction; None: by the name of the metric.
        lower_is_better: short for ``higher_is_better=False``.
        unit: of the metric; ``share`` for fractions that are to be shown in percent.
        unpaired: whether to ignore that seeds correspond.
        chance: the metric at chance level, so that failed runs can be counted.
        sd_ratio: the ratio of SDs that you want to be able to find, for the number of runs that it takes.
        power: the probability of finding it.
        factor: the largest ratio of SDs that you would still call equal, above 1; without it there is no verdict
            ``equivalent within a factor``.
        margin: the largest difference of means that you would still call equal, in the unit of the metric; likewise.

    Returns:
        A comparison, which prints as what was understood, a paragraph and a table of verdicts.

    Raises:
        SeedwiseError: one line, for what is ambiguous or no run, or an option out of its range.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"base": [0.91, 0.93, 0.92, 0.95], "new": [0.92, 0.93, 0.93, 0.94]})
        >>> found = compare(frame, metric="accuracy")
        >>> print(found.lines[0])
        2 methods x 4 seeds, metric accuracy (a fraction, shown in percent), higher is better

    """
    roles = Roles(
        by=by,
        methods=tuple(methods),
        seed=_names(seed),
        name=name,
        task=task,
        metric=_names(metric),
        where=tuple((column, str(value)) for column, value in (where or {}).items()),
        step=step,
        best=best,
        fold=fold,
        higher_is_better=False if lower_is_better else higher_is_better,
        unit=unit,
    )
    question = Question(sd_ratio=sd_ratio, power=power, factor=factor, margin=margin)
    return compared_frames(_frames(data), roles, question, base=base, unpaired=unpaired, chance=chance)


def compared_frames(
    frames: Sequence[Frame],
    roles: Roles,
    question: Question,
    *,
    base: str | None = None,
    unpaired: bool = False,
    chance: float | None = None,
) -> Comparison:
    """Compare the methods of tables; see ``compare``."""
    runs = understand(frames, roles)
    found = compare_runs(runs, base, question, unpaired=unpaired, chance=chance)
    return Comparison(tuple(runs.lines), tuple(_of_metric(one, question) for one in found))


def _of_metric(found: ComparedRuns, question: Question) -> MetricComparison:
    try:
        results = compared(found.cells, base=found.base, question=question)
    except ValueError as error:
        raise SeedwiseError(str(error)) from None
    table = results.table
    texts = [[*row, _about_mean(of_row)] for row, of_row in zip(table.rows, results.comparisons, strict=True)]
    shown = replace(results, table=Table([*table.columns, ON_MEAN], texts), reasons=[*found.notes, *results.reasons])
    plan = runs_to_resolve(
        results.comparisons,
        sd_ratio=question.sd_ratio,
        power=question.power,
        margin=question.margins(found.cells),
    )
    return MetricComparison(shown, statement(results.comparisons, found.base, plan), found.rows, found.cells)


def _frames(data: Any) -> list[Frame]:
    if isinstance(data, str | os.PathLike):
        return [read(Path(data))]
    if isinstance(data, Mapping):
        return [Frame(frame, name) for name, frame in data.items()]
    if isinstance(data, Sequence):
        return [read(Path(one)) for one in data]
    return [Frame(data, "the table")]


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _about_mean(row: ComparisonRow) -> str:
    if row.paired is None:  # the base itself
        return ""
    return row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason
