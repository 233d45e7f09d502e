import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import spread
from seedwise.statistics.spreads.spread import SpreadProcedure

BONETT_2006 = [15.83, 16.01, 16.24, 16.42, 15.33, 15.44, 16.88, 16.31]


@pytest.mark.parametrize(
    ("level", "low", "high"), [(0.90, 0.3592, 0.9359), (0.95, 0.3263, 1.0841), (0.99, 0.2607, 1.5109)]
)
def test_bonett_gives_the_example_of_his_paper(level: float, low: float, high: float) -> None:
    s = spread(BONETT_2006, level=level, procedure="bonett")
    assert [s.estimate, s.low, s.high] == pytest.approx([0.5168, low, high], abs=5e-5)
    assert (s.n, s.level, s.procedure, s.p_value) == (8, level, "bonett", None)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 9, 21])
def test_bonett_is_the_formula_written_out(n: int) -> None:
    x = np.random.default_rng(n).gamma(2, size=n)
    z = stats.norm.ppf(0.975)
    c = n / (n - z)
    share = 0.5 if n <= 5 else 1 / (2 * np.sqrt(n - 4))
    centre = np.median(x) if share >= 0.5 else stats.trim_mean(x, share)
    kurtosis = n * np.sum((x - centre) ** 4) / np.sum((x - x.mean()) ** 2) ** 2
    se = c * np.sqrt((kurtosis - (n - 3) / n) / (n - 1))
    s = spread(x, procedure="bonett")
    variance = np.var(x, ddof=1)
    assert [s.low**2, s.high**2] == pytest.approx([c * variance * np.exp(-z * se), c * variance * np.exp(z * se)])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_chi_square_limits_are_the_sds_that_the_chi_square_test_just_accepts(level: float) -> None:
    x = np.random.default_rng(3).normal(2.0, 0.4, 11)
    s = spread(x, level=level, procedure="chi-square")
    total = 10 * np.var(x, ddof=1)
    assert s.estimate == pytest.approx(np.std(x, ddof=1))
    assert stats.chi2.sf(total / s.low**2, 10) == pytest.approx((1 - level) / 2)
    assert stats.chi2.cdf(total / s.high**2, 10) == pytest.approx((1 - level) / 2)


@pytest.mark.parametrize("procedure", ["adjusted", "chi-square", "bonett"])
def test_values_that_do_not_vary_give_zero(procedure: SpreadProcedure) -> None:
    for values in ([0.1] * 7, [0.3, 0.1 + 0.2, 0.3]):  # 0.1 + 0.2 differs from 0.3 by rounding
        s = spread(values, procedure=procedure)
        assert (s.estimate, s.low, s.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("procedure", ["adjusted", "chi-square", "bonett"])
@pytest.mark.parametrize("unit", [1e-200, 1e-9, 1e38, 1e200])
def test_the_unit_does_not_matter(procedure: SpreadProcedure, unit: float) -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0, 9.0, 11.0])
    one, other = spread(x, procedure=procedure), spread(unit * x, procedure=procedure)
    assert [other.estimate / unit, other.low / unit, other.high / unit] == pytest.approx(
        [one.estimate, one.low, one.high]
    )


@pytest.mark.parametrize("n", [5, 10, 20])
def test_chi_square_covers_95_percent_of_normal_samples(n: int) -> None:
    studies = 2000
    samples = np.random.default_rng(100 + n).standard_normal((studies, n))
    covered = sum(s.low <= 1 <= s.high for s in (spread(x, procedure="chi-square") for x in samples))
    assert abs(covered / studies - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / studies)  # exact, so only Monte Carlo error


