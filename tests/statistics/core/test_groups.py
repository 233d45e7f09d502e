"""Runs at several values of the fixed seeds: the spread within the groups, pooled."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seedwise.statistics import Cell, Metric, churn, compare_cells, spread, spread_equivalence, spread_ratio

SEED = 20240607
GROUPS, SIZE = 5, 5
LABELS = np.repeat(np.arange(GROUPS), SIZE)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(0, 1, (2, GROUPS * SIZE)) + 10 * LABELS


def pooled(values: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, int]:
    """Return the root of the residual mean square of a one-way layout, group by group, and its degrees of freedom."""
    squares = sum(float(np.sum((values[labels == g] - values[labels == g].mean()) ** 2)) for g in np.unique(labels))
    df = values.size - np.unique(labels).size
    return float(np.sqrt(squares / df)), df


def test_the_sd_is_the_one_within_the_groups() -> None:
    s, df = pooled(X, LABELS)
    found = spread(X, groups=LABELS, procedure="chi-square")
    assert found.estimate == pytest.approx(s)
    assert found.low == pytest.approx(s * np.sqrt(df / stats.chi2.ppf(0.975, df)))
    assert found.high == pytest.approx(s * np.sqrt(df / stats.chi2.ppf(0.025, df)))
    assert spread(X, groups=LABELS).estimate == pytest.approx(s)


def test_the_ratio_is_the_one_within_the_groups() -> None:
    (s_x, df), (s_y, _) = pooled(X, LABELS), pooled(Y, LABELS)
    q = s_x / s_y
    found = spread_ratio(X, Y, paired=False, groups=(LABELS, LABELS), procedure="normal")
    assert found.estimate == pytest.approx(q)
    assert found.low == pytest.approx(q / np.sqrt(stats.f.ppf(0.975, df, df)))
    assert found.p_value == pytest.approx(2 * min(stats.f.cdf(q * q, df, df), stats.f.sf(q * q, df, df)))
    # Pitman-Morgan is the test of no correlation between sum and difference, here of deviations from the groups' means.
    u, v = (values - np.array([values[g == LABELS].mean() for g in LABELS]) for values in (X + Y, X - Y))
    r = float(np.sum(u * v) / np.sqrt(np.sum(u * u) * np.sum(v * v)))
    t = r * np.sqrt((df - 1) / (1 - r * r))
    paired = spread_ratio(X, Y, paired=True, groups=(LABELS, LABELS), procedure="normal")
    assert paired.p_value == pytest.approx(2 * stats.t.sf(abs(t), df - 1))


def test_one_group_changes_nothing_and_labels_are_only_names() -> None:
    assert spread(X, groups=np.zeros(25)) == spread(X)
    names = np.array(list("abcde"))[LABELS]
    order = np.random.default_rng(1).permutation(25)
    assert spread(X, groups=names).low == pytest.approx(spread(X[order], groups=LABELS[order]).low)


def test_a_group_of_one_run_adds_nothing() -> None:
    with_one = spread(np.append(X, 77.0), groups=np.append(LABELS, 9), procedure="chi-square")
    without = spread(X, groups=LABELS, procedure="chi-square")
    assert (with_one.estimate, with_one.low) == (pytest.approx(without.estimate), pytest.approx(without.low))


def test_what_groups_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\); pass one per run, \(25,\)"):
        spread(X, groups=[0, 1, 2])
    with pytest.raises(ValueError, match="4 runs in 3 groups: pass more runs"):
        spread(X[:4], groups=[0, 0, 1, 2])
    with pytest.raises(ValueError, match="groups of a pair differ"):
        spread_ratio(X, Y, paired=True, groups=(LABELS, LABELS[::-1]))
    with pytest.raises(ValueError, match="'permutation' is for one group"):
        spread_ratio(X, Y, paired=True, groups=(LABELS, LABELS), procedure="permutation")


def test_groups_that_are_constant_have_no_spread() -> None:
    assert spread(0.1 * LABELS + 0.7, groups=LABELS).estimate == 0


def test_churn_is_that_of_pairs_within_a_group() -> None:
    predictions = np.random.default_rng(3).integers(0, 3, (9, 40)) % (np.arange(9)[:, None] // 3 + 1)
    labels = np.repeat([4, 2, 7], [4, 3, 2])
    pairs = [(i, j) for i, j in combinations(range(9), 2) if labels[i] == labels[j]]

    def share(without: int = -1) -> float:
        return float(np.mean([np.mean(predictions[i] != predictions[j]) for i, j in pairs if without not in (i, j)]))

    found = churn(predictions, groups=labels)
    assert found.estimate == pytest.approx(share())
    pseudo = [9 * share() - 8 * share(run) for run in range(9)]
    half = stats.t.ppf(0.975, 8) * np.std(pseudo, ddof=1) / 3
    assert found.high - found.estimate == pytest.approx(half)


def draws(name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], float]:
    match name:
        case "binomial":
            return rng.binomial(360, 0.98, shape) * 1.0, float(np.sqrt(7.056))
        case "gamma":
            return rng.gamma(4, size=shape), 2.0
        case _:
            return rng.standard_normal(shape), 1.0


@pytest.mark.parametrize(("name", "low"), [("normal", 0.93), ("binomial", 0.93), ("gamma", 0.90)])
@pytest.mark.parametrize(("groups", "size"), [(5, 5), (10, 3), (2, 10)])
def test_coverage(name: str, low: float, groups: int, size: int) -> None:
    """Means of groups far apart cost only their degrees of freedom; slack: three standard errors."""
    rng = np.random.default_rng(SEED)
    labels = np.repeat(np.arange(groups), size)
    studies = 1000
    x, sd = draws(name, rng, (studies, groups * size))
    y, _ = draws(name, rng, (studies, groups * size))
    x, y = x + 7 * labels, y - 3 * labels
    of_sd = np.mean([(s := spread(row, groups=labels)).low <= sd <= s.high for row in x])
    slack = 3 * np.sqrt(low * (1 - low) / studies)
    assert low - slack <= of_sd <= 0.97 + slack
    for paired in (True, False):
        equal = np.mean(
            [
                (q := spread_ratio(a, b, paired=paired, groups=(labels, labels))).low <= 1 <= q.high
                for a, b in zip(x[:300], y[:300], strict=True)
            ]
        )
        assert equal >= 0.93 - 3 * np.sqrt(0.93 * 0.07 / 300)


def cell(method: str, values: NDArray[np.float64]) -> Cell:
    replicates = np.tile(np.arange(SIZE), GROUPS)
    return Cell(
        task="t", method=method, regime="init", group=LABELS, replicate=replicates, values=values,
        status=("finished",) * values.size, metric=Metric("m"),
    )  # fmt: skip


def test_a_study_with_fixed_values_is_compared_within_its_groups() -> None:
    order = np.random.default_rng(2).permutation(25)
    plain = cell("vml", Y)
    shuffled = replace(plain, group=LABELS[order], replicate=plain.replicate[order], values=Y[order])
    base, row = compare_cells(cell("base", X), [shuffled], factor=3.0)
    assert row.paired
    assert base.spread == spread(X, groups=LABELS)
    expected = spread_ratio(Y, X, paired=True, groups=(LABELS, LABELS))
    assert row.reduction.low == pytest.approx(100 * (1 - expected.high))  # type: ignore[union-attr]
    close = spread_equivalence(Y, X, paired=True, factor=3.0, groups=(LABELS, LABELS))
    assert row.verdict is not None
    assert (row.verdict.word == "equivalent within a factor") == close.equivalent


def test_means_are_compared_between_the_groups() -> None:
    rows = compare_cells(cell("base", X), [cell("vml", Y + 1)])
    means = [np.array([values[g == LABELS].mean() for g in range(GROUPS)]) for values in (X, Y + 1)]
    expected = stats.ttest_rel(means[1], means[0])
    difference = rows[1].mean_difference
    assert not isinstance(difference, str)
    assert difference.p_value == pytest.approx(expected.pvalue)
    assert difference.n == [GROUPS, GROUPS]
    assert "not independent" in str(rows[1].improvement)


def test_a_method_that_suits_some_fixed_seeds_is_not_called_better() -> None:
    """A difference at each value of the fixed seeds, none on average: called in 5 % of studies, + 3 standard errors."""
    rng = np.random.default_rng(SEED)
    studies, called = 1000, 0
    for _ in range(studies):
        x, y = rng.standard_normal((2, GROUPS * SIZE))
        row = compare_cells(cell("base", x), [cell("vml", y + 0.7 * rng.standard_normal(GROUPS)[LABELS])])[1]
        assert row.mean_verdict is not None
        called += row.mean_verdict.word != "not resolved"
    assert abs(called / studies - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / studies)
