"""Studies in which nothing differs: how often one claims a change.

A whole comparison takes a hundred times as long as the test that it rests on. So the test is made of every study; the
comparison of a hundred studies, whatever their test says, and of all others whose test is significant. That verdict and
test agree is asserted of each of these; the share of claims among all studies follows.
"""

import numpy as np
import pytest

from seedwise.statistics import compare_cells, holm
from seedwise.statistics.ratios._ratio_tests import default_p_values

from .arms import cell, compare

NULL_ARMS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "accuracy on 360 examples": lambda rng, shape: rng.binomial(360, 0.98, shape) / np.sqrt(360 * 0.98 * 0.02),
    "t5": lambda rng, shape: rng.standard_t(5, shape) / np.sqrt(5 / 3),
    "gamma": lambda rng, shape: rng.gamma(4, size=shape) / 2,
    "exponential": lambda rng, shape: rng.exponential(size=shape),
    "contaminated": lambda rng, shape: (
        rng.standard_normal(shape) * np.where(rng.random(shape) < 0.1, 5, 1) / np.sqrt(3.4)
    ),
}


@pytest.mark.parametrize(
    ("base", "method", "paired", "rho", "n"),
    [
        ("normal", "normal", True, 0.8, 10),
        ("accuracy on 360 examples", "accuracy on 360 examples", False, 0.0, 5),
        ("t5", "t5", True, 0.0, 10),
        ("exponential", "exponential", True, 0.0, 6),
        ("exponential", "exponential", False, 0.0, 10),
        ("contaminated", "contaminated", True, 0.0, 20),
        ("normal", "t5", False, 0.0, 10),
        ("gamma", "normal", True, 0.5, 10),
    ],
)
def test_equal_spreads_are_called_changed_in_at_most_5_percent_of_studies(
    base: str, method: str, paired: bool, rho: float, n: int
) -> None:
    studies, rng = 2000, np.random.default_rng(31)
    common, x, y = (NULL_ARMS[kind](rng, (studies, n)) for kind in (base, method, base))
    x, y = (np.sqrt(rho) * common + np.sqrt(1 - rho) * own for own in (x, y))
    varies = (np.ptp(x, axis=1) > 0) & (np.ptp(y, axis=1) > 0)
    significant = np.zeros(studies, dtype=bool)
    significant[varies] = default_p_values(x[varies], y[varies], paired=paired) < 0.05
    seeds = range(0 if paired else n, n if paired else 2 * n)
    claims = 0
    for k in {*range(100), *np.flatnonzero(significant)}:
        row = compare(cell("base", y[k]), cell("a", x[k] + 3, replicate=seeds))  # the means differ
        claimed = row.verdict is not None and row.verdict.word != "not resolved"
        assert claimed == significant[k]
        claims += claimed
    assert claims / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize(("n", "rho", "studies"), [(5, 0.6, 800), (20, 0.0, 400)])
def test_a_study_without_effects_rarely_claims_one(n: int, rho: float, studies: int) -> None:
    rng = np.random.default_rng(2024 + n)
    shared = rng.standard_normal((studies, n))  # what the seeds have in common; means differ, spreads do not
    arms = [i + np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal((studies, n)) for i in range(4)]
    p_values = np.transpose([default_p_values(x, arms[0], paired=True) for x in arms[1:]])
    significant = np.array([holm(p).min() < 0.05 for p in p_values])
    claims = 0
    for k in {*range(100), *np.flatnonzero(significant)}:
        rows = compare_cells(cell("base", arms[0][k]), [cell(f"m{i}", arms[i][k]) for i in (1, 2, 3)])
        claimed = any(row.verdict is not None and row.verdict.word != "not resolved" for row in rows)
        assert claimed == significant[k]
        claims += claimed
    assert claims / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
    assert claims / studies >= 0.01  # Holm over three dependent comparisons is conservative, but not asleep


def test_a_study_with_failures_and_without_effects_rarely_claims_one() -> None:
    studies, n, rng = 500, 10, np.random.default_rng(11)
    claims = 0
    for _ in range(studies):
        cells = []
        for name in ("base", "a", "b"):
            status = {i: "diverged" for i in range(n) if rng.random() < 0.1}
            cells.append(cell(name, rng.standard_normal(n), status, chance=-5.0))
        rows = compare_cells(cells[0], cells[1:])
        claims += any(row.verdict is not None and row.verdict.word != "not resolved" for row in rows)
    assert claims / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)
