"""Results from anywhere: data in, verdicts out."""

from __future__ import annotations

import hashlib
import html
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from seedwise.reporting._beyond_runs import further_reasons, further_sections, sections_of_summaries
from seedwise.reporting._figures import runs_figure
from seedwise.reporting._folds import about_folds
from seedwise.reporting._metric_comparison import WITHOUT_TASK, MetricComparison
from seedwise.reporting._results import Results, headline, laid_out, row_numbers
from seedwise.reporting._sentences import further_sentences, over_tasks
from seedwise.reporting._statement import statement
from seedwise.reporting._svg import AS_WRITTEN, inline
from seedwise.reporting._table import ON_MEAN, Table
from seedwise.results import (
    ComparedRuns,
    ComparedSummaries,
    CompareOptions,
    Data,
    Frame,
    Runs,
    bounds_asked,
    compare_runs,
    compare_summarized,
    frames_of,
    takes,
    understand,
    understand_summaries,
    with_base,
)
from seedwise.statistics import Cell, ComparisonRow

if TYPE_CHECKING:
    import pandas as pd


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

    @property
    def tables(self) -> list[Table]:
        """The tables of all metrics, each with those behind it: other examples, several tasks, normalized scores."""
        return [table for part in self.parts for table in (part.results.table, *(s.table for s in part.sections))]

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers behind the tables, a row per method, task and metric, intervals in own columns."""
        import pandas as pd

        return pd.DataFrame([row_numbers(row) for row in self.rows])

    def to_latex(self) -> str:
        """Return the table of verdicts as a ``tabular`` with the rules of booktabs."""
        return self.table.to_latex()

    def to_html(self, command: str | None = None) -> str:
        """Return the page as HTML: what a report says of a study, of these runs.

        Args:
            command: the command that writes it, if there is one.

        """
        from seedwise.reporting._compare_page import comparison_page

        return comparison_page(self.parts, self.lines, command)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page, an HTML file that needs nothing else.

        Raises:
            OSError: if it cannot be written.

        """
        Path(path).write_text(self.to_html(), encoding="utf-8")

    def plot(self) -> Any:
        """Return a matplotlib figure with every run as a tick and the mean as a dot."""
        import matplotlib as mpl

        settings: Any = AS_WRITTEN
        with mpl.rc_context(settings):
            figure = runs_figure(self.cells)
            figure.draw_without_rendering()  # which makes the texts, with these settings
        return figure

    def __str__(self) -> str:
        shown = [*self.lines]
        for part in self.parts:
            shown += ["", part.statement, "", part.results.title, *_aligned(part.results.table)]
            shown += [*part.results.plan, *part.results.reasons]
            for section in part.sections:
                shown += ["", section.short, *_aligned(section.table), section.note]
        return "\n".join(shown)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = [f"<p>{html.escape(line)}</p>" for line in self.lines]
        # A notebook is one page: what other cells show must not have the same ids.
        prefix = hashlib.sha256(str(self).encode()).hexdigest()[:8]
        for k, part in enumerate(self.parts):
            sentences = [html.escape(text) for text in [*part.results.plan, *part.results.reasons]]
            shown += [f"<p><b>{html.escape(part.statement)}</b></p>", f"<p>{html.escape(part.results.title)}</p>"]
            shown += [part.results.table.to_html(), *(f"<p>{text}</p>" for text in sentences)]
            svg = partial(runs_figure, list(part.cells))
            shown += [inline(svg, f"runs{prefix}{k}")] if part.cells else []
            for section in part.sections:
                shown += [f"<p>{html.escape(section.short)}</p>", section.table.to_html()]
                shown += [f"<p>{html.escape(section.note)}</p>"]
        return "".join(shown)


@takes(CompareOptions)
def compare(data: Data, options: CompareOptions) -> Comparison:
    """Compare methods with a base: spread, mean and verdicts, from results over seeds in any table.

    First it is decided what one run is, and said: which column names the method, the seed, the task, which rows are
    summaries or steps of a curve. What can be read in two ways is refused with the option that decides it. Runs are
    paired if at least half of all the seeds are in every method; a run without a partner counts in its own method's
    numbers and not in a comparison, and a line names it. An empty value is a failed run.

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

    Args:
        data: a data frame, a file (CSV, TSV, JSON, JSON lines, Parquet), what a tracker wrote (MLflow, Weights &
            Biases, TensorBoard, Lightning, Hydra, Optuna, Ray Tune), a store, or several of them; a file without a
            column of methods is then a method named after the file.

    """
    return compare_frames(frames_of(data), options)


def compare_frames(frames: Sequence[Frame], options: CompareOptions) -> Comparison:
    """Compare the methods of tables; see ``compare``."""
    if options.summary:
        summaries = understand_summaries(frames, options.roles, options.n)
        compared_summaries = compare_summarized(summaries, options.base, options.question)
        said = with_base(summaries.read_as, options.base, compared_summaries[0].base)
        summaries = replace(summaries, read_as=said)
        return Comparison(tuple(summaries.lines), tuple(map(_of_summaries, compared_summaries)))
    return compare_understood(understand(frames, options.roles), options)


def compare_understood(runs: Runs, options: CompareOptions) -> Comparison:
    """Compare the methods of runs; see ``compare``."""
    found = compare_runs(
        runs,
        options.base,
        options.question,
        unpaired=options.unpaired,
        chance=options.chance,
        bounds=bounds_asked(options.normalize, runs),
    )
    runs = replace(runs, read_as=with_base(runs.read_as, options.base, found[0].base))
    return Comparison(tuple(runs.lines), tuple(map(_of_runs, found)))


def _title_of(task: str) -> str:
    return WITHOUT_TASK.get(task, task)


def _of_runs(found: ComparedRuns) -> MetricComparison:
    shown = found.answer
    results = laid_out(shown, headline({}, found.cells, shown.rows, _title_of), found.base, found.cells)
    said = statement(shown.rows, found.base)
    results = _with_means(results, [*about_folds(found), *found.notes])
    results = replace(results, reasons=[*results.reasons, *further_reasons(found)])
    return MetricComparison(results, said, tuple(further_sentences(found)), found.cells, found, further_sections(found))


_NORMAL_THEORY: Final = (
    "By normal theory: only means and SDs are known, so that Welch's t and F take values for normal, which nothing "
    "here can check, and runs for unpaired."
)


def _of_summaries(found: ComparedSummaries) -> MetricComparison:
    shown = found.answer
    results = laid_out(shown, "means and SDs as given, normal theory", found.base)
    said = statement(shown.rows, found.base)
    together = [] if found.across is None else over_tasks(found.across)
    further = (*together, _NORMAL_THEORY)
    results = _with_means(results, found.notes)
    return MetricComparison(results, said, further, (), found, sections_of_summaries(found))


def _with_means(results: Results, notes: Sequence[str]) -> Results:
    """Return a table of results with the verdicts on the mean, and notes before the reasons."""
    table = results.table
    texts = [[*row, _about_mean(of_row)] for row, of_row in zip(table.rows, results.comparisons, strict=True)]
    with_means = Table([*table.columns, ON_MEAN], texts)
    return replace(results, table=with_means, reasons=[*notes, *results.reasons])


def _aligned(table: Table) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table.lines, strict=True)]
    return ["  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() for line in table.lines]


def _about_mean(row: ComparisonRow) -> str:
    if row.paired is None:  # the base itself
        return ""
    return row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason
