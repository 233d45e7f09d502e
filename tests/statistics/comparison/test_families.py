import numpy as np
import pytest
from scipy import stats

from seedwise.statistics import EnsembleComparison, compare_study, ensemble_spread
from seedwise.statistics.comparison.families import ensemble_comparisons, failure_comparisons

from .cells import RNG, cell

VALUES = 0.9 + 0.01 * RNG.normal(size=12)


def holm(p: list[float]) -> list[float]:
    """Correct as Holm wrote it down, one after the other."""
    adjusted, largest = [0.0] * len(p), 0.0
    for rank, k in enumerate(np.argsort(p)):
        largest = max(largest, (len(p) - rank) * p[k])
        adjusted[k] = min(1.0, largest)
    return adjusted


def test_failure_rates_are_compared_by_fishers_test_corrected_over_the_methods() -> None:
    failed = {"base": (), "a": (0, 1, 2, 3, 4, 5), "b": (0, 1, 2), "c": ()}
    rows = compare_study([cell(name, VALUES, which) for name, which in failed.items()], base="base")
    base, a, b, c = failure_comparisons(rows)
    assert base is None
    assert c is None  # neither it nor the base has failures
    raw = [stats.fisher_exact([[k, 12 - k], [0, 12]]).pvalue for k in (6, 3)]
    assert a is not None
    assert b is not None
    assert [a.p_adjusted, b.p_adjusted] == pytest.approx(holm(raw))
    assert a.difference.estimate == pytest.approx(0.5)


def test_ensembles_are_corrected_over_all_whose_spread_is_known() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 60)
    pools = [2 * np.eye(3)[labels] + scale * rng.normal(size=(12, 60, 3)) for scale in (1.0, 2.0)]
    found = [ensemble_spread(pool, labels, size=2) for pool in pools]
    first, why, second = ensemble_comparisons([found[0], "some runs kept no logits", found[1]])
    assert why == "some runs kept no logits"
    assert isinstance(first, EnsembleComparison)
    assert isinstance(second, EnsembleComparison)
    assert first.found is found[0]
    expected = holm([float(one.ratio.p_value or 0) for one in found])
    assert [first.p_adjusted, second.p_adjusted] == pytest.approx(expected)


def test_no_comparisons_are_none() -> None:
    assert failure_comparisons([]) == ()
    assert ensemble_comparisons([]) == ()
