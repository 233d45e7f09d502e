import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from seedwise.statistics import (
    churn,
    churn_power,
    churn_ratio_power,
    churn_ratio_seeds_needed,
    churn_sd,
    churn_seeds_needed,
    expected_interval,
    mean_difference,
    mean_power,
    mean_seeds_needed,
    power,
    seeds_needed,
    spread,
    spread_ratio,
)
from seedwise.statistics.planning.planning import Tests
from seedwise.statistics.ratios._ratio_tests import two_sided
from seedwise.statistics.ratios.ratios import ratio_arms, ratio_test

RATIO_7 = {5: 0.09, 10: 0.17, 20: 0.32, 40: 0.59, 80: 0.88}
RATIO_5 = {5: 0.21, 10: 0.50, 20: 0.84}


@pytest.mark.parametrize(
    ("q", "n", "expected"), [(0.7, n, p) for n, p in RATIO_7.items()] + [(0.5, n, p) for n, p in RATIO_5.items()]
)
def test_power_of_the_f_test(q: float, n: int, expected: float) -> None:
    assert power(sd_ratio=q, n=n, tests="normal") == pytest.approx(expected, abs=0.005)
    low, high = stats.f.ppf([0.025, 0.975], n - 1, n - 1)
    exact = stats.f.cdf(low / q**2, n - 1, n - 1) + stats.f.sf(high / q**2, n - 1, n - 1)
    assert power(sd_ratio=q, n=n, tests="normal") == pytest.approx(exact, rel=1e-9)


def by_density_of_r(q: float, n: int, rho: float, alpha: float) -> float:
    """Integrate Fisher's density of the sample correlation of sum and difference over the rejection region."""
    true = (q * q - 1) / np.sqrt((q * q + 1) ** 2 - 4 * rho**2 * q * q)
    t = stats.t.ppf(1 - alpha / 2, n - 2)
    critical = t / np.sqrt(n - 2 + t * t)
    log_constant = np.log(n - 2) + special.gammaln(n - 1) - 0.5 * np.log(2 * np.pi) - special.gammaln(n - 0.5)

    def density(phi: float) -> float:  # r = sin(phi)
        r = np.sin(phi)
        logs = log_constant + (n - 1) / 2 * np.log(1 - true**2) - (n - 1.5) * np.log(1 - true * r)
        series = special.hyp2f1(0.5, 0.5, n - 0.5, (1 + true * r) / 2)
        return float(np.exp(logs) * np.cos(phi) ** (n - 3) * series)

    edge = np.arcsin(critical)
    return float(integrate.quad(density, edge, np.pi / 2)[0] + integrate.quad(density, -np.pi / 2, -edge)[0])


@pytest.mark.parametrize("rho", [0.1, 0.5, -0.9, 0.99])
@pytest.mark.parametrize("n", [3, 5, 20, 60])
@pytest.mark.parametrize(("q", "alpha"), [(0.7, 0.05), (2.0, 0.01), (1.0, 0.05)])
def test_power_of_pitman_morgan_is_exact(q: float, alpha: float, n: int, rho: float) -> None:
    found = power(sd_ratio=q, n=n, paired=True, correlation=rho, alpha=alpha, tests="normal")
    assert found == pytest.approx(by_density_of_r(q, n, rho, alpha), abs=2e-4)


@pytest.mark.parametrize(("q", "n", "rho"), [(0.5, 5, 0.5), (0.7, 20, 0.7), (1.4, 10, -0.8)])
def test_power_of_pitman_morgan_by_simulation(q: float, n: int, rho: float) -> None:
    studies = 40_000
    z = np.random.default_rng(n).standard_normal((2, studies, n))
    x, y = q * (rho * z[0] + np.sqrt(1 - rho**2) * z[1]), z[0]
    s, d = x + y, x - y
    s, d = s - s.mean(axis=1, keepdims=True), d - d.mean(axis=1, keepdims=True)
    r = (s * d).sum(axis=1) / np.sqrt((s**2).sum(axis=1) * (d**2).sum(axis=1))
    rejected = np.mean(np.abs(r) * np.sqrt((n - 2) / (1 - r**2)) > stats.t.ppf(0.975, n - 2))
    exact = power(sd_ratio=q, n=n, paired=True, correlation=rho, tests="normal")
    assert exact == pytest.approx(rejected, abs=3 * np.sqrt(0.25 / studies))


