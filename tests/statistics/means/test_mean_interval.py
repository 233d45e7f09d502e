import numpy as np
import pytest
from scipy import stats

from seedwise.statistics.means.mean_interval import mean_interval


@pytest.mark.parametrize(("n", "level"), [(2, 0.95), (5, 0.9), (20, 0.99)])
def test_it_is_the_t_interval_of_scipy(n: int, level: float) -> None:
    values = np.random.default_rng(n).normal(98, 0.4, n)
    found = mean_interval(float(values.mean()), float(values.std(ddof=1)), n=n, level=level)
    assert (found.low, found.high) == pytest.approx(
        stats.t.interval(level, n - 1, values.mean(), stats.sem(values)), rel=1e-12
    )
    assert (found.n, found.level) == (n, level)


def test_refuses_what_has_no_interval() -> None:
    with pytest.raises(ValueError, match="sd is -1"):
        mean_interval(0.0, -1.0, n=5)
    with pytest.raises(ValueError, match="n is 1"):
        mean_interval(0.0, 1.0, n=1)
