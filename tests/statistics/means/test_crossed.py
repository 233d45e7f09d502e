import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from seedwise.statistics import Crossed, crossed_difference, crossed_mean, mean_difference

Scores = NDArray[np.float64]
SLOPE = 2.5  # SD of the difficulty of examples, in logits


def anova(x: Scores) -> tuple[float, float, float]:
    """Mean squares of runs, examples and their interaction, by loops over every cell."""
    runs, examples = x.shape
    m = x.mean()
    of_runs = sum(examples * (x[i].mean() - m) ** 2 for i in range(runs)) / (runs - 1)
    of_examples = sum(runs * (x[:, j].mean() - m) ** 2 for j in range(examples)) / (examples - 1)
    both = sum((x[i, j] - x[i].mean() - x[:, j].mean() + m) ** 2 for i in range(runs) for j in range(examples)) / (
        (runs - 1) * (examples - 1)
    )
    return of_runs, of_examples, both


def variance_and_df(parts: list[tuple[float, float]], minus: list[tuple[float, float]]) -> tuple[float, float]:
    v = max(sum(part for part, _ in parts) - sum(part for part, _ in minus), *(part for part, _ in [*parts, (0, 0)]))
    return v, v**2 / sum(part**2 / df for part, df in parts + minus)


def parts(c: Crossed) -> float:
    return c.from_runs + c.from_examples + c.from_both


@pytest.mark.parametrize(("runs", "examples"), [(3, 2), (3, 30), (6, 25)])
def test_new_data_is_the_analysis_of_variance_written_out(runs: int, examples: int) -> None:
    rng = np.random.default_rng(examples)
    x = rng.normal(size=(runs, 1)) + 2 * rng.normal(size=(1, examples)) + rng.normal(size=(runs, examples))
    c = crossed_mean(x, level=0.9)
    a, b, ab = (square / x.size for square in anova(x))
    v, df = variance_and_df([(a, runs - 1), (b, examples - 1)], [(ab, (runs - 1) * (examples - 1))])
    assert [c.from_runs, c.from_examples, c.from_both] == pytest.approx([a - ab, b - ab, ab])
    half = stats.t.ppf(0.95, df) * np.sqrt(v)
    low, high = stats.t.interval(0.9, runs - 1, x.mean(), stats.sem(x.mean(axis=1)))
    wider = [min(x.mean() - half, low), max(x.mean() + half, high)]
    assert [c.on_new_data.low, c.on_new_data.high] == pytest.approx(wider)
    assert [c.on_test_set.low, c.on_test_set.high] == pytest.approx([low, high])
    assert c.on_test_set.estimate == c.on_new_data.estimate == pytest.approx(x.mean())
    assert (c.on_new_data.n, c.on_new_data.level, c.on_test_set.procedure) == (runs, 0.9, "t")


def test_a_claim_on_new_data_is_never_surer_than_one_on_these_examples() -> None:
    rng = np.random.default_rng(8)
    narrower = 0
    for _ in range(60):
        x, y = (rng.random((3, 150)) < p + 0.05 * rng.normal(size=(3, 1)) for p in (0.9, 0.87))
        of_mean, of_difference = crossed_mean(x), crossed_difference(x, y, paired=True)
        these = of_difference.on_test_set
        assert of_difference.on_new_data.low <= these.low < these.high <= of_difference.on_new_data.high
        assert of_difference.on_new_data.p_value >= these.p_value
        assert 0 <= of_mean.on_new_data.low <= max(of_mean.on_test_set.low, 0)
        assert 1 >= of_mean.on_new_data.high >= min(of_mean.on_test_set.high, 1)
        narrower += of_difference.on_new_data.p_value == these.p_value
    assert narrower > 10  # it happens: with few runs Satterthwaite's degrees of freedom are more than theirs


def test_the_interval_of_accuracy_solves_wilsons_equation() -> None:
    x = np.random.default_rng(2).random((5, 80)) < np.random.default_rng(3).random(80) ** 0.2
    c = crossed_mean(x)
    a, b, ab = (square / x.size for square in anova(x.astype(float)))
    v, df = variance_and_df([(a, 4), (b, 79)], [(ab, 4 * 79)])
    p, t = x.mean(), stats.t.ppf(0.975, df)
    worth = p * (1 - p) / v  # independent examples
    for limit in (c.on_new_data.low, c.on_new_data.high):
        assert abs(limit - p) == pytest.approx(t * np.sqrt(limit * (1 - limit) / worth))
    assert c.on_new_data.low < p < c.on_new_data.high


def test_the_variance_never_falls_below_that_of_one_axis() -> None:
    x = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])  # all interaction: equal rows and columns
    c = crossed_mean(x + np.array([[0.3], [0.0], [0.0]]))  # a little from runs, nothing from examples
    assert c.from_examples < 0
    a, b, _ = (square / 9 for square in anova(x + np.array([[0.3], [0.0], [0.0]])))
    half = c.on_new_data.high - c.on_new_data.estimate
    df = max(a, b) ** 2 / sum(m**2 / d for m, d in zip((a, b, c.from_both), (2, 2, 4), strict=True))
    assert half == pytest.approx(stats.t.ppf(0.975, df) * np.sqrt(max(a, b)))