def test_power_is_alpha_without_an_effect_and_symmetric_in_the_arms() -> None:
    for paired, rho in ((False, 0.0), (True, 0.0), (True, 0.5)):
        at = partial(power, n=7, paired=paired, tests="normal")
        assert at(sd_ratio=1.0, correlation=rho, alpha=0.1) == pytest.approx(0.1, abs=2e-4)
        assert at(sd_ratio=1.0, correlation=rho, alpha=0.1, comparisons=5) == pytest.approx(0.02, abs=2e-4)
        assert at(sd_ratio=0.6, correlation=rho) == pytest.approx(at(sd_ratio=1 / 0.6, correlation=rho))
    assert at(sd_ratio=0.6, correlation=0.5) == pytest.approx(at(sd_ratio=0.6, correlation=-0.5))
    assert power(sd_ratio=0.6, n=20) == power(sd_ratio=1 / 0.6, n=20)


def test_large_n_and_strong_correlation_stay_finite() -> None:
    for tests in ("default", "normal"):
        assert power(sd_ratio=0.99, n=100_000, paired=True, correlation=0.3, tests=tests) == pytest.approx(0.9, abs=0.1)
        assert power(sd_ratio=0.5, n=50, paired=True, correlation=0.999999, tests=tests) == pytest.approx(1)
    assert 1 <= seeds_needed(sd_ratio=0.99) / seeds_needed(sd_ratio=0.99, tests="normal") < 1.03


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 64),
        ({"sd_ratio": 0.5}, 19),
        ({"sd_ratio": 1 / 0.7}, 64),
        ({"sd_ratio": 0.01}, 3),
        ({"comparisons": 29}, 128),
        ({"alpha": 0.05 / 29}, 128),
    ],
)
def test_seeds_needed(options: dict[str, Any], expected: int) -> None:
    assert seeds_needed(**options, tests="normal") == expected


@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.parametrize(("sd_ratio", "target"), [(0.7, 0.8), (0.7, 0.5), (1.3, 0.9), (0.2, 0.3), (0.95, 0.8)])
def test_seeds_needed_is_the_smallest_n_that_reaches_the_power(sd_ratio: float, target: float, rho: float) -> None:
    at = partial(power, sd_ratio=sd_ratio, paired=rho > 0, correlation=rho, tests="normal")
    n = seeds_needed(sd_ratio=sd_ratio, power=target, paired=rho > 0, correlation=rho, tests="normal")
    assert at(n=n) >= target
    assert n == 3 or at(n=n - 1) < target


def found_by_the_default_test(n: int, studies: int, *, paired: bool, rho: float, alpha: float) -> int:
    """Count the simulated studies in which the test that compare uses finds a ratio of .7."""
    rng = np.random.default_rng([n, studies, paired])
    count = 0
    for _ in range(studies):
        y, z = rng.standard_normal((2, n))
        x = 0.7 * (rho * y + np.sqrt(1 - rho**2) * z)
        arms = ratio_arms(x, y, paired)
        count += two_sided(ratio_test(arms, "adjusted", 0.95)[1], 1 / arms.ratio) < alpha
    return count


@pytest.mark.parametrize(("paired", "rho"), [(False, 0.0), (True, 0.0), (True, 0.5)])
@pytest.mark.parametrize("comparisons", [1, 2, 29])
def test_the_default_test_has_the_power_at_the_number_of_runs_that_is_named(
    comparisons: int, paired: bool, rho: float
) -> None:
    studies, alpha = 2000, 0.05 / comparisons
    options: dict[str, Any] = {"paired": paired, "correlation": rho, "comparisons": comparisons}
    n = seeds_needed(**options)
    exact = seeds_needed(**options, tests="normal")
    share = found_by_the_default_test(n, studies, paired=paired, rho=rho, alpha=alpha) / studies
    assert share >= 0.8 - 3 * np.sqrt(0.16 / studies)
    assert power(sd_ratio=0.7, n=n, **options) == pytest.approx(share, abs=3.5 * np.sqrt(0.16 / studies))
    # No more than it takes: the default tests cost 5 to 20 % here (benchmarks/extra_runs.py).
    assert 1.04 < n / exact < 1.2


def test_correlation_saves_runs() -> None:
    for tests in ("default", "normal"):
        found = [seeds_needed(paired=True, correlation=rho, tests=tests) for rho in (0.9, 0.5, 0.0)]
        assert found == sorted(found)
        assert len(set(found)) == 3
        assert seeds_needed(sd_ratio=0.99, power=0.01, tests=tests) == 3  # alpha alone reaches it


