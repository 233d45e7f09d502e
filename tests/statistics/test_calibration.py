"""A small version of benchmarks/calibration.py: what the default intervals promise, with room for Monte Carlo error.

Asked: 93 to 97 % for normal and binomial values, at least 90 % for gamma(4) and t5 from n = 10. The slack is three
standard errors; the seed is fixed.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from seedwise.statistics import spread, spread_ratio
from seedwise.statistics.ratios._ratio_tests import default_p_values

SEED = 20240607
Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
GATES: dict[str, tuple[Draw, float, float, float]] = {  # values, SD, lowest and highest coverage
    "normal": (lambda rng, shape: rng.standard_normal(shape), 1.0, 0.93, 0.97),
    "binomial(360, .98)": (lambda rng, shape: rng.binomial(360, 0.98, shape) * 1.0, np.sqrt(7.056), 0.93, 0.97),
    "binomial(10 000, .95)": (lambda rng, shape: rng.binomial(10_000, 0.95, shape) * 1.0, np.sqrt(475), 0.93, 0.97),
    "gamma(4)": (lambda rng, shape: rng.gamma(4, size=shape), 2.0, 0.90, 1.0),
    "t5": (lambda rng, shape: rng.standard_t(5, shape), np.sqrt(5 / 3), 0.90, 1.0),
}
CASES = [(name, n) for name in GATES for n in (5, 10, 20) if n >= 10 or GATES[name][2] > 0.9]


def check(covered: float, studies: int, low: float, high: float) -> None:
    slack = [3 * np.sqrt(p * (1 - p) / studies) for p in (low, high)]
    assert low - slack[0] <= covered <= high + slack[1]


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("n", [5, 20, 50])
def test_unequal_tails_are_not_taken_for_unequal_spreads(n: int, paired: bool) -> None:
    """Equal SDs, one arm normal, the other with heavier tails: at most 5 % plus three standard errors are resolved."""
    studies, rng = 2000, np.random.default_rng(SEED)
    x, y = rng.standard_normal((studies, n)), rng.standard_t(5, (studies, n)) / np.sqrt(5 / 3)
    found = np.count_nonzero(default_p_values(x, y, paired=paired) < 0.05)
    assert found / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize(("name", "n"), CASES)
def test_the_interval_of_an_sd(name: str, n: int) -> None:
    draw, sd, low, high = GATES[name]
    studies = 2000
    intervals = [spread(x) for x in draw(np.random.default_rng(SEED), (studies, n))]
    check(float(np.mean([s.low <= sd <= s.high for s in intervals])), studies, low, high)


@pytest.mark.parametrize("rho", [None, 0.6])
@pytest.mark.parametrize(("name", "n"), CASES)
def test_the_interval_of_a_ratio(name: str, n: int, rho: float | None) -> None:
    draw, _, low, high = GATES[name]
    studies = 400
    common, x, y = draw(np.random.default_rng(SEED), (3, studies, n))
    x, y = (np.sqrt(rho or 0) * common + np.sqrt(1 - (rho or 0)) * own for own in (x, y))
    intervals = [spread_ratio(0.6 * a, b, paired=rho is not None) for a, b in zip(x, y, strict=True)]
    check(float(np.mean([q.low <= 0.6 <= q.high for q in intervals])), studies, low, high)
