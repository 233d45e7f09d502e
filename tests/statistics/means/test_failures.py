import math

import pytest
from scipy import stats

from seedwise.statistics import failure_difference


@pytest.mark.parametrize("counts", [(6, 0, 20, 20), (1, 5, 7, 30), (0, 0, 5, 5), (3, 3, 3, 3), (40, 11, 200, 150)])
def test_the_test_is_fishers(counts: tuple[int, int, int, int]) -> None:
    a, b, n, m = counts
    d = failure_difference(a, b, n_method=n, n_base=m)
    assert d.p_value == pytest.approx(stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue)
    assert d.estimate == pytest.approx(a / n - b / m)
    assert d.n == [n, m]
    assert -1 <= d.low <= d.estimate <= d.high <= 1


def test_newcombe_gives_the_example_of_his_paper() -> None:
    # Table II of Newcombe (1998), contrasts (a) and (c), method 10: 56/70 against 48/80, and 6/7 against 2/7.
    for (a, b, n, m), limits in (((56, 48, 70, 80), (0.0524, 0.3339)), ((6, 2, 7, 7), (0.0582, 0.8062))):
        d = failure_difference(a, b, n_method=n, n_base=m)
        assert [d.low, d.high] == pytest.approx(limits, abs=5e-5)


def test_swapping_the_arms_turns_the_sign() -> None:
    d, e = failure_difference(4, 1, n_method=9, n_base=12), failure_difference(1, 4, n_method=12, n_base=9)
    assert [e.low, e.estimate, e.high] == pytest.approx([-d.high, -d.estimate, -d.low])
    assert e.p_value == pytest.approx(d.p_value)


def test_many_runs_stay_finite() -> None:
    d = failure_difference(4000, 100, n_method=10**6, n_base=10**6)
    assert d.p_value is not None
    assert 0 <= d.p_value < 1e-200
    assert math.isfinite(d.low)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"failed_method": 6}, ValueError, "6 of 5 runs of method failed; pass counts with 0 <= failed <= n"),
        ({"failed_base": -1}, ValueError, "-1 of 5 runs of base failed"),
        ({"n_base": 0}, ValueError, "0 of 0 runs of base failed"),
        ({"n_method": 5.0}, TypeError, "n_method must be a whole number of runs; got float"),
        ({"failed_method": True}, TypeError, "failed_method must be a whole number of runs; got bool"),
        ({"level": 0}, ValueError, "level is 0"),
    ],
)
def test_wrong_counts_are_refused(arguments: dict[str, int], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        failure_difference(**{"failed_method": 0, "failed_base": 0, "n_method": 5, "n_base": 5, **arguments})
