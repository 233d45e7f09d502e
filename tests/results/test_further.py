"""What a comparison says after its table: runs that make the spread, several tasks, normalised scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedwise import SeedwiseError, compare
from seedwise.statistics import INTERQUARTILE_COVERAGE, MeanRanks, PooledDifference

RNG = np.random.default_rng(7)
TASKS = "abcde"
VALUES = {
    (task, method): 10.0 * k * (1 + 0.05 * RNG.normal(size=6)) + shift
    for k, task in enumerate(TASKS, 1)
    for method, shift in (("base", 0.0), ("new", 3.0), ("other", 0.0))
}


def long(tasks: str = TASKS, metric: str = "return") -> pd.DataFrame:
    rows = [(t, m, s, x) for (t, m), own in VALUES.items() if t in tasks for s, x in enumerate(own)]
    return pd.DataFrame(rows, columns=["env", "agent", "seed", metric])


def test_a_run_that_makes_the_spread_is_named_by_its_seed() -> None:
    x = 0.9 + 0.002 * RNG.normal(size=8)
    x[3] = 0.8
    frame = pd.DataFrame({"seed": range(40, 48), "base": x, "new": 0.9 + 0.002 * RNG.normal(size=8)})
    found = compare(frame, metric="accuracy")
    (named,) = found.parts[0].found.named_runs
    assert (named.method, named.run) == ("base", "seed 43")
    without, everything = 100 * np.std(np.delete(x, 3), ddof=1), 100 * np.std(x, ddof=1)
    said = (
        f"A single run makes the spread of base: without seed 43 its SD is {without:.2f} instead of {everything:.2f}."
    )
    assert said.replace(" 0.", " .") in found.parts[0].statement
    assert compare(frame.drop(columns="seed"), metric="accuracy").parts[0].found.named_runs[0].run == "row 3"


def test_no_run_of_a_normal_method_is_named() -> None:
    assert compare(long()).parts[0].found.named_runs == ()


def test_points_are_pooled_and_what_has_no_unit_is_not() -> None:
    with_unit = compare(long("abc"), unit="points").parts[0].found.across
    new, other = with_unit.methods
    assert (new.method, other.method, new.tasks) == ("new", "other", 3)
    assert isinstance(new.difference, PooledDifference)
    d = np.array([VALUES[t, "new"] - VALUES[t, "base"] for t in "abc"])
    assert new.difference.difference.low == pytest.approx(low_of_random_effects(d.mean(axis=1), stats.sem(d, axis=1)))
    found = compare(long("abc"))
    new = found.parts[0].found.across.methods[0]
    assert new.difference is None
    wins = np.mean([np.mean(VALUES[t, "new"] > VALUES[t, "base"]) for t in "abc"])
    assert new.improvement.probability.estimate == pytest.approx(wins)
    assert "tasks together" not in found.parts[0].statement, "of several methods the table says it"
    alone = compare(long("abc").query("agent != 'other'")).parts[0].statement
    assert "new over the 3 tasks together: a run beats one of the base with a chance of" in alone
    assert alone.count("tasks together") == 1


def low_of_random_effects(y: np.ndarray, errors: np.ndarray) -> float:
    """Return the lower limit by DerSimonian and Laird (1986) with the interval of Hartung and Knapp (2001)."""
    w, k = 1 / errors**2, len(y)
    q = np.sum(w * (y - np.average(y, weights=w)) ** 2)
    w = 1 / (errors**2 + max(0.0, (q - (k - 1)) / (w.sum() - np.sum(w**2) / w.sum())))
    mean = np.average(y, weights=w)
    scatter = max(1.0, np.sum(w * (y - mean) ** 2) / (k - 1))
    return float(mean - stats.t.ppf(0.975, k - 1) * np.sqrt(scatter / w.sum()))


def test_the_ratio_of_sds_is_pooled_by_its_logarithm() -> None:
    """Equal weights where all intervals are equally wide in the logarithm: the geometric mean."""
    rows = [
        (t, m, s, x)
        for t, scale in (("a", 1.0), ("b", 100.0))
        for m, factor in (("base", 1.0), ("new", 0.5 if t == "a" else 0.8))
        for s, x in enumerate(scale * factor * stats.norm.ppf(np.arange(1, 12) / 12))
    ]
    frame = pd.DataFrame(rows, columns=["task", "method", "seed", "score"])
    ratio = compare(frame, unpaired=True).parts[0].found.across.methods[0].ratio
    assert ratio.ratio.estimate == pytest.approx(np.sqrt(0.5 * 0.8))
    assert ratio.ratio.n == 2


def test_ranks_from_five_tasks_on() -> None:
    assert compare(long("abcd")).parts[0].found.across.ranks is None
    found = compare(long())
    ranks = found.parts[0].found.across.ranks
    assert isinstance(ranks, MeanRanks)
    methods = ("base", "new", "other")
    values = np.array([[VALUES[t, m] for m in methods] for t in TASKS])  # (tasks, methods, seeds)
    of_seeds = stats.rankdata(-values, axis=1)
    means, n = of_seeds.mean(axis=(0, 2)), 6
    v = np.maximum(of_seeds.var(axis=2, ddof=1) / n, 2 / n**2)
    half = stats.t.ppf(0.975, v.sum(axis=0) ** 2 / np.sum(v**2 / (n - 1), axis=0)) * np.sqrt(v.sum(axis=0)) / 5
    assert {one.method: one.rank.estimate for one in ranks.methods} == pytest.approx(
        dict(zip(methods, means, strict=True))
    )
    lows = dict(zip(methods, np.maximum(means - half, 1), strict=True))
    assert {one.method: one.rank.low for one in ranks.methods} == pytest.approx(lows)
    chi = stats.friedmanchisquare(*values.mean(axis=2).T).statistic
    assert ranks.p_value == pytest.approx(stats.f.sf(4 * chi / (5 * 2 - chi), 2, 2 * 4))  # Iman and Davenport (1980)
    assert [section.short for section in found.parts[0].sections] == ["Over 5 tasks", "Mean ranks"]


def test_ranks_take_the_direction() -> None:
    frame = long(metric="error").rename(columns={"error": "mae"})
    best = compare(frame).parts[0].found.across.ranks.methods[-1].method
    assert best == compare(long()).parts[0].found.across.ranks.methods[0].method


BOUNDS = {"a": (5.0, 15.0), "b": (0.0, 25.0), "c": (10.0, 40.0)}


def scores(method: str) -> np.ndarray:
    return np.stack([(VALUES[t, method] - z) / (o - z) for t, (z, o) in BOUNDS.items()], axis=1)


@pytest.mark.parametrize("given", ["mapping", "file", "columns"])
def test_normalised_by_bounds(given: str, tmp_path: Path) -> None:
    frame, asked = long("abc"), BOUNDS
    if given == "file":
        asked = str(tmp_path / "bounds.csv")
        table = pd.DataFrame([(t, *pair) for t, pair in BOUNDS.items()], columns=["env", "random", "human"])
        table.to_csv(asked, index=False)
    elif given == "columns":
        asked = ("random", "human")
        frame["random"], frame["human"] = (frame["env"].map({t: p[k] for t, p in BOUNDS.items()}) for k in (0, 1))
    part = compare(frame, metric="return", normalize=asked).parts[0]
    assert part.found.aggregates.higher_is_better
    for one in part.found.aggregates.methods:
        x = scores(one.method)
        assert one.interquartile_mean.estimate == pytest.approx(stats.trim_mean(x.ravel(), 0.25))
        assert one.optimality_gap.estimate == pytest.approx(1 - np.minimum(x, 1).mean())
        at_half = dict(zip(one.profile.thresholds, one.profile.shares, strict=True))[0.5]
        assert at_half.estimate == pytest.approx(np.mean(x > 0.5))
    section = next(section for section in part.sections if section.short == "Interquartile mean")
    for runs, (low, high) in INTERQUARTILE_COVERAGE.items():
        assert f"{100 * low:.0f} to {100 * high:.0f} % with {runs} runs" in section.note
    assert f"Where one run in ten fails and the tasks lie apart, it is {failing_coverage()} (" in section.note


def failing_coverage() -> str:
    """Return what the calibration measured with 5, 10 and 20 runs, by the first of its tables."""
    page = (Path(__file__).parents[2] / "docs" / "calibration.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| one run in ten fails, apart |"))
    return ", ".join(f"{float(cell):.0f} %" for cell in row.split("|")[2:-1])


def test_normalised_by_the_base() -> None:
    found = compare(long("abc"), normalize="base").parts[0].found.aggregates
    assert found.by_base
    assert found.bounds == {t: (VALUES[t, "base"].min(), VALUES[t, "base"].max()) for t in "abc"}
    errors = compare(long("abc"), normalize="base", lower_is_better=True).parts[0].found.aggregates
    assert errors.higher_is_better
    assert errors.bounds["a"] == (VALUES["a", "base"].max(), VALUES["a", "base"].min())


def test_a_failed_run_counts_at_chance_or_there_is_no_number() -> None:
    frame = long("abc")
    frame.loc[0, "return"] = np.nan
    without = compare(frame, normalize=BOUNDS).parts[0]
    assert without.found.aggregates.methods[0].interquartile_mean == "1 of its runs failed: count them with --chance"
    assert "base: no interquartile mean: 1 of its runs failed" in " ".join(without.results.reasons)
    counted = compare(frame, normalize=BOUNDS, chance=5.0).parts[0].found.aggregates.methods[0]
    x = scores("base")
    x[0, 0] = 0.0  # the metric of 5, which counts as 0 on the first task
    assert counted.interquartile_mean.estimate == pytest.approx(stats.trim_mean(x.ravel(), 0.25))


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ({"a": (0.0, 1.0), "b": (0.0, 1.0)}, "no bounds for the task c"),
        (dict.fromkeys("abc", (1.0, 1.0)), "two numbers for the task a"),
        ({**BOUNDS, "a": (15.0, 5.0)}, "rise on some tasks and fall on others"),
        (("random", "human"), "there is no column 'random'"),
        ("nothing.csv", "there is no file nothing.csv"),
        (("a", "b", "c"), "two columns"),
    ],
)
def test_bounds_that_are_refused(asked: object, part: str) -> None:
    with pytest.raises(SeedwiseError) as caught:
        compare(long("abc"), metric="return", normalize=asked)  # type: ignore[arg-type]
    assert part in str(caught.value)


def test_no_plan_where_more_runs_help_nothing() -> None:
    x = 0.9 + 0.01 * RNG.normal(size=8)
    equal = compare(pd.DataFrame({"base": x, "new": x}), metric="accuracy")
    constant = compare(pd.DataFrame({"base": x, "new": 0.5}), metric="accuracy")
    for found, reason in ((equal, "all 8 pairs have equal results"), (constant, "has the same result in all 8 runs")):
        assert not any("SD ratio" in sentence for sentence in found.results.plan)
        assert f"No verdict on the spread{' or the mean' * (found is equal)}: " in found.parts[0].statement
        assert reason in found.parts[0].statement
    assert equal.results.plan == []
    few = compare(pd.DataFrame({"base": x[:2], "new": x[2:4]}), metric="accuracy")
    assert "SD ratio" in few.results.plan[0]  # two runs are too few, and more would help