@pytest.mark.parametrize(
    ("name", "n", "lowest"),
    # Approximate: nearly exact for normal values, too wide at n = 5, at least 90 % under moderate skew and tails.
    [("normal", 5, 0.95), ("normal", 10, 0.93), ("normal", 20, 0.93), ("gamma", 10, 0.90), ("t5", 10, 0.90)],
)
def test_bonett_covers_normal_and_moderately_non_normal_samples(name: str, n: int, lowest: float) -> None:
    studies = 2000
    rng = np.random.default_rng(200 + n)
    samples, true = {
        "normal": (rng.standard_normal((studies, n)), 1.0),
        "gamma": (rng.gamma(4, size=(studies, n)), 2.0),
        "t5": (rng.standard_t(5, size=(studies, n)), np.sqrt(5 / 3)),
    }[name]
    covered = sum(s.low <= true <= s.high for s in (spread(x, procedure="bonett") for x in samples))
    assert covered / studies >= lowest - 3 * np.sqrt(lowest * (1 - lowest) / studies)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([1.0, 2.0], ValueError, "values has 2 runs: an SD needs at least 3"),
        ([1.0], ValueError, "values has 1 run: an SD needs at least 3"),
        ([], ValueError, "values has 0 runs"),
        ([1.0, float("nan"), 2.0], ValueError, r"values\[1\] is nan; pass the values of finished runs"),
        ([1.0, 2.0, float("inf")], ValueError, r"values\[2\] is inf"),
        (np.ones((5, 2)), ValueError, r"values has shape \(5, 2\); pass a 1-D array with one value per run"),
        (3.0, ValueError, r"values has shape \(\)"),
        (["0.1", "0.2", "0.3"], TypeError, "values must be numbers"),
        (np.array(["0.1", 0.2, 0.3], dtype=object), TypeError, "values must be numbers"),
        ([1.0, {}, 2.0], TypeError, "values must be numbers"),
        ([1.0, None, 2.0], ValueError, r"values\[1\] is nan"),
        ([[1.0], [1.0, 2.0]], TypeError, "values must be numbers"),
        ([1j, 2j, 3j], TypeError, "values must be numbers"),
    ],
)
def test_bad_values_are_refused_in_one_line(values: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        spread(values)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_bad_options_are_refused() -> None:
    x = [1.0, 2.0, 4.0]
    with pytest.raises(ValueError, match="pass 'adjusted', 'bonett' or 'chi-square'"):
        spread(x, procedure="bootstrap")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="procedure is"):
        spread([1.0] * 3, procedure="bootstrap")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="level is 95; pass a number above 0 and below 1"):
        spread(x, level=95)
    with pytest.raises(TypeError, match="level must be a number"):
        spread(x, level="95 %")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="too high for 3 runs"):
        spread(x, level=0.999, procedure="bonett")
    assert spread(x, level=0.999).high > spread(x).high


def test_objects_that_hold_numbers_are_accepted() -> None:
    assert spread(np.array([1, 2, 4], dtype=object)) == spread([1.0, 2.0, 4.0])


@pytest.mark.parametrize("n", [10, 13, 30])
def test_adjusted_is_bonett_with_another_centre(n: int) -> None:
    x = np.random.default_rng(n).gamma(2, size=n)
    adjusted, bonett = spread(x), spread(x, procedure="bonett")
    assert [adjusted.low, adjusted.high] == pytest.approx([bonett.low, bonett.high], rel=0.02)
    assert (adjusted.procedure, adjusted.low == bonett.low) == ("adjusted", False)


@pytest.mark.parametrize("n", [3, 5, 7])
def test_adjusted_is_the_formula_written_out(n: int) -> None:
    x = np.random.default_rng(n).gamma(2, size=n)
    z = stats.norm.ppf(0.975)
    c = 10 / (10 - z)
    fine, cut = np.repeat(np.sort(x), 10_000), round(0.55 * np.sqrt(n) * 10_000)
    centre = np.mean(fine[cut : fine.size - cut])
    kurtosis = n * np.sum((x - centre) ** 4) / np.sum((x - x.mean()) ** 2) ** 2
    se = c * np.sqrt((kurtosis - (n - 3) / n) / (n - 1))
    s, variance = spread(x), np.var(x, ddof=1)
    assert [s.low**2, s.high**2] == pytest.approx(
        [c * variance * np.exp(-z * se), c * variance * np.exp(z * se)], rel=1e-3
    )