def test_the_mean_pays_for_other_comparisons_too() -> None:
    """A t test at alpha / m, by the noncentral t of scipy."""
    n = mean_seeds_needed(difference=0.5, comparisons=29)
    reached = [
        stats.nct.sf(stats.t.ppf(1 - 0.025 / 29, 2 * k - 2), 2 * k - 2, 0.5 * np.sqrt(k / 2)) for k in (n - 1, n)
    ]
    assert reached[0] < 0.8 <= reached[1]
    assert mean_power(difference=0.5, n=n, comparisons=29) == pytest.approx(reached[1], rel=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sd_ratio": 0.0}, "sd_ratio is 0.0; pass a number above 0"),
        ({"sd_ratio": float("nan")}, "sd_ratio is nan"),
        ({"power": 1.0}, "power is 1.0; pass a number above 0 and below 1"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"correlation": 1.0}, "correlation is 1.0; pass a number above -1 and below 1"),
        (
            {"correlation": 0.5},
            "correlation is 0.5, but unpaired arms are not correlated; pass paired=True or correlation=0",
        ),
        ({"comparisons": 0}, "comparisons is 0; pass a whole number of at least 1"),
        ({"tests": "exact"}, "tests is 'exact'; pass 'default' or 'normal'"),
        ({"sd_ratio": 1.0}, "takes more than 10000000 runs; pass an sd_ratio further from 1"),
    ],
)
def test_impossible_questions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        seeds_needed(**options)


