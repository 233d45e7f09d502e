"""What a comparison of foreign runs says after its table: other examples, several tasks, normalized scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seedwise.reporting._table import METHOD, TASK, Column, Kind, N, Table
from seedwise.reporting._topic import Section
from seedwise.results import Aggregates, ComparedRuns, ComparedSummaries, ExampleComparison, MethodAggregates
from seedwise.statistics import (
    INTERQUARTILE_COVERAGE,
    INTERQUARTILE_COVERAGE_FAILING,
    AcrossTasks,
    Crossed,
    Improvement,
    Interval,
    MeanRanks,
    MethodAcrossTasks,
    PooledDifference,
    PooledRatio,
    Verdict,
)
from seedwise.statistics.core.formatting import decimals_for, interval, number, p_equals

_NONE: Final = "-"
_ON_OTHERS: Final = Column("verdict, other examples", Kind.SENTENCE)
_SHARES: Final = (0.25, 0.5, 0.75, 1.0)


def further_sections(found: ComparedRuns) -> tuple[Section, ...]:
    """Return the further tables of a comparison, those that it has."""
    sections = [_examples(found.of_examples), _across(found.across), _ranks(found.across), *_scores(found.aggregates)]
    return tuple(section for section in sections if section is not None)


def _examples(found: Sequence[ExampleComparison]) -> Section | None:
    if not found:
        return None
    several = len({one.task for one in found}) > 1
    rows = [[*([one.task] if several else []), *_example_row(one)] for one in found]
    columns = [METHOD, N, "examples", "mean, other examples [95 %]", "error of examples"]
    columns += ["difference, these examples [95 %]", "difference, other examples [95 %]", _ON_OTHERS]
    note = (
        "Runs crossed with examples. These examples: for other runs on exactly these. Other examples: for other runs "
        "on other examples of the same kind; more runs do not make it shorter than what the examples leave open. Error "
        "of examples: the standard error of the mean over examples alone."
    )
    table = Table([*([TASK] if several else []), *columns], rows)
    return Section("examples", "Does it hold on other examples?", table, note, short="Other examples")


def _example_row(one: ExampleComparison) -> list[str]:
    mean, difference, scale = one.mean, one.difference, one.metric.scale
    whole = [_NONE, _NONE] if difference is not None else ["", ""]
    if isinstance(difference, Crossed):
        whole = [_with_interval(part, scale) for part in (difference.on_test_set, difference.on_new_data)]
    verdict = one.verdict.sentence if isinstance(one.verdict, Verdict) else one.verdict or ""
    return [
        one.method,
        str(one.runs),
        str(one.examples),
        _with_interval(mean.on_new_data, scale) if isinstance(mean, Crossed) else _NONE,
        number(scale * one.error_of_examples, decimals_for(scale * one.error_of_examples)),
        *whole,
        verdict,
    ]


def sections_of_summaries(found: ComparedSummaries) -> tuple[Section, ...]:
    """Return the further table of a comparison of means and SDs, where there are several tasks."""
    section = _across(found.across, of_runs=False)
    return () if section is None else (section,)


def _across(found: AcrossTasks | None, *, of_runs: bool = True) -> Section | None:
    if found is None:
        return None
    unit = bool(found.metric.unit)
    columns = [METHOD, "tasks", *(["difference of means [95 %]", "heterogeneity of means"] if unit else [])]
    columns += [*(["P(better) [95 %]"] if of_runs else []), "ratio of SDs [95 %]", "heterogeneity of ratios"]
    rows = [_across_row(one, found.metric.scale, of_runs) for one in found.methods]
    better = (
        "P(better): the chance that a run of the method beats one of the base, on average over these tasks. "
        if of_runs
        else "By normal theory, from means and SDs alone: the intervals of the ratios take values for normal. "
    )
    note = (
        f"Pooled over tasks by random effects: what to expect of a task like these. {better}Heterogeneity: the share "
        "of the variation between tasks that is not chance, and p of one value for all."
    )
    if not unit:
        note += " Means are not pooled where no unit is named, as tasks may have scales of their own (--unit)."
    title, short = f"What do the {found.tasks} tasks say together?", f"Over {found.tasks} tasks"
    return Section("across-tasks", title, Table(columns, rows), note, short=short)


def _across_row(one: MethodAcrossTasks, scale: float, of_runs: bool) -> list[str]:
    difference = []
    if isinstance(one.difference, PooledDifference):
        difference = [_with_interval(one.difference.difference, scale), _heterogeneity(one.difference)]
    elif one.difference is not None:
        difference = [_NONE, _NONE]
    chance = interval(one.improvement.probability, 2, null=0.5) if isinstance(one.improvement, Improvement) else _NONE
    ratio = [_NONE, _NONE]
    if isinstance(one.ratio, PooledRatio):
        ratio = [interval(one.ratio.ratio, 2, null=1), _heterogeneity(one.ratio)]
    return [one.method, str(one.tasks), *difference, *([chance] if of_runs else []), *ratio]


def _heterogeneity(found: PooledDifference | PooledRatio) -> str:
    return f"{100 * found.heterogeneity:.0f} %, {p_equals(found.heterogeneity_p)}"


def _ranks(found: AcrossTasks | None) -> Section | None:
    if found is None or not isinstance(found.ranks, MeanRanks):
        return None
    rows = [
        [one.method, _with_interval(one.rank), " ".join(f"{r:.1f}" for r in one.by_task)] for one in found.ranks.methods
    ]
    note = (
        "Rank 1 is the best. Intervals come from the seeds and are about these tasks; Friedman's test of no method "
        f"before another, about tasks like these: {p_equals(found.ranks.p_value)}."
    )
    table = Table([METHOD, "mean rank [95 %]", "by task"], rows)
    return Section("ranks", "Which method comes first over the tasks?", table, note, short="Mean ranks")


def _scores(found: Aggregates | None) -> list[Section]:
    if found is None:
        return []
    gap = ["optimality gap [95 %]"] if found.higher_is_better else []
    rows = [_score_row(one) for one in found.methods]
    what = (
        "0 and 1 are the worst and the best of the base's runs on each task" if found.by_base else "0 and 1 are given"
    )
    bounds = ", ".join(f"{task} {zero:g} to {one:g}" for task, (zero, one) in found.bounds.items())
    coverage = ", ".join(
        f"{100 * low:.0f} to {100 * high:.0f} % with {runs} runs"
        for runs, (low, high) in INTERQUARTILE_COVERAGE.items()
    )
    failing = ", ".join(f"{100 * share:.0f} %" for share in INTERQUARTILE_COVERAGE_FAILING.values())
    note = (
        f"Normalised scores: {what} ({bounds}), and taken as known; "
        f"{'higher' if found.higher_is_better else 'lower'} is better. The middle half of all scores, with intervals "
        "of a bootstrap within tasks. In simulated studies of 3 tasks such intervals hold the truth in "
        f"{coverage} per task: few runs make them too short. Where one run in ten fails and the tasks lie apart, it is "
        f"{failing} (docs/calibration.md)."
    )
    scores = Section(
        "scores",
        "How good is the middle half of the normalized scores?",
        Table([METHOD, "interquartile mean [95 %]", *gap], rows),
        note,
        short="Interquartile mean",
    )
    columns = [METHOD, *(f"above {number(share, 2)} [95 %]" for share in _SHARES)]
    profile = Table(columns, [_profile_row(one) for one in found.methods])
    above = "Share of the scores above each value."
    title = "How many scores are above a value?"
    return [scores, Section("profiles", title, profile, above, short="Performance profiles")]


def _score_row(one: MethodAggregates) -> list[str]:
    texts = [_with_interval(one.interquartile_mean) if isinstance(one.interquartile_mean, Interval) else _NONE]
    if one.optimality_gap is not None:
        texts.append(_with_interval(one.optimality_gap) if isinstance(one.optimality_gap, Interval) else _NONE)
    return [one.method, *texts]


def _profile_row(one: MethodAggregates) -> list[str]:
    if isinstance(one.profile, str):
        return [one.method, *[_NONE] * len(_SHARES)]
    shares = {round(t, 2): share for t, share in zip(one.profile.thresholds, one.profile.shares, strict=True)}
    return [one.method, *(interval(shares[t], 2) for t in _SHARES)]


def _with_interval(found: Interval, scale: float = 1.0) -> str:
    return interval(found, min(max(decimals_for(scale * (found.high - found.low)), 1), 6), scale)


def further_reasons(found: ComparedRuns) -> list[str]:
    """Return why further numbers are missing."""
    said = []
    for one in found.of_examples:
        said += [f"{one.method}: no mean on other examples: {one.mean}"] if isinstance(one.mean, str) else []
    if found.across is not None:
        for across in found.across.methods:
            missing = (("difference over tasks", across.difference), ("P(better)", across.improvement))
            said += [f"{across.method}: no {what}: {why}" for what, why in missing if isinstance(why, str)]
            said += [f"{across.method}: no pooled ratio: {across.ratio}"] if isinstance(across.ratio, str) else []
        said += [f"no ranks: {found.across.ranks}"] if isinstance(found.across.ranks, str) else []
    if found.aggregates is not None:
        for of in found.aggregates.methods:
            said += (
                [f"{of.method}: no interquartile mean: {of.interquartile_mean}"] if isinstance(of.profile, str) else []
            )
    return said
