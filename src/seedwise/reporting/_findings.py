"""All that a report says of a study: verdicts, tables, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from seedwise.reporting import (
    _costs,
    _details,
    _disagreement,
    _factors,
    _forecasts,
    _horizon,
    _paper_tables,
    _published_means,
    _reactivity,
    _rows,
)
from seedwise.reporting._fixed import fixed_values_table
from seedwise.reporting._generalization import new_data_table
from seedwise.reporting._interim import NOTE as LOOKS
from seedwise.reporting._interim import looks_table, why_it_stopped
from seedwise.reporting._published import published_table
from seedwise.reporting._results import Results, results_of
from seedwise.reporting._single import ranking_sentences, single_runs_table
from seedwise.reporting._table import Table
from seedwise.statistics import Candidate, GroupSize, Interim, Reactivity, SpreadSources, interim_analysis
from seedwise.statistics.cells.pairing import several_groups

if TYPE_CHECKING:
    from seedwise.study import StudyResults

_RESULTS: Final = (
    "SD: standard deviation over runs. Reduction: 100 (1 - SD / SD of the base), with the p-value of equal SDs, "
    "corrected for the number of comparisons (Holm). These intervals do not rest on normal values; those that do are "
    "below. "
)
_CHURN: Final = "Churn: share of test examples on which two runs of a method disagree, with a jackknife interval. "
_FORECAST_DIFFERENCE: Final = (
    "Forecast difference: root mean square of the difference of two runs' forecasts, in percent of their root "
    "mean squared error, on the windows whose forecasts are kept, with a jackknife interval; "
    "141 % where the errors are unrelated. "
)
_WITHIN: Final = "The fixed seeds have several values: SD, reduction and churn are those within a value, pooled."
_NOT_INDEPENDENT: Final = (
    "runs that share one of several fixed seeds are alike: for them the share of test-set noise and groups of fewer "
    "runs are not shown, which take independent runs"
)
_FAILURES: Final = (
    "Runs that diverged, crashed, or ran out of memory or time, of all that ended; compared with the base by Fisher's "
    "exact test, corrected (Holm), with Newcombe's interval of the difference."
)
_MEANS: Final = (
    "Difference from the base, shares of examples in points, and its p-value, corrected (Holm). P: the probability "
    "that a run is better than the base's run with the same seeds (or than any run of the base, if runs are not "
    "paired), ties counting one half. The method that comes out best was chosen by these runs: its mean is optimistic "
    "until fresh seeds confirm it."
)
_NEW_DATA: Final = (
    "In points. On this test set: for other runs on exactly these examples, the interval for a leaderboard. On new "
    "data: for other runs on other examples of the same kind, the interval for a claim about a method; more runs do "
    "not make it shrink below what the examples leave open."
)
_SINGLE: Final = (
    "What somebody with fewer runs might have seen. Worst and best: what to expect of the worst and the best of five. "
    "The next three are probabilities with 95 % intervals; turned round means that the means of so many seeds have "
    "the opposite order. Better half: the mean of the better half of these runs less that of the other, beside what "
    "sorting normal values of the same SD gives (95 % range): a gap inside that range says nothing about good seeds. "
)
_NORMAL: Final = (
    "The chi-square interval of an SD and the Pitman-Morgan (paired) or F interval of a ratio: the familiar ones, "
    "right for normal values only."
)
_PUBLISHED_RATIOS: Final = (
    "Intervals of published ratios assume normal values, as of the published runs only the SD is known. Incompatible: "
    "the interval of ours / published does not hold 1; uninformative: it does, but is wider than a factor of two "
    "either way. "
)
_PUBLISHED: Final = _PUBLISHED_RATIOS + (
    "The difference of means has Welch's interval; it may also come from versions of libraries or readings of a paper."
)
_OTHER_SETTING: Final = (
    "This is not the published setting: network, data or length of training differ. SDs and means are therefore not "
    "comparable and have no verdict; ratios to the base have one, as far as a method's effect does not depend on the "
    "setting. "
)
_OTHER_MEANS: Final = (
    "This is not the published setting: network, data or length of training differ. Means are therefore not comparable."
)
_SOURCES: Final = (
    "In points of accuracy. Test-set noise is what the SD over runs would be if examples varied independently. The "
    "distribution-wise variance (Jordan 2023, points squared) and its root are what would remain on unlimited test "
    "data. It is a difference and may come out below 0, which says that nothing is seen to remain; the root is then 0. "
    "With the examples' help: the SD if runs are better or worse as a whole, if at all, so that it is not below the "
    "noise; that is an assumption, and the interval takes accuracies for normal."
)
_FIXED: Final = (
    "The SD within the runs that share one value of the fixed seeds, and the p-value of its being the same at all of "
    "them (Brown-Forsythe, uncorrected). Where it differs, the pooled SD is an average over these values."
)
_CHECKS: Final = (
    "The number that the base loss's gradient was multiplied by, over all steps of all runs, as far as all of them "
    "trained. A factor that stays near "
    "1 means that the loss did next to nothing, whatever the tables above say."
)
_GROUPS: Final = (
    "What comparisons of fewer runs would have reported. The reduction is about the same in groups of every size, as "
    "they come from the same runs; the range is that of single new groups (95 %, if values are normal)."
)


@dataclass(frozen=True)
class Section:
    """A table of a report.

    Attributes:
        key: its name as a file.
        title: its heading.
        table: the texts.
        note: what the columns mean.

    """

    key: str
    title: str
    table: Table
    note: str


@dataclass(frozen=True)
class Findings:
    """What a report says of a study.

    Attributes:
        results: the comparisons.
        verdicts: method, verdict on spread, verdict on the mean.
        sections: the tables that have rows; the first is that of the results.
        reasons: sentences on numbers that could not be given.
        sources: where the spread comes from, by cell.
        groups: reductions in groups of several sizes, by cell.
        reactivity: how lambda goes with the test loss, by cell.
        candidates: every method, readout and ensemble with its cost, if the table of costs is shown.

    """

    results: Results
    verdicts: Table
    sections: list[Section]
    reasons: list[str]
    sources: Mapping[str, SpreadSources]
    groups: Mapping[str, tuple[GroupSize, ...]]
    reactivity: Mapping[str, Reactivity]
    candidates: list[Candidate]

    @property
    def tables(self) -> dict[str, Table]:
        """Every table by its name."""
        shown = {section.key: section.table for section in self.sections}
        return ({"verdicts": self.verdicts} if self.verdicts.rows else {}) | shown


def findings_of(study: StudyResults) -> Findings:
    """Compare the cells of a study, and lay out everything that a report says.

    Args:
        study: its results.

    """
    description, parts, cells = study.description, study.parts, study.cells
    labels, curves, forecasts = ([getattr(part, name) for part in parts] for name in ("labels", "curves", "forecasts"))
    metrics, costs = [part.metrics for part in parts], [part.cost for part in parts]
    published = description.published
    results = results_of(description, cells)
    rows, base = results.comparisons, results.base
    shown = [cell.shown for cell in cells]
    sources, why_no_sources = _details.sources_of(cells, labels)
    new_data, why_no_new_data = new_data_table(cells, labels, base)
    groups = _details.group_sizes_of(cells, base)
    reactivity, why_no_reactivity = _reactivity.reactivity_of(cells, curves)
    comparable = published.same_setting
    scores, why_no_scores = _paper_tables.score_table(cells, rows, [part.scores for part in parts], published.results)
    churn, about_churn, why_no_churn = _disagreement.disagreement_table(cells, labels, base)
    ensembles, why_no_ensembles = _costs.ensemble_table(study.ensembles)
    candidates = _costs.candidates_of(rows, costs, study.ensembles, base)
    with_readouts = bool(study.ensembles) or len({cell.readout for cell in cells}) > 1
    several_tasks = len({cell.task for cell in cells}) > 1
    single = single_runs_table(shown, base, description.question.thresholds(cells))
    notes = _SINGLE + " ".join(ranking_sentences(shown))
    source = f"Published: {published.source}. " if published.source else ""
    about = [_RESULTS]
    if any(column.startswith("churn") for column in results.numbers.columns):
        about.append(_CHURN)
    if any(column.startswith("forecast") for column in results.numbers.columns):
        about.append(_FORECAST_DIFFERENCE)
    several_values = any(several_groups(cell) for cell in cells)
    if several_values:
        about.append(_WITHIN)
    look = description.look
    at_look = None if look is None else interim_analysis(look, shown, labels, base)
    looks = Table([], []) if at_look is None else looks_table(at_look)
    sections = [
        Section("looks", "When it stopped", looks, "" if at_look is None else f"{_sentence(at_look)} {LOOKS}"),
        Section("results", "Results", results.numbers, "".join(about)),
        Section("failures", "Failed runs", _rows.failures_table(rows), _FAILURES),
        Section("means", "Means", _rows.means_table(rows, base), _MEANS),
        Section("costs", "What it costs", _costs.cost_table(candidates, with_readouts), _costs.NOTE),
        Section("ensembles", "Ensembles", ensembles, _costs.ENSEMBLES),
        Section("churn", "How often runs disagree", churn, about_churn),
        Section("new-data", "On this test set, and on new data", new_data, _NEW_DATA),
        Section(
            "forecasts",
            "Errors of forecasts, as in papers",
            _forecasts.error_table(
                cells, rows, metrics, [part.network for part in parts], published=published.results, base=base
            ),
            _forecasts.ERRORS,
        ),
        Section(
            "published",
            "Beside the published numbers",
            published_table(rows, published, base),
            source + (_PUBLISHED if comparable else _OTHER_SETTING + _PUBLISHED_RATIOS),
        ),
        Section(
            "published-means",
            "Beside the published means",
            _published_means.published_means_table(shown, rows, metrics, description.metrics, published),
            source + (_published_means.NOTE if comparable else _OTHER_MEANS),
        ),
        Section(
            "places",
            "By source and network, as in papers",
            _paper_tables.place_table(rows, base, results.decimals),
            _paper_tables.PLACES + (_paper_tables.POOLED if several_tasks else ""),
        ),
        Section(
            "factors",
            "How the spread goes with a factor",
            _factors.factor_table(cells, rows, published.ranges, results.decimals),
            source + _factors.NOTE,
        ),
        Section("steps", "Spread by step of the horizon", _horizon.step_table(cells, forecasts), _horizon.NOTE),
        Section(
            "variables",
            "Spread by variable",
            _forecasts.variable_table(cells, forecasts),
            _forecasts.VARIABLES,
        ),
        Section("scores", "How much runs differ", scores, _paper_tables.SCORES),
        Section(
            "sources",
            "Where the spread comes from",
            _details.sources_table(sources, _details.assisted_of(cells, labels)),
            _SOURCES,
        ),
        Section("fixed", "At each value of the fixed seeds", fixed_values_table(shown, results.decimals), _FIXED),
        Section("loss", "What the loss did", _details.check_table(cells, curves), _CHECKS),
        Section(
            "reactivity",
            "Does lambda move with the test loss?",
            _reactivity.reactivity_table(reactivity),
            _reactivity.NOTE,
        ),
        Section("single-runs", "What single runs would have said", single, notes),
        Section("groups", "Groups of fewer runs", _details.group_size_rows(groups), _GROUPS),
        Section("normal", "If values were normal", _rows.normal_table(rows, results.decimals), _NORMAL),
    ]
    return Findings(
        results=results,
        verdicts=_rows.verdict_table(rows, base),
        sections=[section for section in sections if section.table.rows],
        reasons=[
            *results.reasons,
            *why_no_sources,
            *why_no_new_data,
            *why_no_reactivity,
            *why_no_scores,
            *why_no_churn,
            *why_no_ensembles,
            *([_NOT_INDEPENDENT] if several_values else []),
        ],
        sources=sources,
        groups=groups,
        reactivity=reactivity,
        candidates=candidates if any(section.key == "costs" and section.table.rows for section in sections) else [],
    )


def _sentence(found: Interim) -> str:
    sentence = why_it_stopped(found)
    return f"{sentence[0].upper()}{sentence[1:]}."


def table_files(studies: Sequence[StudyResults]) -> dict[str, str]:
    """Return the tables of a report as files: CSV, Markdown and LaTeX (booktabs), by name.

    Args:
        studies: their results.

    """
    files: dict[str, str] = {}
    for study in studies:
        for key, table in findings_of(study).tables.items():
            files |= files_of(table, f"{study.name}-{key}")
    return files


def files_of(table: Table, stem: str) -> dict[str, str]:
    """Return a table as CSV, Markdown and LaTeX, by name."""
    return {
        f"{stem}.csv": table.to_csv(),
        f"{stem}.md": table.to_markdown() + "\n",
        f"{stem}.tex": table.to_latex(),
    }