def test_impossible_numbers_of_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="n is 2: an SD needs at least 3 runs"):
        power(sd_ratio=0.7, n=2)
    with pytest.raises(TypeError, match="n must be a whole number"):
        power(sd_ratio=0.7, n=5.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="sd_ratio must be a number"):
        power(sd_ratio="0.7", n=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(("d", "n"), [(0.5, 64), (0.8, 26), (0.2, 394), (-1.2, 12)])
def test_cohens_table_of_runs_per_arm(d: float, n: int) -> None:
    # Cohen (1988), table 2.4.1: power .80, two-sided .05.
    assert abs(mean_seeds_needed(difference=d) - n) <= 1
    assert mean_seeds_needed(difference=3 * d, sd=3) == mean_seeds_needed(difference=d)


@pytest.mark.parametrize(("d", "n", "alpha"), [(0.5, 20, 0.05), (1.3, 5, 0.01), (0.0, 7, 0.1), (8.0, 10, 0.05)])
@pytest.mark.parametrize(("paired", "rho"), [(False, 0.0), (True, 0.0), (True, 0.8), (True, -0.5)])
def test_power_of_the_t_tests(d: float, n: int, alpha: float, paired: bool, rho: float) -> None:
    df = n - 1 if paired else 2 * n - 2
    nc = d / np.sqrt(2 * (1 - rho) / n)
    t = stats.t.ppf(1 - alpha / 2, df)
    expected = stats.nct.sf(t, df, nc) + stats.nct.cdf(-t, df, nc) if nc < 15 else 1.0
    assert mean_power(difference=d, n=n, paired=paired, correlation=rho, alpha=alpha) == pytest.approx(
        expected, abs=1e-8
    )


def test_power_for_means_by_simulation() -> None:
    studies, n, rho = 2000, 8, 0.6
    z = np.random.default_rng(1).standard_normal((studies, 2, n))
    found = sum(
        (mean_difference(2 * (rho * a + np.sqrt(1 - rho**2) * b) + 1.5, 2 * a, paired=True).p_value or 0) < 0.05
        for a, b in z
    )
    expected = mean_power(difference=1.5, sd=2, n=n, paired=True, correlation=rho)
    assert found / studies == pytest.approx(expected, abs=3 * np.sqrt(0.25 / studies))


@pytest.mark.parametrize(("paired", "rho"), [(False, 0.0), (True, 0.7)])
def test_mean_seeds_needed_is_the_smallest_n_that_reaches_the_power(paired: bool, rho: float) -> None:
    n = mean_seeds_needed(difference=0.4, power=0.9, paired=paired, correlation=rho)
    assert mean_power(difference=0.4, n=n, paired=paired, correlation=rho) >= 0.9
    assert mean_power(difference=0.4, n=n - 1, paired=paired, correlation=rho) < 0.9


def test_churn_is_planned_like_a_mean_of_pseudo_values() -> None:
    assert churn_power(difference=0.01, n=20, sd=0.02) == mean_power(difference=0.5, n=20)
    assert churn_seeds_needed(difference=-0.01, sd=0.02) == 64
    labels = np.random.default_rng(0).integers(0, 2, (10, 200))
    c = churn(labels)
    sd = (c.high - c.estimate) * np.sqrt(10) / stats.t.ppf(0.975, 9)  # the docstring's way to an SD
    pseudo = [10 * c.estimate - 9 * churn(np.delete(labels, i, axis=0)).estimate for i in range(10)]
    assert sd == pytest.approx(np.std(pseudo, ddof=1))


def test_a_ratio_of_churn_is_a_difference_of_logarithms_and_a_pilot_says_their_sd() -> None:
    assert churn_ratio_power(ratio=0.8, n=12, sd=0.2) == mean_power(difference=np.log(0.8), sd=0.2, n=12)
    assert churn_ratio_power(ratio=0.8, n=12, sd=0.2) == pytest.approx(churn_ratio_power(ratio=1.25, n=12, sd=0.2))
    assert churn_ratio_seeds_needed(ratio=np.exp(0.1), sd=0.2) == 64
    paired = {"ratio": 0.8, "sd": 0.3, "paired": True, "correlation": 0.5}
    assert churn_ratio_seeds_needed(**paired) == mean_seeds_needed(
        difference=np.log(0.8), sd=0.3, paired=True, correlation=0.5
    )
    labels = np.random.default_rng(0).integers(0, 2, (10, 200))
    c = churn(labels)
    pseudo = [10 * c.estimate - 9 * churn(np.delete(labels, i, axis=0)).estimate for i in range(10)]
    assert churn_sd(c) == pytest.approx(np.std(pseudo, ddof=1))
    assert churn_sd(c, relative=True) == pytest.approx(np.std(pseudo, ddof=1) / c.estimate)
    with pytest.raises(TypeError, match="pilot must be the Interval"):
        churn_sd(0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the pilot's interval has no width"):
        churn_sd(churn(np.zeros((3, 5), dtype=int)))
    with pytest.raises(ValueError, match="ratio is 0"):
        churn_ratio_power(ratio=0.0, n=5, sd=0.1)


def test_the_width_to_expect() -> None:
    x = stats.zscore(np.arange(9.0), ddof=1)
    s = spread(2 * x, level=0.9, procedure="chi-square")
    e = expected_interval("spread", n=9, sd=2, level=0.9)
    assert [e.low, e.estimate, e.high] == pytest.approx([s.low, 2, s.high])
    q = spread_ratio(x, np.random.default_rng(0).permutation(x), paired=False, procedure="normal")
    e = expected_interval("ratio", n=9)
    assert [e.low, e.estimate, e.high] == pytest.approx([q.low, 1, q.high])
    d = mean_difference(2 * x, 2 * x[::-1], paired=False)
    e = expected_interval("mean", n=9, sd=2)
    assert [e.low, e.estimate, e.high] == pytest.approx([d.low, 0, d.high])
    e = expected_interval("churn", n=9, sd=0.01, level=0.9)
    assert [e.low, e.estimate, e.high] == pytest.approx([-stats.t.ppf(0.95, 16) * 0.01 * (2 / 9) ** 0.5, 0, -e.low])
    z = np.random.default_rng(1).standard_normal((2, 9))
    y = (z[1] - z[1].mean()) - np.dot(z[1] - z[1].mean(), x) / 8 * x
    y = 0.6 * x + 0.8 * y / np.std(y, ddof=1)  # SD 1 and a sample correlation of exactly .6
    for quantity, result in (
        ("ratio", spread_ratio(x, y, paired=True, procedure="normal")),
        ("mean", mean_difference(x, y, paired=True)),
    ):
        e = expected_interval(quantity, n=9, paired=True, correlation=0.6)  # type: ignore[arg-type]
        assert [e.low, e.high, e.procedure] == [pytest.approx(result.low), pytest.approx(result.high), result.procedure]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_power(difference=1, n=2), "n is 2: an SD needs at least 3 runs"),
        (
            lambda: mean_power(difference=1, n=5, correlation=0.5),
            "unpaired arms are not correlated; pass paired=True or correlation=0",
        ),
        (lambda: mean_power(difference=1, n=5, sd=0), "sd is 0; pass a number above 0"),
        (
            lambda: mean_seeds_needed(difference=0),
            "finding a difference of 0 takes more than 10000000 runs; pass a large",
        ),
        (lambda: churn_power(difference=1.2, n=5, sd=0.1), "difference is 1.2; pass a number above -1 and below 1"),
        (lambda: expected_interval("sd", n=5), "quantity is 'sd'; pass 'spread', 'ratio', 'mean' or 'churn'"),  # type: ignore[arg-type]
        (lambda: expected_interval("churn", n=5, paired=True), "churns of paired arms have no planned interval"),
        (lambda: expected_interval("ratio", n=5, correlation=0.5), "unpaired arms are not correlated"),
    ],
)
def test_impossible_questions_about_means_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "planner",
    [
        power,
        seeds_needed,
        mean_power,
        mean_seeds_needed,
        churn_power,
        churn_seeds_needed,
        churn_ratio_power,
        churn_ratio_seeds_needed,
    ],
)
def test_no_planner_accepts_results(planner: Callable[..., object]) -> None:
    parameters = inspect.signature(planner).parameters.values()
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    assert {parameter.annotation for parameter in parameters} <= {float, int, bool, Tests}