def test_runs_that_are_right_everywhere_are_as_good_as_their_examples() -> None:
    c = crossed_mean(np.ones((5, 200), dtype=bool))
    t2 = stats.t.ppf(0.975, 199) ** 2
    assert (c.on_new_data.estimate, c.on_new_data.high) == (1.0, 1.0)
    assert c.on_new_data.low == pytest.approx(200 / (200 + t2))
    assert (c.on_test_set.low, c.on_test_set.high) == (1.0, 1.0)
    none = crossed_mean(np.zeros((5, 200), dtype=bool)).on_new_data
    assert (none.low, none.high) == (0.0, pytest.approx(t2 / (200 + t2)))


def test_paired_differences_are_a_mean_of_differences() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 6, 30)) + rng.normal(size=30)
    d, one = crossed_difference(x, y, paired=True), crossed_mean(x - y)
    assert [d.on_new_data.low, d.on_new_data.high] == pytest.approx([one.on_new_data.low, one.on_new_data.high])
    assert [d.on_test_set.low, d.on_test_set.high] == pytest.approx([one.on_test_set.low, one.on_test_set.high])
    assert parts(d) == pytest.approx(parts(one))
    assert d.on_test_set == mean_difference(x.mean(axis=1), y.mean(axis=1), paired=True)
    assert d.on_new_data.n == [6, 6]


def test_unpaired_differences_are_the_formula_written_out() -> None:
    rng = np.random.default_rng(5)
    hard = rng.normal(size=25)
    x, y = rng.normal(size=(4, 25)) + hard, 0.5 + 1.5 * rng.normal(size=(7, 25)) + hard
    d = crossed_difference(x, y, paired=False, level=0.9)
    (ax, _, abx), (ay, _, aby) = anova(x), anova(y)
    b = np.var(x.mean(axis=0) - y.mean(axis=0), ddof=1) / 25
    runs = variance_and_df([(ax / x.size, 3), (ay / y.size, 6)], [])
    both = variance_and_df([(abx / x.size, 3 * 24), (aby / y.size, 6 * 24)], [])
    v, df = variance_and_df([runs, (b, 24)], [both])
    half = stats.t.ppf(0.95, df) * np.sqrt(v)
    estimate = x.mean() - y.mean()
    assert [d.on_new_data.low, d.on_new_data.high] == pytest.approx([estimate - half, estimate + half])
    assert d.on_new_data.p_value == pytest.approx(2 * stats.t.sf(abs(estimate) / np.sqrt(v), df))
    assert d.on_test_set == mean_difference(x.mean(axis=1), y.mean(axis=1), paired=False, level=0.9)
    assert d.on_new_data.n == [4, 7]


def test_the_three_parts_are_unbiased() -> None:
    studies, rng = 4000, np.random.default_rng(6)
    found = np.empty((studies, 3))
    for study in range(studies):
        x = 0.5 * rng.normal(size=(4, 1)) + 1.0 * rng.normal(size=(1, 12)) + 1.5 * rng.normal(size=(4, 12))
        c = crossed_mean(x)
        found[study] = c.from_runs, c.from_examples, c.from_both
    true = np.array([0.5**2 / 4, 1.0**2 / 12, 1.5**2 / 48])
    assert np.all(np.abs(found.mean(axis=0) - true) <= 3 * found.std(axis=0) / np.sqrt(studies))


def test_runs_do_not_buy_what_examples_leave_open() -> None:
    x = np.random.default_rng(7).random((400, 50)) < np.linspace(0.2, 1, 50)
    few, many = crossed_mean(x[:20]), crossed_mean(x)

    def width(c: Crossed, which: str) -> float:
        interval = getattr(c, which)
        return float(interval.high - interval.low)

    assert width(many, "on_test_set") < 0.3 * width(few, "on_test_set")
    assert width(many, "on_new_data") > 0.9 * width(few, "on_new_data")


def accuracy_of(intercept: float, slope: float, quality: float) -> float:
    """The accuracy of all runs on all examples: errors have logit intercept + slope z + quality a, z and a normal."""
    z = special.ndtri((np.arange(2000) + 0.5) / 2000) * np.hypot(slope, quality)
    return float(1 - special.expit(intercept + z).mean())


@pytest.mark.parametrize("quality", [0.0, 0.3])  # SD of the runs' quality, in logits
@pytest.mark.parametrize(("runs", "examples"), [(3, 360), (5, 1000), (20, 360)])
def test_both_intervals_cover(runs: int, examples: int, quality: float) -> None:
    studies, rng = 600, np.random.default_rng(runs)
    fixed = rng.normal(-4, SLOPE, examples)  # one test set, for the first interval
    qualities = special.ndtri((np.arange(200) + 0.5) / 200)[:, None] * quality
    on_fixed, on_all = 1 - special.expit(fixed + qualities).mean(), accuracy_of(-4, SLOPE, quality)
    covered = np.zeros(2)

    def right(difficulty: NDArray[np.float64]) -> NDArray[np.bool_]:
        return rng.random((runs, examples)) >= special.expit(difficulty + quality * rng.normal(size=(runs, 1)))

    for _ in range(studies):
        here, new = crossed_mean(right(fixed)), crossed_mean(right(rng.normal(-4, SLOPE, examples)))
        covered += [
            here.on_test_set.low <= on_fixed <= here.on_test_set.high,
            new.on_new_data.low <= on_all <= new.on_new_data.high,
        ]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert abs(covered[0] / studies - 0.95) <= slack + 0.01  # accuracy is only nearly normal over runs
    assert 0.93 - slack <= covered[1] / studies <= 0.98 + slack  # a little wide at 3 runs


@pytest.mark.parametrize("quality", [0.0, 0.3])
@pytest.mark.parametrize(("runs", "examples"), [(3, 360), (5, 1000), (20, 360)])
def test_the_difference_on_new_data_covers(runs: int, examples: int, quality: float) -> None:
    studies, rng = 500, np.random.default_rng(100 + runs)
    true = accuracy_of(-4.3, np.hypot(2.0, 1.5), quality) - accuracy_of(-4, SLOPE, quality)
    covered = np.zeros(2)
    for _ in range(studies):
        shared = rng.normal(size=examples)  # what is hard for both
        base, method = -4 + SLOPE * shared, -4.3 + 2.0 * shared + 1.5 * rng.normal(size=examples)
        a = quality * rng.normal(size=(runs, 1))
        twin = 0.5 * a + np.sqrt(0.75) * quality * rng.normal(size=(runs, 1))  # the same seeds
        other = quality * rng.normal(size=(runs + 2, 1))
        x = rng.random((runs, examples)) >= special.expit(method + twin)
        y = rng.random((runs, examples)) >= special.expit(base + a)
        z = rng.random((runs + 2, examples)) >= special.expit(base + other)
        for i, d in enumerate((crossed_difference(x, y, paired=True), crossed_difference(x, z, paired=False))):
            covered[i] += d.on_new_data.low <= true <= d.on_new_data.high
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert np.all((0.93 - slack <= covered / studies) & (covered / studies <= 0.98 + slack)), covered / studies


def test_differences_that_do_not_vary() -> None:
    x = np.array([[1, 0, 1, 1], [0, 1, 1, 1], [1, 1, 0, 1]])
    same = crossed_difference(x, x, paired=True)
    for interval in (same.on_test_set, same.on_new_data):
        assert (interval.estimate, interval.low, interval.high, interval.p_value) == (0.0, 0.0, 0.0, 1.0)
    for paired in (True, False):  # every run gains one example, a different one
        gain = crossed_difference(x, np.array([[1, 0, 1, 0], [0, 1, 0, 1], [0, 1, 0, 1]]), paired=paired)
        assert (gain.on_test_set.low, gain.on_test_set.high, gain.on_test_set.p_value) == (0.25, 0.25, None)
        assert gain.on_new_data.low < 0.25 < gain.on_new_data.high
    with pytest.raises(ValueError, match="the difference is 1 in every run and example and has no interval"):
        crossed_difference(np.ones((3, 4)), np.zeros((3, 4)), paired=True)


def test_bad_scores_are_refused() -> None:
    x = np.ones((3, 4))
    for bad, error, message in (
        (np.ones((3, 1)), ValueError, "scores has 1 example: at least 2 needed"),
        (np.ones((2, 4)), ValueError, "scores has 2 runs: an interval over runs needs at least 3"),
        (np.ones(4), ValueError, r"scores has shape \(4,\); pass a 2-D array"),
        (np.array([[1, 2], [1, np.nan], [1, 1]]), ValueError, "scores of run 1 holds values that are not finite"),
        (np.full((3, 4), "a"), TypeError, "scores must be numbers; got <U1"),
    ):
        with pytest.raises(error, match=message):
            crossed_mean(bad)
    with pytest.raises(ValueError, match="method has 4 examples and base 3"):
        crossed_difference(x, x[:, :3], paired=True)
    with pytest.raises(ValueError, match="paired arms need one value per pair; got 3 and 4 runs"):
        crossed_difference(x, np.ones((4, 4)), paired=True)
    with pytest.raises(ValueError, match="method and base are about different examples"):
        crossed_difference(x, x, paired=True, method_example_ids=[0, 1, 2, 3], base_example_ids=[3, 2, 1, 0])
    with pytest.raises(ValueError, match="runs 0 and 2 predicted different examples"):
        crossed_mean(x, example_ids=[[0, 1, 2, 3], [0, 1, 2, 3], [1, 0, 2, 3]])
    for level in (0, 95):
        with pytest.raises(ValueError, match="level is"):
            crossed_mean(x, level=level)
        with pytest.raises(ValueError, match="level is"):
            crossed_difference(x, x, paired=True, level=level)
